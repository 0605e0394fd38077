"""Search: passages with the scores that ranked them."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

from flask import Blueprint, Response

from backend.api.endpoint import endpoint
from backend.api.multipart import receive_file
from backend.api.parts import parts
from backend.api.schemas.search import EvaluateBody, EvaluationList, SearchBody, SearchResponse
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
    if body.folder_ids is not None:
        scope = [*(scope or ()), *services.documents.of_folders(body.folder_ids)]
    told: list[EngineError] = []
    found = services.search.find(body.query, limit=body.limit, mode=body.mode, document_ids=scope, told=told.append)
    milliseconds = round(1000 * (time.perf_counter() - started), 2)
    weighed = bool(found) and body.mode == "hybrid" and not told
    return SearchResponse.model_validate(
        {
            "results": [dataclasses.asdict(passage) for passage in found],
            "words_only": told[0].kept if told else None,
            "milliseconds": milliseconds,
            "weights": services.search.weights(body.query) if weighed else {},
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


@blueprint.post("/api/evaluate/file")
@endpoint(events=EvaluationEvent, files=True)
def evaluate_file() -> Response:
    """The same with a file that is sent (multipart): XQuAD's JSON, or groups for the proof (.jsonl)."""
    received = receive_file()
    evaluation = parts().evaluation
    response = stream(lambda: evaluation.of_set(received.incoming.path, received.filename))
    # A stream that nobody began to read never gets to its own end.
    response.call_on_close(received.incoming.discard)
    return response


@blueprint.get("/api/evaluations")
@endpoint(returns=EvaluationList)
def evaluations() -> EvaluationList:
    """The figures of the last evaluations, the newest first: two of each file, and of the user's own documents."""
    return EvaluationList.model_validate({"evaluations": parts().evaluation.kept()})
