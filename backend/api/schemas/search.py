"""The search page, and measures of the search."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.api.schemas.base import COLLECTION_IDS, CollectionIds, ErrorResponse, Id, Schema
from backend.services.events import EvaluationDone, ProofEvaluated


class SearchBody(Schema):
    query: str = Field(min_length=1, max_length=20_000)
    limit: int = Field(10, ge=1, le=100)
    mode: Literal["hybrid", "vector", "text"] = "hybrid"
    document_ids: list[Id] | None = Field(None, max_length=10_000)
    collection_ids: CollectionIds | None = Field(None, description=COLLECTION_IDS)
    folder_ids: list[Id] | None = Field(
        None, max_length=1_000, description="beside the others: the documents of these watched folders too"
    )


class ArmScore(Schema):
    score: float
    rank: int


class SearchResult(Schema):
    passage_id: str
    document_id: str
    filename: str
    page: int | None
    heading: list[str]
    text: str
    score: float
    vector: ArmScore | None
    text_match: ArmScore | None
    shares: dict[str, float] = Field(description="what each signal gave to the score of a hybrid search")
    index: int = Field(description="number of the passage in its document")
    start: int
    end: int
    related: bool = Field(default=True, description="false: neither words nor meaning have to do with the question")


class SearchResponse(Schema):
    """`words_only`: why meaning had no part in it, where the embedder runs elsewhere and does not answer.

    `weights`: how much each signal counts in a hybrid search of this language; 1 together.
    """

    results: list[SearchResult]
    milliseconds: float
    words_only: ErrorResponse | None = None
    weights: dict[str, float] = Field({})


class EvaluateBody(Schema):
    set: str | None = Field(None, description="path of an XQuAD file or a BEIR folder; null: the user's own documents")


class Evaluated(Schema):
    """`name`: of the labelled file; null: the user's own documents."""

    name: str | None
    at: str
    result: EvaluationDone | ProofEvaluated


class EvaluationList(Schema):
    evaluations: list[Evaluated]
