"""Front matter in the many ways that people write it; every sample is written for these tests."""

_STEM = "# Birds of the world\n\nChats about birds. They are long.\n"

GOOD: dict[str, bytes] = {
    "plain": b"---\nlicense: mit\nlanguage:\n- en\n- de\ntags:\n- birds\n---\n" + _STEM.encode(),
    "no front matter": _STEM.encode(),
    "no text at all": b"",
    "empty front matter": b"---\n---\n# Birds\n\nChats.\n",
    "blank front matter": b"---\n\n---\n# Birds\n\nChats.\n",
    "only a comment": b"---\n# nothing yet\n---\n# Birds\n\nChats.\n",
    "the client's empty braces": b"---\n{}\n---\n# Birds\n\nChats.\n",
    "CRLF": b"---\r\nlicense: mit\r\nlanguage: en\r\n---\r\n# Birds\r\n\r\nChats.\r\n",
    "a mix of line ends": b"---\nlicense: mit\r\nlanguage: en\n---\r\n# Birds\n\r\nChats.\r\n",
    "old Mac line ends": b"---\rlicense: mit\rlanguage: en\r---\r# Birds\r",
    "BOM": b"\xef\xbb\xbf---\nlicense: mit\n---\n# Birds\n\nChats.\n",
    "a blank line above": b"\n\n---\nlicense: mit\n---\n# Birds\n",
    "spaces behind the dashes": b"---  \nlicense: mit\n--- \n# Birds\n",
    "no line end at the end": b"---\nlicense: mit\n---",
    "no blank line below": b"---\nlicense: mit\n---\nChats about birds.\n# Birds",
    "comments everywhere": (
        b"---\n# top\nlicense: mit  # which one\n# between\nlanguage:  # codes\n  # inside\n"
        b"  - en\n"
        b"# end\n---\n# Birds\n"
    ),
    "Norwegian": b"---\nlanguage: no\nlicense: mit\n---\n# Fugler\n",
    "Norwegian in a list": b"---\nlanguage:\n  - no\n  - nb\n  - nn\n  - sv\nlicense: mit\n---\n",
    "odd scalars": (
        b"---\nversion: 1.10\nrevision: 010\nserial: 0123456\nrows: 52_002\nwhen: 2023-04-12\n"
        b"at: 12:30:45\nyes: on\noff: ~\nhex: 0x1F\nempty:\nlicense: mit\n---\n# Birds\n"
    ),
    "quotes of both kinds": (
        b"---\npretty_name: 'It''s birds'\nlicense: \"mit\"\ntitle: \"a\\tb \\u00e9\"\n---\n"
        b"# Birds\n"
    ),
    "flow lists": (
        b"---\nlanguage: [en, 'no', \"de\"]\ntags: [ a,b ,\n  c ]\nlicense: mit\n---\n# B\n"
    ),
    "flow mappings": (
        b"---\nco2_eq_emissions: {emissions: 12.5, source: 'a, b'}\nlicense: mit\n---\n"
    ),
    "literal and folded blocks": (
        b"---\nextra_gated_prompt: |-\n  You agree:\n\n    - to this\n  # no comment\n"
        b"description: >\n  folded\n  text\n\nlicense: mit\n---\n# Birds\n"
    ),
    "kept line ends": b"---\nnote: |+\n  text\n\n\nlicense: mit\n---\n# Birds\n",
    "several lines of plain text": (
        b"---\nnote: a long\n  line goes\n  on\nlicense: mit\n---\n# Birds\n"
    ),
    "a quote over lines": b'---\nnote: "a long\n  line\n\n  goes on"\nlicense: mit\n---\n# Birds\n',
    "indented keys": b"---\n  license: mit\n  language:\n    - en\n---\n# Birds\n",
    "indented lists": b"---\nlicense: mit\ntags:\n    - a\n    - b\n---\n# Birds\n",
    "explicit keys": b"---\n? license\n: mit\nlanguage: en\n---\n# Birds\n",
    "quoted keys": b"---\n\"license\": mit\n'language': en\n---\n# Birds\n",
    "keys of all kinds": b"---\n1: one\nno: two\na b: three\nlicense: mit\n---\n# Birds\n",
    "not ASCII": (
        "---\npretty_name: Птицы 鳥 🐦\nlicense: mit\ntags:\n- 鳥\n---\n# Птицы\n\nО птицах.\n"
    ).encode(),
    "dashes in the body": b"---\nlicense: mit\n---\n# Birds\n\n---\n\nMore\n\n---\nend: no\n---\n",
    "rules in place of front matter": b"----\n\nText\n\n----\n",
    "a rule that does not close": b"---\n\nText about birds.\n",
    "code that looks like it": b"```\n---\nlicense: mit\n---\n```\n",
    "nested dataset_info": (
        b"---\nlicense: mit\ndataset_info:\n- config_name: default\n  features:\n  - name: id\n"
        b"    dtype: string\n  - name: turns\n    list:\n    - name: who\n      dtype:\n"
        b"        class_label:\n          names:\n            '0': user\n            '1': bot\n"
        b"    - name: parts\n      list:\n      - name: deep\n        struct:\n"
        b"        - name: x\n"
        b"          list:\n          - name: y\n            sequence: int64\n  splits:\n"
        b"  - name: train\n    num_bytes: 1000\n    num_examples: 90\n  download_size: 1\n"
        b"- config_name: big\n  splits: [{name: test, num_examples: 7}]\nconfigs:\n"
        b"- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*\n"
        b"---\n# B\n"
    ),
    "very deep": (b"---\nlicense: mit\nx: " + b"[" * 40 + b"1" + b"]" * 40 + b"\n---\n# Birds\n"),
    "old tagsets": (
        b"---\nannotations_creators:\n- crowdsourced\nlanguage_creators:\n- found\n"
        b"languages:\n- en-US\n"
        b"licenses:\n- unknown\nmultilinguality:\n- monolingual\nsize_categories:\n- 10K<n<100K\n"
        b"source_datasets:\n- original\n- extended|songs\ntask_categories:\n"
        b"- text-classification\n"
        b"task_ids: []\npaperswithcode_id: null\n---\n# Dataset Card for Birds\n"
    ),
    "train-eval-index": (
        b"---\nlicense: mit\ntrain-eval-index:\n- config: default\n  task: text\n  col_mapping:\n"
        b"    a: b\n---\n# Birds\n"
    ),
    "gated": (
        b"---\nlicense: other\nlicense_name: bird-terms\nlicense_link: LICENSE\n"
        b"extra_gated_fields:\n  Name: text\n  I agree:\n    type: checkbox\n"
        b'extra_gated_heading: "Hi: there"\n---\n# Birds\n'
    ),
    "duplicate tags": b"---\nlicense: mit\ntags:\n- a\n- a\n- b\n---\n# Birds\n",
    "nulls": b"---\nlicense: null\nlanguage: ~\npretty_name:\ntags: []\nother: {}\n---\n# Birds\n",
    "wrong types": (
        b"---\nlicense: [mit, 7, null]\nlanguage: {a: b}\npretty_name: [x]\n"
        b"annotations_creators: 3\n"
        b"source_datasets: {a: 1}\ndataset_info: none\nsize_categories: big\n---\n# Birds\n"
    ),
    "wrong dataset_info": (
        b"---\nlicense: mit\ndataset_info:\n- 7\n- splits: x\n"
        b"- splits: [1, {name: [], num_examples: -1},"
        b" {num_examples: true}]\n---\n# Birds\n"
    ),
    "long lines": b"---\nlicense: mit\nnote: " + b"word " * 400 + b"end\n---\n# Birds\n",
    "trailing spaces": b"---\nlicense: mit   \nlanguage:   \n- en  \n   \n---\n# Birds\n",
    "a tab before a comment": b"---\nlicense: mit\t# x\nlanguage: en\n---\n# Birds\n",
    "HTML and badges": (
        b'---\nlicense: mit\n---\n<div align="center">\n<img src=x onerror=alert(1)>\n</div>\n\n'
        b"[![b](https://x/y.svg)](https://x)\n\n> quote\n\nText **about** birds.\n"
    ),
    "a long hash in the body": b"---\nlicense: mit\n---\n"
    + b"#" * 300
    + b"\n\n"
    + b"-" * 500
    + b"\n",
    "our own key, but not ours": (
        b"---\nlicense: mit\nregistry: {schema: 9, card: 1}\n---\n# Birds\n"
    ),
    "our own key as a word": b"---\nlicense: mit\nregistry: npm\n---\n# Birds\n",
}
"""Datasets' pages that can be read, pulled and pushed."""

