"""Pages of repos as a person sees them, and hostile text in a browser that would run it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from catalog.hub.store import Store, blobs, commits, refs, repos
from catalog.hub.store.commits import Put
from catalog.hub.store.tokens import Who
from tests.catalog.hub.served import live

pytestmark = pytest.mark.slow

ANN = Who("ann", "write", ("team",))
AXE = Path(__file__).parents[2] / "vendor" / "axe-core-4.14.1" / "axe.min.js"
FAULTS = """
() => axe.run(document, {resultTypes: ["violations"]}).then(({violations}) =>
  violations
    .filter(({impact}) => impact === "serious" || impact === "critical")
    .flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`)))
"""
README = """---
license: mit
tags: [birds, audio]
---
# Songs of birds

What [birds](data/birds.jsonl) sang, with a very-long-word-that-no-phone-has-room-for-in-one-line.

| Bird | Song |
|---|---|
| robin | `chirp` |

```python
datasets.load_dataset("team/songs")  # and so on, a line that is longer than a phone is wide
```
"""
TRIES = (
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    '"><svg onload=window.ran=1><animate onbegin=window.ran=1 attributeName=x dur=1s>',
    "'-window.ran=1-' onmouseover=window.ran=1 autofocus onfocus=window.ran=1",
    "[click](javascript:window.ran=1) [x](JaVaScRiPt:window.ran=1) <javascript:window.ran=1>",
    "[y](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==) [z](//evil.example/z)",
    "<style>body{display:none} @import 'https://evil.example/x.css';</style>",
    "</code></pre></textarea></title></script><script>window.ran=1</script>",
    "![p](https://evil.example/p.png) <link rel=stylesheet href=https://evil.example/c.css>",
    "<base href=https://evil.example/><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<math><mtext><table><mglyph><style><img src onerror=window.ran=1>",
)
NAMES = ("a' onmouseover=window.ran=1 '.txt", "&lt;img src=x onerror=window.ran=1&gt;.svg", "${a}`")


@dataclass(frozen=True, slots=True)
class Site:
    """A server's address, and the pages of its hostile repos."""

    address: str
    hostile: tuple[str, ...]


def put(store: Store, repo: repos.Repo, files: dict[str, str], **said: Any) -> commits.Committed:
    with blobs.receiving(store, ANN.user) as batch:
        made = [Put(path, batch.add(text.encode()).sha256) for path, text in files.items()]
    said = {"title": "Change", "revision": "main"} | said
    return commits.commit(store, repo, who=ANN, operations=made, **said)


def songs(store: Store) -> None:
    repo = repos.create(store, "datasets", "team/songs", risky=True)
    lines = [f'{{"prompt": "bird {n}", "output": "chirp{" la" * n}"}}\n' for n in range(60)]
    files = {"README.md": README, "data/birds.jsonl": "".join(lines), "load.py": "print(1)\n"}
    put(store, repo, files, title="Add the birds", message="All of them.")
    refs.tag(store, repo, "v1.0")
    lines[20:22] = ['{"prompt": "owl"}\n']
    said = {"title": "An owl for two others", "message": "They were the same."}
    put(store, repo, {"data/birds.jsonl": "".join(lines)}, create_pr=True, **said)


def hostile(store: Store) -> Iterator[str]:
    for at, text in enumerate(TRIES):
        repo = repos.create(store, "models", f"evil/r{at}")
        said = {"title": text, "message": text}
        files = dict.fromkeys(NAMES, text) | {"README.md": f"{text}\n\n# {text}\n"}
        made = put(store, repo, files, **said).commit.id
        put(store, repo, {NAMES[0]: f"{text}\n{text}"}, create_pr=True, **said)
        yield from (f"/evil/r{at}", f"/evil/r{at}/commit/{made}", f"/evil/r{at}/discussions/1")
        yield from (f"/evil/r{at}/blob/main/{quote(name)}" for name in NAMES)
        yield from (f"/evil/r{at}/tree/main", f"/evil/r{at}/commits/main")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("site")
    (root / "cards").mkdir()
    with Store.open(root / "hub") as store:
        songs(store)
        pages = tuple(hostile(store))
    with live(root) as address:
        yield Site(address, pages)


def test_a_reader_goes_from_the_list_to_a_commit_and_back(site: Site, browser: Any) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(site.address)
        page.click("nav a:has-text('Hub')")
        page.fill("#q", "songs")
        page.keyboard.press("Enter")
        page.click("a:text-is('team/songs')")
        assert page.inner_text("h1") == "team/songs"
        page.click("a:text-is('birds')")
        assert page.inner_text("h1") == "birds.jsonl"
        assert page.inner_text("#L2").startswith('{"prompt": "bird 1"')
        page.click("dl a:has-text('Add the birds')")
        assert page.inner_text("h1") == "Add the birds"
        assert page.inner_text("#changes") == "3 files changed"
        page.go_back()
        page.go_back()
        assert page.inner_text("h1") == "team/songs"
        page.click("a:has-text('An owl for two others')")
        assert page.inner_text(".diff .new").startswith('+{"prompt": "owl"}')
        with page.expect_download() as saved:
            page.goto(f"{site.address}/datasets/team/songs/blob/refs%2Fpr%2F1/load.py")
            page.click("a:text-is('Download')")
        assert Path(saved.value.path()).read_text(encoding="utf-8") == "print(1)\n"
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_pages_fit_their_screen_and_stand_in_nobodys_way(
    width: int, scheme: str, site: Site, browser: Any, tmp_path: Path
) -> None:
    pictures = Path(os.environ.get("TUNEDECK_SCREENSHOTS") or tmp_path)
    home, axe, found = "/datasets/team/songs", AXE.read_text(encoding="utf-8"), {}
    pages = {"hub": "/hub", "repo": home, "folder": f"{home}/tree/main"}
    pages |= {"file": f"{home}/blob/main/data/birds.jsonl#L3", "pull": f"{home}/discussions/1"}
    pages |= {"history": f"{home}/commits/main", "commit": f"{home}/commit/v1.0"}
    pages |= {"talks": f"{home}/discussions", "hostile": site.hostile[0]}
    with browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    ) as context:
        page = context.new_page()
        for name, path in pages.items():
            page.goto(site.address + path)
            page.screenshot(path=pictures / f"hub-{name}-{width}-{scheme}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.evaluate(axe)
            found[path] = page.evaluate(FAULTS)
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_no_text_of_a_repo_runs_or_asks_another_host(site: Site, browser: Any) -> None:
    found: list[str] = []
    with browser.new_context(viewport={"width": 1000, "height": 800}) as context:
        page = context.new_page()
        page.on("dialog", lambda dialog: (found.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: found.append(message.text))
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on(
            "request", lambda one: found.extend([one.url] * (not one.url.startswith(site.address)))
        )
        for path in ("/hub?q=evil", *site.hostile):
            response = page.goto(site.address + path)
            assert response.status == 200, path
            page.mouse.move(300, 300)
            page.keyboard.press("Tab")
            assert page.evaluate("window.ran") is None, path
            schemes = page.evaluate(
                "[...document.querySelectorAll('a')].map(a => new URL(a.href).protocol)"
            )
            assert {*schemes} <= {"http:", "https:", "mailto:"}, path
            assert found == [], path
