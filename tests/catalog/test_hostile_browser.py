"""Hostile text in Chromium, on every page: nothing of it runs, loads or escapes its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from registry.files import write_text

pytestmark = pytest.mark.slow

TRIES = [
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    '"><svg onload=window.ran=1><animate onbegin=window.ran=1 attributeName=x dur=1s>',
    "'-window.ran=1-' onmouseover=window.ran=1 autofocus onfocus=window.ran=1",
    "[click](javascript:window.ran=1) [x](JaVaScRiPt:window.ran=1) <javascript:window.ran=1>",
    "[y](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "<style>body{display:none} @import 'https://evil.example/x.css';</style>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe><object data=x><embed src=x>",
    "</textarea></title></script><script>window.ran=1</script>",
    "<a href='https://evil.example' target=_blank ping='https://evil.example/p'>a</a>",
    "![p](https://evil.example/p.png) <link rel=stylesheet href=https://evil.example/c.css>",
    "{{ 7*7 }} ${window.ran=1} `${window.ran=1}` %7B%7B",
    "\u202egpj.exe\u202c \u2066x\u2069 \u200b\ufeff\u2028\u2029 \x02mark\x03",
    "<math><mtext><table><mglyph><style><img src onerror=window.ran=1>",
    "<base href=https://evil.example/><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action=https://evil.example><input name=q><button formaction=javascript:ran=1>x",
    "A" * 3000 + "<b",
]

SCHEMES = """[...document.querySelectorAll('a')].map(
    a => new URL(a.href.baseVal ?? a.href, location).protocol)"""


def card(kind: str, at: int, text: str, more: str = "") -> str:
    said = json.dumps(text.replace("\x02", "").replace("\x03", ""))
    return f"kind: {kind}\nid: t{at}\ntitle: {said}\nsummary: {said}\nnotes: [{said}]\n{more}"


@pytest.fixture(scope="module")
def site(serve: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("hostile")
    for at, text in enumerate(TRIES):
        plain = json.dumps(text.replace("\x02", "").replace("\x03", ""))
        cited = f"cited: t{at}, at: {plain}, quote: {plain}, note: {plain}"
        paper = f"authors: [{plain}]\nyear: 2023\nurl: {plain}\nbibtex: {plain}\n"
        put(root, "papers", at, card("paper", at, text, paper))
        dataset = (
            f"homes: [{{value: {json.dumps('https://e.example/' + ''.join(text.split()))}, "
            f"{cited}}}]\n"
            f"licence: {{value: {json.dumps('terms: ' + json.loads(plain))}, {cited}}}\n"
            f"annotator: {{value: [human], {cited}}}\n"
            f"scale:\n  - {{value: {at + 1}, unit: instances, printed: {plain}, {cited}}}\n"
            f"  - {{value: {at + 2}, unit: instances, declared: {plain}}}\n"
            f"  - {{value: {at + 2}, unit: tasks, declared: {plain}}}\n"
        )
        parent = f"parents: {{value: t{at - 1}, relation: seeds, {cited}}}\n" if at else ""
        put(root, "datasets", at, card("dataset", at, text, dataset + parent))
        put(root, "benchmarks", at, card("benchmark", at, text))
        model = (
            f"not_reproduced: {plain}\n"
            f"tuned_on: {{value: t{at}, {cited}}}\n"
            f"results:\n  - {{benchmark: t{at}, metric: accuracy, value: 1.5, unit: percent, "
            f"printed: {plain}, {cited}}}\n"
        )
        put(root, "models", at, card("model", at, text, model))
    address: str = serve(root)
    return address


def put(root: Path, folder: str, at: int, text: str) -> None:
    write_text(root / "cards" / folder / f"t{at}.yaml", text)


def test_every_card_of_the_attempt_is_there(site: str, browser: Any) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        for folder in ("papers", "datasets", "benchmarks", "models"):
            page.goto(f"{site}/{folder}")
            assert page.inner_text("#found") == f"{len(TRIES)} cards", folder
        page.goto(site)
        assert page.locator(".problems").count() == 0


def test_no_text_of_a_card_runs_or_asks_another_host(site: str, browser: Any) -> None:
    addresses = ["/", "/cards", "/cards?q=window.ran", "/datasets?min_tasks=1", "/plots"]
    addresses += ["/leaderboards", "/table6", "/feed.atom", "/cards?q=%3Cscript%3E"]
    for at in range(len(TRIES)):
        addresses += [f"/{folder}/t{at}" for folder in ("papers", "datasets", "models")]
        addresses += [f"/leaderboards/t{at}", f"/lineage/datasets/t{at}", f"/benchmarks/t{at}"]
    addresses.append("/compare?card=datasets/t1&card=datasets/t2&card=models/t4")
    found: list[str] = []
    with browser.new_context(viewport={"width": 1000, "height": 800}) as context:
        page = context.new_page()
        page.on("dialog", lambda dialog: (found.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: found.append(message.text))
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on("request", lambda one: found.extend([one.url] * (not one.url.startswith(site))))
        for address in addresses:
            response = page.goto(site + address)
            if response is None or response.status == 404:
                continue
            page.mouse.move(300, 300)
            page.keyboard.press("Tab")
            assert page.evaluate("window.ran") is None, address
            assert page.url.startswith(site), address
            assert found == [], address


def test_no_link_leads_to_a_scheme_that_runs(site: str, browser: Any) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        for at in range(len(TRIES)):
            for folder in ("papers", "datasets", "models"):
                page.goto(f"{site}/{folder}/t{at}")
                schemes = page.evaluate(SCHEMES)
                assert set(schemes) <= {"http:", "https:", "mailto:"}, (folder, at)
