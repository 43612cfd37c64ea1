import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from registry.cli import main
from registry.errors import InvalidCards, RegistryError
from registry.evaluation.metrics.rouge_155 import rouge_155
from registry.evaluation.rouge_files import averages, evaluations, score, sentences

SETTINGS = """<ROUGE-EVAL version="1.5.5">{}</ROUGE-EVAL>"""
ONE = """
<EVAL ID="{id}"><PEER-ROOT>systems</PEER-ROOT>
<MODEL-ROOT>models</MODEL-ROOT><INPUT-FORMAT TYPE="{format}">
</INPUT-FORMAT><PEERS><P ID="11">{id}.txt</P></PEERS>
<MODELS><M ID="A">{id}.A.txt</M></MODELS></EVAL>"""
LINK = '<a name="{0}">[{0}]</a> <a href="#{0}" id={0}>{1}</a>\n'
TEXTS = {"1": ("The cats sat.\nIt rained.", "A cat sits."), "2": ("A dog.", "A dog.")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for id, (summary, reference) in TEXTS.items():
        for root, name, text in (("systems", id, summary), ("models", f"{id}.A", reference)):
            (tmp_path / root).mkdir(exist_ok=True)
            (tmp_path / root / f"{name}.txt").write_text(text + "\n")
    return tmp_path


def settings(folder: Path, *ids: str, format: str = "SPL") -> Path:
    path = folder / "settings.xml"
    path.write_text(SETTINGS.format("".join(ONE.format(id=id, format=format) for id in ids)))
    return path


def test_scores_are_those_of_the_texts_and_averages_those_of_a_peer(folder: Path) -> None:
    scored = score(evaluations(settings(folder, "1", "2")))
    plain = rouge_155(TEXTS["1"][0], [TEXTS["1"][1]], ["rouge1"])["rouge1"]
    stemmed = rouge_155(TEXTS["1"][0], [TEXTS["1"][1]], ["rouge1"], stemmed=True)["rouge1"]
    assert (scored[0].scores["rouge1"], scored[0].scores["rouge1_stemmed"]) == (plain, stemmed)
    assert stemmed.f > plain.f
    assert averages(scored)["11"]["rouge1"].f == round((plain.f + 1) / 2, 5)


def test_a_list_of_files_is_the_same_evaluations(folder: Path) -> None:
    path = folder / "files.lst"
    path.write_text("# peer model\nsystems/1.txt models/1.A.txt\n\nsystems/2.txt models/2.A.txt\n")
    ours, theirs = score(evaluations(path)), score(evaluations(settings(folder, "1", "2")))
    assert [one.scores for one in ours] == [one.scores for one in theirs]


def test_sentences_in_links_are_taken_out_of_their_page(folder: Path) -> None:
    for root, name, text in (("systems", "1", "The cats sat."), ("models", "1.A", "A cat sits.")):
        page = f"<html>\n<title>cats cats</title>\n{LINK.format(1, text)}</html>\n"
        (folder / root / f"{name}.txt").write_text(page)
    (found,) = evaluations(settings(folder, "1", format="SEE"))
    assert (found.summary, found.references) == ("The cats sat.", ("A cat sits.",))


def test_sentences_of_the_third_format_stand_in_tags() -> None:
    assert sentences('<S SNTNO="1a">Rain.</S>\n<P>Snow.</P>', "ISI") == ["Rain."]


def test_bytes_that_are_no_utf_8_are_read_like_the_script_reads_them(folder: Path) -> None:
    (folder / "systems/1.txt").write_bytes(b"caf\xe9 cats\r\n")
    (found,) = evaluations(settings(folder, "1"))
    assert rouge_155(found.summary, ["caf cats"], ["rouge1"])["rouge1"].f == 1


def test_files_that_are_not_there_are_told_all_at_once(folder: Path) -> None:
    (folder / "systems/1.txt").unlink()
    (folder / "models/2.A.txt").unlink()
    with pytest.raises(InvalidCards) as told:
        evaluations(settings(folder, "1", "2"))
    assert {"systems/1.txt", "models/2.A.txt"} <= set(str(told.value).split("'"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<ROUGE-EVAL>", "is no XML"),
        ("", "names no evaluation"),
        (SETTINGS.format(""), "names no evaluation"),
        (SETTINGS.format('<EVAL ID="1"><INPUT-FORMAT TYPE="SIMPLE"/></EVAL>'), "'SIMPLE'"),
        ("systems/1.txt", "has no reference"),
    ],
)
def test_what_names_nothing_to_score_is_refused(text: str, said: str, folder: Path) -> None:
    path = folder / "settings.xml"
    path.write_text(text)
    with pytest.raises(RegistryError, match=said):
        evaluations(path)


def test_the_command_takes_settings_for_answers(folder: Path) -> None:
    words = ["score", str(settings(folder, "1", "2")), "rouge-1.5.5"]
    assert "average_f" in CliRunner().invoke(main, words).stdout
    items = folder / "items.jsonl"
    done = CliRunner().invoke(main, [*words, "--json", "--items", str(items)])
    (made,) = json.loads(done.stdout)["results"]
    assert (made["peer"], made["rouge1"]["r"]) == ("11", 0.5)
    assert [json.loads(line)["key"] for line in items.read_text().splitlines()] == ["1", "2"]
