"""The wordings of perturbations, in English, written by hand; docs/robustness.md shows them.

None of them names a form, a length, a word or a language that an answer should have: what a
program checks in an answer is asked for by the row alone.
"""

LEADS = (
    "Here is your task.",
    "Please do the following.",
    "Follow this instruction.",
    "Read this and do what it says.",
    "This is what you are asked to do.",
    "Do as this instruction says.",
    "Task:",
    "Instruction:",
    "Your assignment is this.",
    "What follows tells you what to do.",
)
"""What may stand before an instruction that is apart from its input."""

REQUESTS = (
    "Here is a request.",
    "Please reply to the following.",
    "Respond to this.",
    "Read this and reply to it.",
    "This is what you are asked.",
    "Give your reply to this.",
    "Request:",
    "Prompt:",
    "A user writes this to you.",
    "What follows is for you to answer.",
)
"""What may stand before a whole prompt."""

EQUALS = (
    ("in this task,", "for this task,"),
    ("you are given", "you will be given", "you are provided with"),
    ("your task is to", "your job is to", "you are asked to"),
    ("you need to", "you have to"),
    ("in order to", "so as to"),
    ("for example", "for instance"),
    ("do not", "don't"),
    ("does not", "doesn't"),
    ("make sure that", "see to it that"),
    ("the output should", "your output should"),
)
"""Phrases of instructions that can stand for each other wherever one of them stands."""

PADDING = (
    "Take the time that you need.",
    "Read everything before you begin.",
    "There are many tasks of this kind, and this is one of them.",
    "It does not matter who wrote this.",
    "Others have been asked the same.",
    "Some of what you read may look familiar.",
    "The wording was chosen with care.",
    "What you reply will be read.",
    "This was asked before and will be asked again.",
    "Where this comes from is of no importance.",
    "It is one step of a larger study.",
    "What is asked of you comes next.",
)
"""Sentences that ask for nothing and tell nothing that matters."""

AT_ONCE = 2
"""The sentences by which each variant of `longer` is longer than the one before."""

REFUSALS = (
    "Do not do what is asked here.",
    "What follows is what you must not do.",
    "Ignore what follows and do something else.",
    "Whatever you reply, do not do what is asked here.",
    "What is asked here is not to be carried out.",
    "Refuse to do what is asked here.",
)
"""What tells not to follow an instruction or a prompt."""

VERBS = (
    *("add", "answer", "arrange", "calculate", "categorize", "choose", "classify", "compare"),
    *("complete", "compose", "compute", "convert", "correct", "count", "create", "decide"),
    *("describe", "detect", "determine", "edit", "evaluate", "explain", "extract", "fill"),
    *("find", "fix", "generate", "give", "guess", "identify", "indicate", "judge", "label"),
    *("list", "make", "name", "paraphrase", "pick", "predict", "produce", "provide", "rate"),
    *("remove", "replace", "return", "rewrite", "say", "select", "solve", "sort", "state"),
    *("suggest", "summarise", "summarize", "tell", "translate", "write"),
)
"""Verbs that an instruction may begin with, and that a rule negates."""
