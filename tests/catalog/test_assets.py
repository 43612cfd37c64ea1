import re
import tomllib
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from catalog.assets import address, assets

TOP = Path(__file__).parent.parent.parent
STATIC = TOP / "catalog" / "static"
VENDORS = (STATIC / "vendor", TOP / "tests" / "vendor")


@pytest.mark.parametrize("folder", VENDORS, ids=["shipped", "tests"])
def test_files_of_others_are_as_published_and_each_is_listed(folder: Path) -> None:
    table = (folder / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([^`]+)` .* `([0-9a-f]{64})` \|$", table, flags=re.MULTILINE))
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "README.md"]
    assert {path.relative_to(folder).as_posix() for path in files} == set(listed)
    for name, hash in listed.items():
        assert sha256((folder / name).read_bytes()).hexdigest() == hash


@pytest.mark.parametrize("folder", VENDORS, ids=["shipped", "tests"])
def test_files_of_others_come_with_their_licence(folder: Path) -> None:
    packages = [path for path in folder.iterdir() if path.is_dir()]
    assert packages
    assert all((package / "LICENSE").is_file() for package in packages)


def test_the_package_carries_every_static_file() -> None:
    settings = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["catalog"]
    for path in STATIC.rglob("*"):
        name = path.relative_to(STATIC.parent).as_posix()
        depth = name.count("/")
        fits = [one for one in patterns if one.count("/") == depth and fnmatch(name, one)]
        assert fits or path.is_dir(), name


def test_a_script_is_served_as_a_script_and_a_licence_is_no_asset(client: TestClient) -> None:
    response = client.get(address("vendor/dagre-3.1.3/dagre.min.js"))
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "LICENSE" not in " ".join(assets())
    assert client.get("/static/000000000000/vendor/dagre-3.1.3/LICENSE").status_code == 404


def test_our_scripts_compile_no_text_and_write_no_markup() -> None:
    for path in STATIC.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        for word in (
            "innerHTML",
            "outerHTML =",
            "insertAdjacent",
            "eval(",
            "new Function",
            "http:",
        ):
            assert word not in text.replace("http://www.w3.org/2000/svg", ""), (
                f"{path.name}: {word}"
            )
