"""Sentences of an answer, checked again by a capable model."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas.base import Ok
from backend.api.schemas.chat import CheckBody
from backend.api.sse import stream
from backend.services.events import CheckEvent

blueprint = Blueprint("checking", __name__)


@blueprint.post("/api/messages/<identity>/check")
@endpoint(body=CheckBody, optional=True, events=CheckEvent)
def check(identity: str, body: CheckBody) -> Response:
    """Asks a capable model about the sentences that are left open, one by one; what it settles is kept at once.

    Leaving the stream stops it.
    """
    checking = parts().checking
    prepared = checking.prepare(identity, marked=body.marked)
    return stream(lambda: checking.run(prepared))


@blueprint.post("/api/messages/<identity>/check/stop")
@endpoint(returns=Ok)
def stop(identity: str) -> Ok:
    """Stops it; what was settled is kept."""
    parts().checking.stop(identity)
    return Ok()
