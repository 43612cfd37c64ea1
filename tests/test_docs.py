"""The documents say what the code does: generated pages are fresh, README's session is replayed."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from registry.cards import jsonschema, reference
from registry.cli import main as registry_command
from registry.formats import FORMATS

TOP = Path(__file__).parent.parent
REWRITE = "TUNEDECK_REWRITE"


def check(path: Path, text: str) -> None:
    """Compare a committed page with a fresh one; TUNEDECK_REWRITE=1 writes it instead."""
    if os.environ.get(REWRITE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: {REWRITE}=1 pytest"


def cli_reference() -> str:
    from catalog.cli import main as catalog_command

    parts = [
        "# Commands\n\nMade of the help texts; `TUNEDECK_REWRITE=1 make test` writes it anew.\n"
    ]
    for name, command in (("registry", registry_command), ("catalog", catalog_command)):
        parts += _help(command, name)
    return "\n".join(parts)


def _help(command: click.Command, path: str, parent: click.Context | None = None) -> list[str]:
    name = path.split()[-1]
    settings = {"max_content_width": 88, **command.context_settings}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    text = re.sub(r"[ \t]+$", "", command.get_help(context), flags=re.MULTILINE)
    made = [f"## {path}\n\n```\n{text}\n```\n"]
    for name, child in sorted(getattr(command, "commands", {}).items()):
        made += _help(child, f"{path} {name}", context)
    return made


def test_the_command_reference_is_fresh() -> None:
    check(TOP / "docs" / "cli.md", cli_reference())


def test_the_card_reference_is_fresh() -> None:
    check(TOP / "docs" / "cards.md", reference.reference())


def formats_table() -> str:
    """Return the formats with the first sentence of their modules."""
    lines = ["| format | reads |", "|---|---|"]
    for name in FORMATS:
        module = import_module(f"registry.formats.{name.replace('-', '_')}")
        said = (module.__doc__ or "").partition("\n")[0].replace("|", "\\|")
        lines.append(f"| `{name}` | {said} |")
    return "\n".join(lines)


def test_the_table_of_formats_is_fresh() -> None:
    path = TOP / "docs" / "data.md"
    before, _, rest = path.read_text(encoding="utf-8").partition("purpose.\n\n")
    _, _, after = rest.partition("\n\nExMix,")
    check(path, f"{before}purpose.\n\n{formats_table()}\n\nExMix,{after}")


def test_the_digest_is_what_its_definition_says() -> None:
    from hashlib import md5

    from registry.hashing import RowDigest

    rows = [{"b": "é\n", "a": [1, None]}, {"a": "x"}, {"a": "x"}]
    texts = [b'{"a":[1,null],"b":"\xc3\xa9\\n"}', b'{"a":"x"}', b'{"a":"x"}']
    total = sum(int.from_bytes(md5(text).digest(), "big") for text in texts) % 2**128
    whole = RowDigest()
    for row in rows:
        whole.add(row)
    assert whole.value() == "md5:" + md5(b"3:" + total.to_bytes(16, "big")).hexdigest()


def test_the_json_schema_is_fresh() -> None:
    import json

    text = json.dumps(jsonschema.schema(), indent=1, ensure_ascii=False) + "\n"
    check(TOP / "cards" / "schema.json", text)


def sessions(page: str) -> list[tuple[str, str]]:
    """Return the commands of a page's console blocks with the output shown."""
    blocks = re.findall(r"```console\n(.*?)```", page, flags=re.DOTALL)
    found = []
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command.strip(), output.rstrip("\n")))
    return found


REPLAYED = [
    pair
    for pair in sessions((TOP / "README.md").read_text(encoding="utf-8"))
    if pair[0].startswith("registry ")
]


@pytest.mark.parametrize(("command", "shown"), REPLAYED, ids=[command for command, _ in REPLAYED])
def test_the_readme_shows_real_output(command: str, shown: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "registry.cli", *command.split()[1:]],
        check=False,
        capture_output=True,
        text=True,
        cwd=TOP,
    )
    assert done.returncode == 0, done.stderr
    pattern = re.escape(shown).replace(re.escape("…"), r"[\s\S]*?")
    assert re.fullmatch(pattern, done.stdout.rstrip("\n")), done.stdout


def test_the_table_of_recipes_is_that_of_the_reports_in_git() -> None:
    asked = ["git", "status", "--porcelain", "--", "reports"]
    changed = subprocess.run(asked, check=False, capture_output=True, text=True, cwd=TOP)
    if changed.returncode or changed.stdout:
        pytest.skip("the reports here are not those of a commit")
    made = subprocess.run(
        [sys.executable, "-m", "registry.cli", "report", "recipes"],
        check=True,
        capture_output=True,
        text=True,
        cwd=TOP,
    )
    path = TOP / "docs" / "tuning.md"
    before, _, rest = path.read_text(encoding="utf-8").partition("error:\n\n```\n")
    _, _, after = rest.partition("\n```\n")
    check(path, f"{before}error:\n\n```\n{made.stdout.rstrip()}\n```\n{after}")


def test_the_readme_has_a_session() -> None:
    assert len(REPLAYED) >= 3


def test_no_document_names_a_command_that_is_not_there() -> None:
    known = set(registry_command.commands)
    for page in [TOP / "README.md", *TOP.glob("docs/*.md"), TOP / "CONTRIBUTING.md"]:
        text = page.read_text(encoding="utf-8")
        for word in re.findall(r"`registry\s([a-z]+(?:-[a-z]+)*)", text):
            assert word in known, f"{page.name}: registry {word}"
