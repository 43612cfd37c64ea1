import re
from pathlib import Path

from registry.evaluation import instructions
from registry.evaluation.instructions.ifeval import INSTRUCTIONS
from registry.hashing import hash_file
from registry.index import load
from registry.programs import generate, write
from registry.programs.generate import MOST
from registry.programs.wordings import REQUIREMENTS
from registry.programs.words import LANGUAGES

TOP = Path(__file__).parents[3]
FILE = TOP / "cards" / "datasets" / "constraint-programs.jsonl"


def test_every_type_of_ifeval_is_asked_for_in_several_wordings() -> None:
    assert {one.id for one in REQUIREMENTS} == INSTRUCTIONS.keys()
    for one in REQUIREMENTS:
        assert len(set(one.sentences)) == len(one.sentences) >= 3


def test_every_record_can_be_checked() -> None:
    for record in generate(500, 1):
        read = instructions.item(record)
        assert 1 <= len(set(read.ids)) == len(read.ids) <= MOST


def test_what_a_program_says_stands_in_its_prompt() -> None:
    for record in generate(500, 2):
        prompt = record["prompt"].casefold()
        for given in record["kwargs"]:
            for name, value in given.items():
                if name == "language":
                    assert LANGUAGES[value].casefold() in prompt
                elif isinstance(value, list):
                    assert all(one in prompt for one in value)
                elif isinstance(value, str) and "relation" not in name:
                    assert value.casefold() in prompt
                elif isinstance(value, int) and value > 15:
                    assert re.search(rf"\b{value}\b", prompt)


def test_no_slot_is_left_open() -> None:
    assert not [one for one in generate(500, 4) if re.search(r"[{}]", one["prompt"])]


def test_a_larger_file_begins_with_the_smaller_one() -> None:
    assert list(generate(20, 1)) == list(generate(30, 1))[:20]


def test_another_seed_gives_other_rows() -> None:
    assert not [a for a, b in zip(generate(50, 1), generate(50, 2), strict=True) if a == b]


def test_every_type_comes_about_as_often() -> None:
    ids = [id for one in generate(2000, 1) for id in one["instruction_id_list"]]
    counts = [ids.count(id) for id in INSTRUCTIONS]
    assert min(counts) > max(counts) / 3


def test_the_file_beside_the_card_is_what_the_program_writes(tmp_path: Path) -> None:
    source = load(TOP).datasets["constraint-programs"].source
    assert source
    (file,) = source.files
    rows = len(FILE.read_text(encoding="utf-8").splitlines())
    write(tmp_path / "again.jsonl", rows, 17)
    again = hash_file(tmp_path / "again.jsonl")
    assert (
        (again.sha256, again.bytes)
        == (file.sha256, file.bytes)
        == (
            hash_file(FILE).sha256,
            FILE.stat().st_size,
        )
    )
