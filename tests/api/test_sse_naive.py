"""Why the helper is as it is: each simpler way to stream from Flask, failing.

When one of these tests fails, Flask has changed and docs/streaming.md is to be read again.
"""

from __future__ import annotations

import contextlib
import gc
import threading
import warnings
from collections.abc import Iterator

import pytest
from flask import Flask, Response, current_app, g, has_app_context, stream_with_context

from tests.api.streams import Record, watched_app


def plain_app() -> Flask:
    return Flask("naive")


def test_a_generator_that_reads_current_app_with_no_context_fails_once_the_view_has_returned() -> None:
    app = plain_app()

    @app.post("/stream")
    def view() -> Response:
        def body() -> Iterator[bytes]:
            yield current_app.name.encode()

        return Response(body())

    with app.test_request_context("/stream", method="POST"):
        response = view()
    with pytest.raises(RuntimeError, match="application context"):
        next(iter(response.response))


def held(app: Flask) -> Iterator[bytes]:
    """One context across the whole stream."""
    with app.app_context():
        for _ in range(3):
            yield b"word"


def test_one_context_across_the_stream_cannot_be_closed_on_another_thread() -> None:
    body = held(plain_app())
    next(body)
    failures: list[BaseException] = []

    def close() -> None:
        try:
            body.close()  # type: ignore[attr-defined]
        except (LookupError, ValueError, AssertionError) as error:
            failures.append(error)

    thread = threading.Thread(target=close)
    thread.start()
    thread.join()
    assert len(failures) == 1, "the context was popped where it had never been pushed"
    assert has_app_context(), "and it is still on the thread that began the stream"
    unwind()


def test_one_context_across_the_stream_breaks_when_two_streams_interleave() -> None:
    first, second = held(plain_app()), held(plain_app())
    next(first)
    next(second)
    with pytest.raises(AssertionError, match=r"[Pp]opped wrong"):
        list(first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(AssertionError, LookupError, ValueError):
            second.close()  # type: ignore[attr-defined]
    unwind()


def test_one_context_across_the_stream_stays_on_the_thread_of_an_abandoned_stream() -> None:
    app = plain_app()
    body = held(app)
    next(body)
    assert has_app_context(), "a request that this thread serves next would find it"
    g.mark = "of the stream"
    with app.test_request_context("/"):
        assert g.get("mark") == "of the stream", "and share its g"
    del body
    gc.collect()
    unwind()


def test_stream_with_context_tears_the_request_down_twice() -> None:
    record = Record()
    app = watched_app(record)
    requests_torn_down: list[int] = []

    @app.teardown_request
    def torn_down(_: BaseException | None) -> None:
        requests_torn_down.append(1)

    @app.post("/stream")
    def view() -> Response:
        def body() -> Iterator[bytes]:
            yield b"one"
            yield b"two"

        return Response(stream_with_context(body()))

    assert app.test_client().post("/stream").data == b"onetwo"
    assert len(requests_torn_down) == 2


def test_catching_everything_and_yielding_ignores_the_close() -> None:
    def body() -> Iterator[bytes]:
        try:
            yield b"word"
        except BaseException:  # noqa: BLE001 - the mistake that is shown
            yield b"an error event"

    stream = body()
    next(stream)
    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        stream.close()  # type: ignore[attr-defined]


def unwind() -> None:
    """Takes off what the naive stream left behind, so that the next test starts clean."""
    from flask.globals import _cv_app

    while _cv_app.get(None) is not None:
        _cv_app.set(None)  # type: ignore[arg-type]
