"""Labelled groups through the proof: what was found, what was marked, by kind. The label is never shown to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from backend.engines.embedder import Embedder
from backend.errors import InvalidRequest
from backend.pipeline.proof import prepare, prove
from backend.services.proving import Embed, shown

SUPPORTED: Final = "supported"
UNDERLINED: Final = frozenset({"contradicted", "unsupported"})


class LabelledSentence(BaseModel):
    text: str
    label: str
    kind: str = "unknown"


class Group(BaseModel):
    group: str = ""
    passages: list[str]
    sentences: list[LabelledSentence]


class JudgedSentence(BaseModel):
    """`words` of `passage` (counted from 0) support it; None where it is not supported. `shown`: as the page has it."""

    group: str
    text: str
    supported: bool
    passage: int | None
    words: str | None
    verdict: str
    shown: str
    reason: str | None


class KindFigures(BaseModel):
    """`right`: found, for kinds that are supported; marked, for the others."""

    count: int
    right: float


class ProofFigures(BaseModel):
    """Shares; None without such sentences.

    `supported_found`: of the supported, those with a chip. `unsupported_marked`: of the others, those without one.
    `unsupported_underlined`: those of them that the page underlines with a reason; the rest is left open.
    `supported_underlined`: of the supported, those that are wrongly underlined.
    """

    sentences: list[JudgedSentence]
    supported_found: float | None
    unsupported_marked: float | None
    unsupported_underlined: float | None
    supported_underlined: float | None
    by_kind: dict[str, KindFigures]


def evaluate_proof(file: Path, embed: Embed | None = None) -> ProofFigures:
    """Raises InvalidRequest where `file` cannot be read or a line is not a group."""
    judged: list[JudgedSentence] = []
    underlined: dict[bool, list[bool]] = {True: [], False: []}
    right: list[tuple[str, str, bool]] = []
    """Label, kind, whether the verdict agrees."""
    for group in read_groups(file):
        sentences = judge(group.group, group.passages, [sentence.text for sentence in group.sentences], embed)
        judged.extend(sentences)
        for sentence, result in zip(group.sentences, sentences, strict=True):
            underlined[sentence.label == SUPPORTED].append(result.shown in UNDERLINED)
            right.append((sentence.label, sentence.kind, result.supported == (sentence.label == SUPPORTED)))
    kinds = sorted({kind for _, kind, _ in right})
    return ProofFigures(
        sentences=judged,
        supported_found=_share([ok for label, _, ok in right if label == SUPPORTED]),
        unsupported_marked=_share([ok for label, _, ok in right if label != SUPPORTED]),
        unsupported_underlined=_share(underlined[False]),
        supported_underlined=_share(underlined[True]),
        by_kind={
            kind: KindFigures(count=len(own), right=_share(own) or 0.0)
            for kind in kinds
            if (own := [ok for _, one, ok in right if one == kind])
        },
    )


def evaluate_proof_with(models: Path, file: Path) -> ProofFigures:
    """With the built-in embedder of the folder `models`. Raises EngineUnavailable as well."""
    return evaluate_proof(file, Embedder(models).embed)


def judge(
    group: str, passages: Sequence[str], texts: Sequence[str], embed: Embed | None = None
) -> list[JudgedSentence]:
    """Takes no labels."""
    prepared = prepare(passages, embed)
    results = []
    for text in texts:
        verdict = prove(prepared, text)
        supported = verdict.outcome == SUPPORTED
        results.append(
            JudgedSentence(
                group=group,
                text=text,
                supported=supported,
                passage=verdict.passage if supported else None,
                words=verdict.words if supported else None,
                verdict=verdict.outcome,
                shown=shown(verdict),
                reason=verdict.reason.code if verdict.reason else None,
            )
        )
    return results


def read_groups(file: Path) -> Iterator[Group]:
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{file} cannot be read as text: {error}.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield Group.model_validate(json.loads(line))
        except (json.JSONDecodeError, ValidationError) as error:
            raise InvalidRequest(
                f"Line {number} of {file.name} is not a group: it needs `passages`, "
                "and `sentences` with `text` and `label`."
            ) from error


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
