"""A sheet as one HTML page that needs nothing else: it opens from a disk and asks no server.

The items are there without the script; the script keeps what was chosen in the browser, counts it,
and saves it as JSON. The page's policy allows that script and that style, by their hashes, and
nothing from anywhere.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape

Shown = tuple[int, str, tuple[str, ...]]

_LEGENDS = {
    "preference": "Which answer carries out the instruction better?",
    "acceptance": "Is the answer acceptable?",
}
_LABELS = {
    "A": "Answer A",
    "B": "Answer B",
    "tie": "Both are equally good",
    "yes": "Yes",
    "no": "No",
}

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem; }
article { border-top: 1px solid GrayText; padding: 1rem 0; }
.answers { display: grid; gap: 1rem; margin-top: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
.answers > section, .asked { border: 1px solid GrayText; border-radius: .3rem; padding: .75rem; }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
fieldset { border: 0; margin: 1rem 0 0; padding: 0; }
legend { font-weight: 600; padding: 0; }
.choices label { display: inline-block; margin: .25rem 1.5rem .25rem 0; min-height: 1.75rem; }
input[type=text] { box-sizing: border-box; font: inherit; max-width: 100%; width: 30rem; }
button { font: inherit; padding: .4rem 1rem; }
.save { background: Canvas; border-top: 1px solid GrayText; bottom: 0; padding: .75rem 0;
  position: sticky; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
"""

_SCRIPT = """
"use strict";
const form = document.forms[0];
const told = JSON.parse(document.getElementById("told").textContent);
const place = "sheet " + told.sheet;
const items = Array.from(document.querySelectorAll("article"), one => Number(one.dataset.item));

function answers() {
  return items.map(item => ({
    item: item,
    [told.asked]: new FormData(form).get("choice-" + item),
    comment: form.elements["comment-" + item].value,
  }));
}

function count() {
  const done = form.querySelectorAll("input[type=radio]:checked").length;
  document.getElementById("count").textContent = done + " of " + items.length + " judged";
}

function keep() {
  count();
  const kept = { annotator: form.elements.annotator.value, answers: answers() };
  try { localStorage.setItem(place, JSON.stringify(kept)); } catch { /* storage may be off */ }
}

function restore() {
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(place)); } catch { /* storage may be off */ }
  if (!kept) return;
  form.elements.annotator.value = kept.annotator;
  for (const one of kept.answers) {
    if (one[told.asked]) form.elements["choice-" + one.item].value = one[told.asked];
    form.elements["comment-" + one.item].value = one.comment;
  }
}

form.addEventListener("input", keep);
form.addEventListener("submit", event => {
  event.preventDefault();
  const name = form.elements.annotator.value.trim();
  const made = { schema: 1, sheet: told.sheet, asked: told.asked, annotator: name,
    answers: answers() };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(made, null, 1) + "\\n"],
    { type: "application/json" }));
  link.download = "answers-" + (name.replace(/[^A-Za-z0-9]+/g, "-") || "annotator") + ".json";
  link.click();
  URL.revokeObjectURL(link.href);
  document.getElementById("saved").textContent = "Saved as " + link.download + ".";
});
restore();
count();
"""


def page(asked: str, choices: Sequence[str], sheet: str, items: Sequence[Shown]) -> str:
    """Return the page that shows a sheet's items and asks about each."""
    policy = (
        f"default-src 'none'; base-uri 'none'; form-action 'none';"
        f" style-src '{_hash(_STYLE)}'; script-src '{_hash(_SCRIPT)}'"
    )
    told = json.dumps({"asked": asked, "sheet": sheet})
    articles = "\n".join(_article(asked, choices, *item) for item in items)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<title>Judge {len(items)} answers</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{_LEGENDS[asked]}</h1>
<p>Judge each item by itself. What you choose stays in this browser until you save it; then send the
file to whoever gave you this page.</p>
<form>
<p><label>Your name or a sign for you<br>
<input type="text" name="annotator" required autocomplete="off"></label></p>
{articles}
<div class="save">
<button type="submit">Save answers</button>
<span id="count" role="status"></span>
<span id="saved" role="status"></span>
</div>
</form>
<noscript><p>Saving needs JavaScript; without it, fill in the sheet that came with this page.</p>
</noscript>
</main>
<script type="application/json" id="told">{told}</script>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def _article(
    asked: str, choices: Sequence[str], item: int, instruction: str, answers: Sequence[str]
) -> str:
    names = ("Answer A", "Answer B") if len(answers) > 1 else ("Answer",)
    shown = "\n".join(
        f'<section><h3>{name}</h3><p class="text" dir="auto">{escape(answer)}</p></section>'
        for name, answer in zip(names, answers, strict=True)
    )
    radios = "\n".join(
        f'<label><input type="radio" name="choice-{item}" value="{choice}"> {_LABELS[choice]}'
        "</label>"
        for choice in choices
    )
    return f"""<article data-item="{item}" aria-labelledby="item-{item}">
<h2 id="item-{item}">Item {item}</h2>
<section class="asked"><h3>Instruction</h3>
<p class="text" dir="auto">{escape(instruction)}</p></section>
<div class="answers">
{shown}
</div>
<fieldset>
<legend>{_LEGENDS[asked]}</legend>
<div class="choices">
{radios}
</div>
</fieldset>
<p><label>Comment on item {item}<br>
<input type="text" name="comment-{item}" autocomplete="off"></label></p>
</article>"""


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
