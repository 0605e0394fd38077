"""An answer's proof on paper: chips become [1] behind their sentences, marks become letters with their reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from backend.pipeline.answer_sentences import CITATION

# A row of a table ends with its bar, and what is said of it stands in its last cell.
BAR: Final = re.compile(r"\s*\|\s*\Z")


@dataclass(frozen=True, slots=True)
class OnPaper:
    """`content`: Markdown with [1] where a source supports a sentence and [a] where none does; `reasons`: of a, b, …
    `quotes`: the documents' own sentences, each with the number of its source.
    """

    content: str
    reasons: list[str] = field(default_factory=list)
    quotes: list[tuple[str, int]] = field(default_factory=list)


def on_paper(content: str, proof: Mapping[str, Any] | None) -> OnPaper:
    """content: the answer as the model wrote it; proof: as `services.events.Proof` has it, None where there is none.

    What the model itself wrote as [1] goes where its sentence was held against the sources: it is not believed.
    """
    if proof is None:
        return OnPaper(content)
    pieces: list[str] = []
    reasons: list[str] = []
    at = 0
    for citation in proof["citations"]:
        start, end = citation["start"], citation["end"]
        if not at <= start <= end <= len(content):
            continue
        pieces += [content[at:start], *_sentence(content[start:end], _mark(citation, reasons))]
        at = end
        while mark := CITATION.match(content, at):
            at = mark.end()
    pieces.append(content[at:])
    quotes = [] if proof["folded"] else [(quote["text"], quote["source"]) for quote in proof["quotes"]]
    return OnPaper("".join(pieces), reasons, quotes)


def _sentence(text: str, mark: str) -> tuple[str, str, str]:
    words = CITATION.sub("", text)
    bar = BAR.search(words) if words.startswith("|") else None
    return (words[: bar.start()], mark, bar[0]) if bar else (words, mark, "")


def _mark(citation: Mapping[str, Any], reasons: list[str]) -> str:
    if citation["verdict"] == "supported":
        numbers = dict.fromkeys(support["source"] for support in citation["support"])
        return "".join(f" [{number}]" for number in numbers)
    if citation["verdict"] == "open":
        return ""
    reason = citation["reason"]
    reasons.append(reason["message"] if reason else "No source supports this sentence.")
    return f" [{letters(len(reasons))}]"


def letters(number: int) -> str:
    """1 → a, 26 → z, 27 → aa: as footnotes are lettered, to tell them from the numbers of sources."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("a") + rest) + name
    return name
