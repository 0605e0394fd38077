"""Labelled groups through the proof: what was found, what was marked, by kind. The label is never shown to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from backend.engines.embedder import Embedder
from backend.errors import InvalidRequest
from backend.pipeline.proof.align import prepare
from backend.pipeline.proof.verdict import prove
from backend.services import events
from backend.services.events import ProofEvaluated
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


@dataclass(frozen=True, slots=True)
class Judgement:
    """`right`: whether the verdict agrees with the label."""

    label: str
    kind: str
    right: bool
    result: JudgedSentence


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
    right = [judgement for group in read_groups(file) for judgement in judgements(group, embed)]
    return ProofFigures(
        sentences=[judgement.result for judgement in right],
        supported_found=_found(right),
        unsupported_marked=_marked(right),
        unsupported_underlined=_underlined(right, supported=False),
        supported_underlined=_underlined(right, supported=True),
        by_kind={kind: KindFigures(count=len(own), right=_share(own) or 0.0) for kind, own in _by_kind(right).items()},
    )


def judgements(group: Group, embed: Embed | None = None) -> list[Judgement]:
    """Of each sentence of a group."""
    results = judge(group.group, group.passages, [sentence.text for sentence in group.sentences], embed)
    return [
        Judgement(sentence.label, sentence.kind, result.supported == (sentence.label == SUPPORTED), result)
        for sentence, result in zip(group.sentences, results, strict=True)
    ]


def proof_figures(groups: int, right: Sequence[Judgement], milliseconds: float) -> ProofEvaluated:
    """As a stream says it. milliseconds: of all sentences together."""
    return ProofEvaluated(
        groups=groups,
        sentences=len(right),
        supported_found=_found(right),
        unsupported_marked=_marked(right),
        kinds=[events.KindFigures(kind, len(own), _share(own) or 0.0) for kind, own in _by_kind(right).items()],
        milliseconds=round(milliseconds / max(len(right), 1), 2),
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


def read_groups(file: Path, name: str | None = None) -> Iterator[Group]:
    """`name`: what people call it. Raises InvalidRequest."""
    name = name or file.name
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{name} cannot be read as text: {error}.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield Group.model_validate(json.loads(line))
        except (json.JSONDecodeError, ValidationError) as error:
            raise InvalidRequest(
                f"Line {number} of {name} is not a group: it needs `passages`, and `sentences` with `text` and `label`."
            ) from error


def _by_kind(right: Sequence[Judgement]) -> dict[str, list[bool]]:
    kinds = sorted({one.kind for one in right})
    return {kind: [one.right for one in right if one.kind == kind] for kind in kinds}


def _found(right: Sequence[Judgement]) -> float | None:
    return _share([one.right for one in right if one.label == SUPPORTED])


def _marked(right: Sequence[Judgement]) -> float | None:
    return _share([one.right for one in right if one.label != SUPPORTED])


def _underlined(right: Sequence[Judgement], *, supported: bool) -> float | None:
    return _share([one.result.shown in UNDERLINED for one in right if (one.label == SUPPORTED) == supported])


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
