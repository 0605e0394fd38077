"""Search: passages with the scores that ranked them."""

from __future__ import annotations

import dataclasses
import time

from flask import Blueprint

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas import SearchBody, SearchResponse

blueprint = Blueprint("search", __name__)


@blueprint.post("/api/search")
@endpoint(body=SearchBody, returns=SearchResponse)
def search(body: SearchBody) -> SearchResponse:
    """The passages that answer best, each with what its words and its meaning scored."""
    started = time.perf_counter()
    services = parts()
    scope = services.collections.scope(body.document_ids, body.collection_ids)
    found = services.search.find(body.query, limit=body.limit, mode=body.mode, document_ids=scope)
    return SearchResponse.model_validate(
        {
            "results": [dataclasses.asdict(passage) for passage in found],
            "milliseconds": round(1000 * (time.perf_counter() - started), 2),
        }
    )
