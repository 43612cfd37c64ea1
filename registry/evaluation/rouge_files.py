"""Evaluations of summaries as ROUGE-1.5.5 is given them: settings in XML, or a list of files.

    <ROUGE-EVAL version="1.5.5"><EVAL ID="1">
      <PEER-ROOT>systems</PEER-ROOT><MODEL-ROOT>models</MODEL-ROOT>
      <INPUT-FORMAT TYPE="SPL"></INPUT-FORMAT>
      <PEERS><P ID="11">1.txt</P></PEERS><MODELS><M ID="A">1.A.txt</M></MODELS>
    </EVAL></ROUGE-EVAL>

A list, as the script takes with `-z SPL`, has a summary and its references in a line. Summaries
are SPL (a sentence a line), SEE (sentences in links) or ISI. Folders count from where the settings
lie, from a folder above it, or from where one stands. Scores are those of `metrics.rouge_155` by
formula A, plain and stemmed (`-m`), averaged over the evaluations of each peer.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from xml.etree import ElementTree

from registry.errors import InvalidCards, Problem, RegistryError
from registry.evaluation.metrics.rouge import Rouge
from registry.evaluation.metrics.rouge_155 import rouge_155
from registry.evaluation.metrics.versions import scorer_digest, versions

NAME = "rouge-1.5.5"
"""What `registry score` calls it in a benchmark's place."""

KINDS = ("rouge1", "rouge2", "rouge3", "rouge4", "rougeL")
_SENTENCES = {
    "SPL": re.compile(r"^(.+)$"),
    "SEE": re.compile(
        r'^<a (?:size="[0-9]+" )?name="[0-9]+">\[[0-9]+\]</a>\s+<a href="#[0-9]+" id=[0-9]+>([^<]+)'
    ),
    "ISI": re.compile(r'^<S SNTNO="[0-9a-z,]+">([^<]+)</S>'),
}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A peer's summary, and the references that it is held against."""

    id: str
    peer: str
    summary: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """An evaluation with its scores: each kind plain, and again with `_stemmed`."""

    id: str
    peer: str
    scores: Mapping[str, Rouge]


def evaluations(settings: Path) -> list[Evaluation]:
    """Read the evaluations that a file of settings or a list of files names."""
    text = settings.read_text(encoding="latin-1")
    problems: list[Problem] = []
    read = _of_xml if text.lstrip("ï»¿ \t\r\n").startswith("<") else _of_list
    found = list(read(settings, text, problems))
    if problems:
        raise InvalidCards(problems)
    if not found:
        raise RegistryError(f"{settings}: names no evaluation; give ROUGE's settings")
    return found


def score(found: Sequence[Evaluation]) -> list[Scored]:
    """Score each evaluation as the script does."""
    return [
        Scored(
            one.id,
            one.peer,
            {
                f"{kind}{'_stemmed' * stemmed}": value
                for stemmed in (False, True)
                for kind, value in rouge_155(
                    one.summary, one.references, KINDS, stemmed=stemmed
                ).items()
            },
        )
        for one in found
    ]


def averages(scored: Sequence[Scored]) -> dict[str, dict[str, Rouge]]:
    """Return the averages of each peer over its evaluations, to the script's five decimals."""
    peers: dict[str, list[Scored]] = {}
    for one in scored:
        peers.setdefault(one.peer, []).append(one)
    return {
        peer: {kind: _mean([one.scores[kind] for one in group]) for kind in group[0].scores}
        for peer, group in peers.items()
    }


def lines(scored: Sequence[Scored]) -> Iterator[str]:
    """Yield one JSON line per evaluation."""
    for one in scored:
        yield json.dumps({"key": one.id, "peer": one.peer, **_plain(one.scores)})


def as_plain(scored: Sequence[Scored]) -> dict[str, object]:
    """Return the averages as plain values, for scripts."""
    scorer = {
        "name": NAME,
        "version": versions()["rouge_155"],
        "digest": scorer_digest("rouge_155"),
    }
    found = averages(scored)
    return {
        "scorer": scorer,
        "items": len(scored),
        "results": [{"peer": peer, **_plain(each)} for peer, each in found.items()],
    }


def sentences(text: str, format: str) -> list[str]:
    """Return the sentences of a summary.

    >>> sentences('<a name="1">[1]</a> <a href="#1" id=1>A dog.</a>', "SEE")
    ['A dog.']
    """
    found = map(_SENTENCES[format].match, text.split("\n"))
    return [one[1] for one in found if one]


def _plain(scores: Mapping[str, Rouge]) -> dict[str, dict[str, float]]:
    return {kind: {"r": one.recall, "p": one.precision, "f": one.f} for kind, one in scores.items()}


def _mean(scores: Sequence[Rouge]) -> Rouge:
    return Rouge(
        *(
            round(fmean(values), 5)
            for values in zip(*((one.precision, one.recall, one.f) for one in scores), strict=True)
        )
    )


def _of_xml(settings: Path, text: str, problems: list[Problem]) -> Iterator[Evaluation]:
    try:
        root = ElementTree.fromstring(text.lstrip("ï»¿ \t\r\n").encode("latin-1"))
    except (ElementTree.ParseError, ValueError) as error:
        raise RegistryError(f"{settings}: is no XML ({error}); give ROUGE's settings") from None
    for one in root.iter("EVAL"):
        id = one.get("ID", "")
        kind = one.find("INPUT-FORMAT")
        format = "SPL" if kind is None else kind.get("TYPE", "SPL").upper()
        if format not in _SENTENCES:
            said = f"'{format}' is not read here; give {', '.join(_SENTENCES)}"
            problems.append(Problem(str(settings), 1, f"EVAL {id}", said))
            continue
        roots = {name: (one.findtext(name) or "").strip() for name in ("PEER-ROOT", "MODEL-ROOT")}
        models = [Path(roots["MODEL-ROOT"], (m.text or "").strip()) for m in one.iter("M")]
        references = [_summary(settings, path, format, problems) for path in models]
        for peer in one.iter("P"):
            path = Path(roots["PEER-ROOT"], (peer.text or "").strip())
            summary = _summary(settings, path, format, problems)
            yield _evaluation(settings, id, peer.get("ID", ""), summary, references)


def _of_list(settings: Path, text: str, problems: list[Problem]) -> Iterator[Evaluation]:
    named = (one for one in text.split("\n") if one.strip() and not one.startswith("#"))
    for at, line in enumerate(named, 1):
        summary, *references = (_summary(settings, Path(p), "SPL", problems) for p in line.split())
        yield _evaluation(settings, str(at), "1", summary, references)


def _evaluation(
    settings: Path, id: str, peer: str, summary: str, references: Sequence[str]
) -> Evaluation:
    if not references:
        raise RegistryError(f"{settings}: evaluation {id} has no reference; name one at least")
    return Evaluation(id, peer, summary, tuple(references))


def _summary(settings: Path, path: Path, format: str, problems: list[Problem]) -> str:
    folders = [*list(settings.resolve().parents)[:3], Path()]
    found = next((one / path for one in folders if (one / path).is_file()), None)
    if found is None:
        said = f"'{path}' is not there; put it where the settings look for it"
        problems.append(Problem(str(settings), 1, "file", said))
        return ""
    return "\n".join(sentences(found.read_bytes().decode("latin-1"), format))
