"""Labelled rows put to a model as one of the survey's three types of instruction.

- nli: the input is a premise, every label makes a hypothesis, and a row asks for each of them
  whether the one entails the other (4.1.1);
- llm: the input stands in a cloze or prefix prompt, and a verbaliser's word for the label is the
  answer (4.1.2);
- human: a definition with good and bad demonstrations and what to avoid, as in
  Super-NaturalInstructions (4.1.3).

Which wording and which demonstrations a row gets is drawn from a seed and the row's id, so that
other rows change nothing about it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from registry.canonical import Demonstration, Message, Row
from registry.cards.mixing import Demonstrations, Template
from registry.cards.wordings import SLOT, folded, is_id, slots, text_of

ENTAILED, NOT_ENTAILED = "entailment", "not entailment"
BLANK = "_____"


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to put a task: the id that rows record, and the text with its slots."""

    id: str
    text: str


def input_of(row: Row) -> str:
    """Return what the task is done on: the user's turn without the definition before it."""
    said = row.messages[-1].content
    return said.removeprefix(f"{row.definition}\n\n") if row.definition else said


def definition_of(row: Row) -> str:
    """Return what a row says its task is: its definition, else its system messages."""
    system = (one.content for one in row.messages if one.role == "system")
    return row.definition or "\n\n".join(system)


def denied(row: Row) -> bool:
    """Tell whether a row's answer is the one that a bad demonstration gives to its input."""
    asked, answers = folded(input_of(row)), {folded(one) for one in row.references[:1]}
    return any(
        folded(one.input) == asked and folded(one.output) in answers for one in row.negatives
    )


