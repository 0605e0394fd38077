"""The streaming helper keeps every promise of docs/streaming.md, on the test client and on a live waitress."""

from __future__ import annotations

import gc
import http.client
import json
import socket
import threading
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest
from flask import Flask, Response, has_app_context

from backend.api.sse import COMMENT, stream
from backend.errors import GenerationError
from backend.services.events import IDLE, Content, StreamEvent
from tests.api.streams import Record, streaming_app, words
from tests.conftest import SOON, serving


@pytest.fixture
def record() -> Record:
    return Record()


def events_of(body: bytes) -> list[dict[str, object]]:
    return [json.loads(line[6:]) for line in body.decode().split("\n\n") if line.startswith("data: ")]


def assert_clean(record: Record, *expected: type[Exception]) -> None:
    """No context is left on this thread, and every one that was pushed was torn down.

    As in any view, teardown hears of an error that the source raised, and of nothing else: neither of its end
    (StopIteration) nor of a client that left (GeneratorExit).
    """
    assert not has_app_context()
    assert record.pushed == record.torn_down
    assert {type(error) for error in record.errors} == set(expected)


def body_of(app: Flask) -> Generator[bytes, None, None]:
    """The body's own generator, as a server iterates it."""
    with app.test_request_context("/stream", method="POST"):
        response = app.view_functions["view"]()
    assert isinstance(response, Response)
    assert isinstance(response.response, Generator)
    return response.response


# --- on the test client -----------------------------------------------------------------------------------------------


def test_a_whole_stream_says_every_event_and_closes_its_source_once(record: Record) -> None:
    response = streaming_app(record, words(record, 3)).test_client().post("/stream")
    assert [event["content"] for event in events_of(response.data)] == ["word 0 ", "word 1 ", "word 2 "]
    assert response.mimetype == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "Connection" not in response.headers
    assert record.closed == 1
    assert_clean(record)


def test_a_comment_leaves_before_the_first_event_is_ready(record: Record) -> None:
    body = body_of(streaming_app(record, words(record, 1)))
    assert next(body) == COMMENT
    assert record.closed == 0, "the source is made on the first step after it"


def test_no_context_is_held_between_two_steps(record: Record) -> None:
    body = body_of(streaming_app(record, words(record, 3)))
    for _ in body:
        assert not has_app_context()
    assert_clean(record)


def test_one_of_our_errors_before_the_first_event_becomes_an_event(record: Record) -> None:
    def events() -> Iterator[StreamEvent]:
        raise GenerationError("The engine is gone.")

    response = streaming_app(record, events).test_client().post("/stream")
    assert response.status_code == 200
    assert events_of(response.data) == [{"error": "GenerationError", "message": "The engine is gone.", "details": None}]
    assert_clean(record, GenerationError)


def test_one_of_our_errors_after_some_events_comes_last(record: Record) -> None:
    def events() -> Iterator[StreamEvent]:
        yield Content("half")
        raise GenerationError("The engine is gone.")

    response = streaming_app(record, events).test_client().post("/stream")
    assert events_of(response.data) == [
        {"content": "half"},
        {"error": "GenerationError", "message": "The engine is gone.", "details": None},
    ]
    assert_clean(record, GenerationError)


