"""The one streaming helper: a function that returns events becomes a server-sent event stream.

`docs/streaming.md` tells why it is built this way, `tests/api/test_sse.py` holds it to it, and
`tests/api/test_sse_naive.py` shows each simpler way failing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, Final

from flask import Flask, Response, current_app, request
from pydantic_core import to_json

from backend.errors import LocalChatError
from backend.services.events import IDLE, Failure, StreamEvent

log = logging.getLogger(__name__)

COMMENT: Final = b":\n\n"
COMMENT_SECONDS: Final = 2.0
"""A quiet stream says a comment this often, so that a proxy keeps it open and a lost client is noticed."""

HEADERS: Final = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

Events = Callable[[], Iterator[StreamEvent]]


def stream(events: Events) -> Response:
    """Answers the current request with the events that `events()` will yield.

    Call it inside a view, after everything that can be refused has been refused: once the body has begun, an error can
    only be an event. `events` is called on the first step, under an app context, so nothing is acquired before somebody
    reads. Between two steps no context is held.
    """
    # The real object: the proxy would need a context to be read.
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    gone: Callable[[], bool] = request.environ.get("waitress.client_disconnected", _never)
    return Response(_body(app, events, gone), mimetype="text/event-stream", headers=HEADERS)


def encode(event: StreamEvent) -> bytes:
    """One event as it goes over the wire; JSON escapes line breaks, so it is always one line of data."""
    return b"data: " + to_json(event) + b"\n\n"


def _body(app: Flask, events: Events, gone: Callable[[], bool]) -> Generator[bytes, None, None]:
    source: Iterator[StreamEvent] | None = None
    try:
        # Headers leave with the first bytes, so the client learns at once that it was heard.
        yield COMMENT
        spoken = time.monotonic()
        while True:
            try:
                with app.app_context():
                    if source is None:
                        source = iter(events())
                    # The default matters: a StopIteration that left this block would reach teardown as an error.
                    event = next(source, None)
            except LocalChatError as error:
                yield encode(Failure(error.code, error.message, error.details))
                return
            except Exception:
                log.exception("a stream failed")
                yield encode(
                    Failure("InternalError", "Something went wrong inside LocalChat. The log has the details.")
                )
                return
            if event is None:
                return
            if event is not IDLE:
                yield encode(event)
                spoken = time.monotonic()
            elif gone():
                return
            elif time.monotonic() - spoken >= COMMENT_SECONDS:
                yield COMMENT
                spoken = time.monotonic()
    finally:
        _close(app, source)


def _close(app: Flask, source: Any) -> None:
    """Lets the source keep what it has and close its upstream; a failure there must not hide the stream's own end."""
    close = getattr(source, "close", None)
    if close is None:
        return
    try:
        with app.app_context():
            close()
    except Exception:
        log.exception("closing a stream failed")


def _never() -> bool:
    return False