class Renderer:
    """A template with its seed, which is the mixture's unless the template has one."""

    def __init__(self, template: Template, seed: int) -> None:
        self.family = template.family
        self.wordings = tuple(_wording(template.family, one) for one in template.wordings)
        self.entailed = template.entailed or ENTAILED
        self.not_entailed = template.not_entailed or NOT_ENTAILED
        self._definition = template.definition
        self._avoid = template.avoid
        self._shown = template.demonstrations or Demonstrations()
        self._words = {one.label: one.words for one in template.verbaliser}
        self._labels = {folded(word): one for one, words in self._words.items() for word in words}
        self._key = str(seed if template.seed is None else template.seed).encode()
        self._slots = {slot for one in self.wordings for slot in slots(one.text)}

    def problems(self, row: Row) -> Iterator[str]:
        """Say why a row cannot be rendered, as `what is so; what to do`."""
        roles = [one.role for one in row.messages]
        if roles[-1:] != ["user"] or {"user", "assistant"} & {*roles[:-1]}:
            said = ", ".join(roles) or "none"
            yield f"its turns are {said}; a template takes one of the user, so list other `tasks`"
            return
        if not input_of(row).strip():
            yield "has no input; list other `tasks`"
        if not row.references:
            yield "has no answer; list other `tasks`"
        if "definition" in self._slots and not (self._definition or definition_of(row)).strip():
            yield "has no definition; write `definition` in the template"
        yield from self._unlabelled(row)

    def _unlabelled(self, row: Row) -> Iterator[str]:
        if self._words:
            for one in dict.fromkeys((*row.options, *row.references)):
                if one not in self._words:
                    yield f"label '{one}' is missing in the verbaliser; add it with its words"
        labels = self.labels(row)
        if not labels and ("options" in self._slots or self.family == "nli"):
            yield "has no options; write a verbaliser that names every label"
        elif self._words or self.family == "nli":
            for one in row.references:
                if one not in labels and (not self._words or one in self._words):
                    yield f"answer '{one}' is none of its options, {', '.join(labels)}"

    def labels(self, row: Row) -> tuple[str, ...]:
        """Return the labels a row can have, each once: its options, or all that have words."""
        return tuple(dict.fromkeys(row.options or self._words))

    def word(self, label: str) -> str:
        """Return what a label is called in a prompt."""
        return self._words[label][0] if label in self._words else label

    def label(self, answer: str) -> str | None:
        """Return the label that a word in a prompt or an answer means, if any."""
        return self._labels.get(folded(answer)) if self._words else answer

    def held(self, row: Row, answers: Sequence[str]) -> tuple[str, ...]:
        """Return the labels of a row that answers to its hypotheses, in order, hold for so."""
        pairs = zip(self.labels(row), answers, strict=True)
        return tuple(label for label, one in pairs if folded(one) == folded(self.entailed))

    def many(self, row: Row) -> int:
        """Return how many rows are made of one: one for each label in family nli."""
        return len(self.labels(row)) if self.family == "nli" else 1

    def wording(self, row: Row) -> Wording:
        """Return the wording that a row gets; another one offered moves rows to that one only."""
        return max(self.wordings, key=lambda one: self._drawn(row.id, "wording", one.text))

    def all(self, row: Row) -> tuple[Row, ...]:
        """Return every row that is made of one."""
        return tuple(self.render(row, nth) for nth in range(self.many(row)))

    def render(self, row: Row, nth: int = 0) -> Row:
        """Return the nth of the rows that are made of one without `problems`."""
        wording = self.wording(row)
        said = replace(row, kind=self.family, template=wording.id)
        if self.family == "nli":
            return self._hypothesis(said, wording, self.labels(row)[nth], nth)
        asked = replace(said, messages=(self._prompt(row, wording),))
        return self._verbalised(asked) if self._words else asked

    def _hypothesis(self, row: Row, wording: Wording, label: str, nth: int) -> Row:
        fillers = {"label": self.word(label), "input": input_of(row)}
        prompt = (
            f"Premise: {input_of(row)}\nHypothesis: {_fill(wording.text, fillers)}\n"
            "Does the premise entail the hypothesis?"
            f" Answer with {self.entailed} or {self.not_entailed}."
        )
        answer = self.entailed if label in row.references else self.not_entailed
        return replace(
            row,
            id=f"{row.id}/{nth}",
            messages=(Message("user", prompt),),
            references=(answer,),
            rejected=(),
            options=(self.entailed, self.not_entailed),
            constraints=(),
        )

    def _verbalised(self, row: Row) -> Row:
        words = (word for label in row.references for word in self._words[label])
        return replace(
            row,
            references=tuple(words),
            rejected=tuple(self.word(one) for one in row.rejected),
            options=tuple(map(self.word, self.labels(row))),
            constraints=(),
        )

    def _prompt(self, row: Row, wording: Wording) -> Message:
        words = list(map(self.word, self.labels(row)))
        fillers = {
            "input": input_of(row),
            "definition": self._definition or definition_of(row),
            "blank": BLANK,
            "options": " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]])),
            "avoid": f"Things to avoid: {self._avoid}\n\n" if self._avoid else "",
            "positives": self._shown_of(row, "Positive", row.positives, self._shown.positive),
            "negatives": self._shown_of(row, "Negative", row.negatives, self._shown.negative),
        }
        return Message("user", _fill(wording.text, fillers))

    def _shown_of(self, row: Row, title: str, many: Iterable[Demonstration], most: int) -> str:
        """Return up to so many demonstrations, none of them on the row's own input."""
        asked = folded(input_of(row))
        shown = [one for one in many if folded(one.input) != asked]
        if self._shown.order != "given":
            shown.sort(key=lambda one: self._drawn(row.id, title, one.input, one.output))
        if self._shown.order == "varied":
            most = int.from_bytes(self._drawn(row.id, title)) % (most + 1)
        return "".join(
            f"{title} Example {number} -\nInput: {one.input}\nOutput: {one.output}\n"
            + (f"Explanation: {one.explanation}\n" if one.explanation else "")
            + "\n"
            for number, one in enumerate(shown[:most], start=1)
        )

    def _drawn(self, *what: str) -> bytes:
        return blake2b("\0".join(what).encode(), key=self._key, digest_size=8).digest()


def _wording(family: str, wording: str) -> Wording:
    """Return a wording; a text of one's own is called by its hash, wherever it is listed.

    >>> _wording("nli", "about")
    Wording(id='about', text='The text is about {label}.')
    >>> _wording("nli", "It is {label}.").id
    'text-29c72557'
    """
    text = text_of(family, wording)
    own = blake2b(text.encode(), digest_size=4).hexdigest()
    return Wording(wording if is_id(wording) else f"text-{own}", text)


def _fill(text: str, fillers: Mapping[str, str]) -> str:
    """Fill all slots at once: what stands in braces in an input is no slot.

    >>> _fill("{input} is {label}.", {"input": "{label}", "label": "good"})
    '{label} is good.'
    """
    return SLOT.sub(lambda found: fillers[found[1]], text)