MODELS: dict[str, bytes] = {
    "model index": (
        b"---\nlicense: apache-2.0\nbase_model: owl/nightingale\nbase_model_relation: adapter\n"
        b"datasets:\n- owl/songs\n- other/thing\nlibrary_name: peft\n"
        b"pipeline_tag: text-generation\n"
        b"model-index:\n- name: Net\n  results:\n  - task: {type: text-generation}\n"
        b"    dataset: {name: New songs, type: new-songs}\n    metrics:\n    - type: acc\n"
        b"      value: 0.5\n"
        b"      unknown: kept\n  - dataset: oops\n    metrics: none\n  - 7\n---\n# Net\n"
    ),
    "merge": b"---\nbase_model:\n- a/b\n- c/d\ntags:\n- merge\n- mergekit\n---\n# Net\n",
    "widgets": (
        b'---\nwidget:\n- text: "Hi: you"\n  output:\n    url: x.png\ninference:\n  parameters:\n'
        b"    temperature: 0.7\nthumbnail: null\nlicense: llama3\n---\n# Net\n"
    ),
    "metrics": b"---\nmetrics:\n- accuracy\nlibrary_name: transformers\n---\n# Net\n",
}
"""Models' pages that can be read, pulled and pushed."""

BAD: dict[str, bytes] = {
    "not YAML": b"---\nlicense: [mit\n---\n# Birds\n",
    "a tab": b"---\ntags:\n\t- a\n---\n# Birds\n",
    "no mapping": b"---\n- a\n- b\n---\n# Birds\n",
    "only text": b"---\nJust text.\n---\n# Birds\n",
    "a repeated key": b"---\nlicense: mit\nlicense: apache-2.0\n---\n# Birds\n",
    "a repeated key within": b"---\nx:\n  a: 1\n  a: 2\n---\n# Birds\n",
    "an anchor": b"---\nx: &a [1]\ny: *a\n---\n# Birds\n",
    "a merge key": b"---\nx: &a {b: 1}\ny:\n  <<: *a\n---\n# Birds\n",
    "a tag": b"---\nx: !!python/object/apply:os.system ['true']\n---\n# Birds\n",
    "a key that is a list": b"---\n? [a, b]\n: c\n---\n# Birds\n",
    "two documents": b"---\na: 1\n... \n%YAML 1.1\n--- # x\nb: 2\n---\n# Birds\n",
    "not UTF-8": b"---\nlicense: mit\nx: \xff\xfe\n---\n# Birds\n",
    "a NUL": b"---\nlicense: mit\x00\n---\n# Birds\n",
    "too deep": b"---\nx: " + b"[" * 200 + b"]" * 200 + b"\n---\n# Birds\n",
    "too large": b"---\nx: " + b"y" * (1 << 20) + b"\n---\n# Birds\n",
}
"""Pages that are refused with a message."""

BRACES = b"---\n{license: mit, language: [en]}\n---\n# Birds\n"
"""Can be read, and is refused when one of its keys has to change."""
