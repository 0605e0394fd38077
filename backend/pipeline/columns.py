"""The columns of a table that is filled in from documents: what a model is asked, in which form, and its reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from backend.pipeline.prompt import Excerpt
from backend.pipeline.quotes import ASKS_NUMBER, ASKS_TIME

Kind = Literal["text", "number", "date", "yes-no"]
KINDS: Final[tuple[Kind, ...]] = ("text", "number", "date", "yes-no")

ANSWER: Final = "Answer"
MOST_PROPOSED: Final = 6
NAME_LENGTH: Final = 60
VALUE_LENGTH: Final = 500
WORDS_LENGTH: Final = 1_000
"""Characters that are kept of what a model writes into a cell; more is no value any more."""

SYSTEM: Final = (
    "You fill in one row of a table about one document. Use nothing but the passages of this document. For each column "
    "give `words`, copied letter by letter from the passages, and `value`, as short as possible. Where the passages do "
    "not say it, both are null. Never guess. Answer with JSON."
)
PROPOSAL: Final = (
    "Somebody asks a question of each document in a collection, and the answers become a table with one row a "
    "document. Name the columns that the question needs, as few as possible, in the language of the question. A "
    "condition in the question (before June, more than 1,000) becomes a column for the date or the number itself. "
    "Kinds: text, number, date, yes-no. Answer with JSON."
)
FORMS: Final[dict[Kind, str]] = {
    "text": "text",
    "number": "number with its unit, as the passage writes it",
    "date": "date as YYYY-MM-DD",
    "yes-no": '"yes" or "no"; in `words` the passage that says so',
}
NOTHING: Final = frozenset({"", "-", "–", "—", "null", "none", "n/a", "na", "unknown", "not found", "not stated"})
"""What models write where they should write null."""

YES: Final = frozenset({"yes", "true", "ja", "oui", "sí", "si", "是"})
NO: Final = frozenset({"no", "false", "nein", "non", "否"})


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Said:
    """A cell as the model gave it: its value, and the words of the document that it says it has it from."""

    value: str | None
    words: str | None


class _Cell(BaseModel):
    model_config = ConfigDict(extra="ignore")
    words: str | None = None
    value: str | int | float | bool | None = None


class _Proposed(BaseModel):
    model_config = ConfigDict(extra="ignore")
    name: str
    kind: Kind


class _Proposal(BaseModel):
    model_config = ConfigDict(extra="ignore")
    columns: list[_Proposed] = []


def schema(columns: Sequence[Column]) -> dict[str, Any]:
    """The JSON schema of a reply. `words` stand before `value`: what was copied first is what the value is made of."""
    return _closed({column.name: _closed({"words": TEXT, "value": _value(column.kind)}) for column in columns})


TEXT: Final = {"type": ["string", "null"]}


def _value(kind: Kind) -> dict[str, Any]:
    return {"enum": ["yes", "no", None]} if kind == "yes-no" else TEXT


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def ask(question: str, columns: Sequence[Column], filename: str, excerpts: Sequence[Excerpt]) -> str:
    """The message about one document."""
    passages = "\n\n".join(f"[{number}] {one.label}\n{one.text}" for number, one in enumerate(excerpts, start=1))
    wanted = "\n".join(f"- {column.name}: {FORMS[column.kind]}" for column in columns)
    return f"Document: {filename}\n\n{passages}\n\nQuestion: {question}\n\nColumns:\n{wanted}"


def reply(text: str, columns: Sequence[Column]) -> list[Said] | None:
    """What a model wrote, column by column; None where it is not the form that was asked for.

    A reply that was cut in the middle gives the cells that are whole.
    """
    found = _object(text)
    if found is None or not any(column.name in found for column in columns):
        return None
    return [_said(found.get(column.name), column.kind) for column in columns]


def _object(text: str) -> dict[str, Any] | None:
    start = text.find("{")
    if start < 0:
        return None
    for rest in (text[start:], text[start : text.rfind("}") + 1]):
        try:
            found = from_json(rest, allow_partial=True)
        except ValueError:
            continue
        return found if isinstance(found, dict) else None
    return None


def _said(cell: Any, kind: Kind) -> Said:
    try:
        # Some write the value alone.
        parsed = _Cell.model_validate(cell if isinstance(cell, dict) else {"value": cell})
    except ValidationError:
        return Said(None, None)
    value = parsed.value
    text = ("yes" if value else "no") if isinstance(value, bool) else "" if value is None else str(value)
    value_said = " ".join(text.split())[:VALUE_LENGTH]
    if value_said.casefold() in NOTHING:
        return Said(None, None)
    words = (parsed.words or "").strip()[:WORDS_LENGTH] or None
    if kind == "yes-no":
        answer = "yes" if value_said.casefold() in YES else "no" if value_said.casefold() in NO else None
        return Said(answer, words if answer else None)
    return Said(value_said, words)


# --- which columns ----------------------------------------------------------------------------------------------


def plain(question: str) -> list[Column]:
    """One column, for when no model proposes any: a date or a number where the question asks for one."""
    kind: Kind = "date" if ASKS_TIME.search(question) else "number" if ASKS_NUMBER.search(question) else "text"
    return [Column(ANSWER, kind)]


def proposal_schema() -> dict[str, Any]:
    column = _closed({"name": {"type": "string"}, "kind": {"enum": list(KINDS)}})
    return _closed({"columns": {"type": "array", "items": column, "minItems": 1, "maxItems": MOST_PROPOSED}})


def proposed(text: str) -> list[Column]:
    """The columns that a model wrote, each name once; none where they cannot be read."""
    found = _object(text)
    try:
        listed = _Proposal.model_validate(found or {}).columns
    except ValidationError:
        return []
    named: dict[str, Column] = {}
    for one in listed:
        name = " ".join(one.name.split())[:NAME_LENGTH].strip()
        if name:
            named.setdefault(name.casefold(), Column(name, one.kind))
    return list(named.values())[:MOST_PROPOSED]
