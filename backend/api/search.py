"""Search: passages with the scores that ranked them."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

from flask import Blueprint, Response

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas import EvaluateBody, SearchBody, SearchResponse
from backend.api.sse import stream
from backend.errors import EngineError, InvalidRequest
from backend.services.events import EvaluationEvent

blueprint = Blueprint("search", __name__)


@blueprint.post("/api/search")
@endpoint(body=SearchBody, returns=SearchResponse)
def search(body: SearchBody) -> SearchResponse:
    """The passages that answer best, each with what its words and its meaning scored."""
    started = time.perf_counter()
    services = parts()
    scope = services.collections.scope(body.document_ids, body.collection_ids)
    told: list[EngineError] = []
    found = services.search.find(body.query, limit=body.limit, mode=body.mode, document_ids=scope, told=told.append)
    return SearchResponse.model_validate(
        {
            "results": [dataclasses.asdict(passage) for passage in found],
            "words_only": told[0].kept if told else None,
            "milliseconds": round(1000 * (time.perf_counter() - started), 2),
        }
    )


@blueprint.post("/api/evaluate")
@endpoint(body=EvaluateBody, events=EvaluationEvent)
def evaluate(body: EvaluateBody) -> Response:
    """Labelled questions, or some made from the user's own documents, through the search: progress, then figures."""
    evaluation = parts().evaluation
    if body.set is None:
        return stream(evaluation.of_mine)
    path = Path(body.set)
    if not path.is_absolute():
        raise InvalidRequest("Name the whole path of the set.")
    return stream(lambda: evaluation.of_set(path))