def test_an_unexpected_error_is_logged_and_told_without_its_details(
    record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    def events() -> Iterator[StreamEvent]:
        yield Content("half")
        raise RuntimeError("secret path /home/somebody")

    response = streaming_app(record, events).test_client().post("/stream")
    assert events_of(response.data)[-1]["error"] == "InternalError"
    assert b"secret" not in response.data
    assert "secret path" in caplog.text
    assert_clean(record, RuntimeError)


def test_closed_in_mid_stream_the_source_is_closed_under_a_context(record: Record) -> None:
    body = body_of(streaming_app(record, words(record, 10)))
    next(body)
    next(body)
    body.close()
    assert record.closed == 1
    assert record.closed_in_context == [True]
    assert_clean(record)


def test_closed_from_another_thread_the_source_is_closed_there(record: Record) -> None:
    body = body_of(streaming_app(record, words(record, 10)))
    next(body)
    next(body)
    failures: list[BaseException] = []

    def close() -> None:
        try:
            body.close()
        except Exception as error:  # noqa: BLE001 - any is a failure of the test
            failures.append(error)

    thread = threading.Thread(target=close, name="closer")
    thread.start()
    thread.join()
    assert failures == []
    assert record.threads == {"closer"}
    assert_clean(record)


def test_two_streams_interleaved_on_one_thread_do_not_disturb_each_other(record: Record) -> None:
    app = streaming_app(record, words(record, 5))
    first, second = body_of(app), body_of(app)
    seen = [piece for pair in zip(first, second, strict=True) for piece in pair]
    assert len(seen) == 12
    assert [*first, *second] == []
    assert record.closed == 2
    assert_clean(record)


def test_left_to_the_garbage_collector_the_source_is_closed_all_the_same(record: Record) -> None:
    body = body_of(streaming_app(record, words(record, 10)))
    next(body)
    next(body)
    del body
    gc.collect()
    assert record.closed == 1
    assert_clean(record)


def test_never_started_it_acquires_nothing(record: Record) -> None:
    made: list[int] = []

    def events() -> Iterator[StreamEvent]:
        made.append(1)
        yield Content("word")

    body = body_of(streaming_app(record, events))
    body.close()
    assert made == []
    assert_clean(record)


def test_head_acquires_nothing(record: Record) -> None:
    app = streaming_app(record, words(record, 3))
    app.add_url_rule("/read", "read", lambda: stream(words(record, 3)))
    response = app.test_client().head("/read")
    assert response.data == b""
    assert record.closed == 0
    assert_clean(record)


def test_a_failing_close_does_not_hide_the_end(record: Record, caplog: pytest.LogCaptureFixture) -> None:
    def events() -> Iterator[StreamEvent]:
        try:
            yield Content("one")
            yield Content("two")
        finally:
            raise RuntimeError("cannot close")

    body = body_of(streaming_app(record, events))
    next(body)
    next(body)
    body.close()
    assert "closing a stream failed" in caplog.text
    assert not has_app_context()


def test_errors_before_the_stream_are_plain_responses(record: Record) -> None:
    app = streaming_app(record, words(record, 1))

    @app.post("/refused")
    def refused() -> str:
        raise GenerationError("no")

    app.register_error_handler(GenerationError, lambda error: (error.message, error.status))
    assert app.test_client().post("/refused").status_code == 502


# --- on a live waitress -----------------------------------------------------------------------------------------------


def test_live_a_whole_stream_ends_with_the_last_chunk(record: Record) -> None:
    with serving(streaming_app(record, words(record, 100))) as url:
        answer = httpx.post(f"{url}/stream", trust_env=False)
        assert len(events_of(answer.content)) == 100
    wait_for(lambda: record.closed == 1)
    assert_clean(record)


def test_live_an_error_in_mid_stream_still_ends_the_body_properly(record: Record) -> None:
    def events() -> Iterator[StreamEvent]:
        yield Content("half")
        raise RuntimeError("broken")

    with serving(streaming_app(record, events)) as url:
        answer = httpx.post(f"{url}/stream", trust_env=False)  # raises when the last chunk is missing
        assert [set(event) for event in events_of(answer.content)] == [{"content"}, {"error", "message", "details"}]
    assert_clean(record, RuntimeError)


def test_live_headers_and_the_first_comment_come_before_a_slow_first_event(record: Record) -> None:
    release = threading.Event()

    def events() -> Iterator[StreamEvent]:
        release.wait(10)
        yield Content("late")

    with serving(streaming_app(record, events)) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
        connection.request("POST", "/stream")
        response = connection.getresponse()
        assert response.read(len(COMMENT)) == COMMENT
        release.set()
        assert b"late" in response.read()
        connection.close()


def test_live_a_real_disconnect_closes_a_talking_source(record: Record) -> None:
    def events() -> Iterator[StreamEvent]:
        try:
            while True:
                time.sleep(0.01)
                yield Content("word ")
        finally:
            record.close()

    with serving(streaming_app(record, events)) as url:
        seconds = seconds_until_closed_after_leaving(url, record)
    assert seconds < SOON
    assert_clean(record)


def test_live_a_real_disconnect_closes_a_silent_source(record: Record) -> None:
    """An engine that reads a long prompt says nothing for seconds; the stream notices all the same."""

    def events() -> Iterator[StreamEvent]:
        try:
            yield Content("word ")
            while True:
                time.sleep(0.1)
                yield IDLE
        finally:
            record.close()

    with serving(streaming_app(record, events)) as url:
        seconds = seconds_until_closed_after_leaving(url, record)
    assert seconds < SOON
    assert_clean(record)


def test_live_32_at_once_are_all_served_and_a_ping_gets_through(record: Record) -> None:
    together = threading.Barrier(32)

    def events() -> Iterator[StreamEvent]:
        try:
            together.wait(20)  # passes only when all 32 are being served at one time
            for number in range(20):
                yield Content(f"{number}")
        finally:
            record.close()

    with serving(streaming_app(record, events)) as url, ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: httpx.post(f"{url}/stream", timeout=30, trust_env=False).content, range(32)))
        assert all(len(events_of(answer)) == 20 for answer in answers)
        assert httpx.get(f"{url}/ping", trust_env=False).text == "pong"
    assert record.closed == 32
    assert_clean(record)


def test_live_no_context_stays_on_a_worker_thread(record: Record) -> None:
    """After streams that ended, failed and were left, each later request starts with a context of its own."""

    def events() -> Iterator[StreamEvent]:
        yield Content("one")
        raise RuntimeError("broken")

    app = streaming_app(record, events)
    seen: list[bool] = []

    @app.get("/g")
    def dirty() -> str:
        from flask import g

        seen.append("mark" in g)
        g.mark = 1
        return "ok"

    with serving(app) as url:
        for _ in range(8):
            httpx.post(f"{url}/stream", trust_env=False)
            sock = leave_after_headers(url)
            sock.close()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: httpx.get(f"{url}/g", trust_env=False), range(64)))
    assert seen == [False] * 64
    wait_for(lambda: record.pushed == record.torn_down)
    assert_clean(record, RuntimeError)


def leave_after_headers(url: str) -> socket.socket:
    parts = urlsplit(url)
    sock = socket.create_connection((parts.hostname, parts.port or 80), timeout=5)
    sock.sendall(b"POST /stream HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")
    received = b""
    while b"word" not in received and b"one" not in received:
        received += sock.recv(4096)
    return sock


def seconds_until_closed_after_leaving(url: str, record: Record) -> float:
    leave_after_headers(url).close()
    left = time.monotonic()
    wait_for(lambda: record.closed == 1)
    return time.monotonic() - left


def wait_for(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.002)
