"""Who judges answers where no metric can: a model or people; and what their verdicts come to.

Statistics are computed from verdicts in files, without a model: `alpaca`, `vicuna`, `llmbar`,
`pairwise` and `checklist` read the shapes that the owners publish. `protocols` asks a judge, and
`sheets` and `returned` ask people.
"""
