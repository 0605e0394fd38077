"""Small apps whose one endpoint streams, and what their contexts did."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flask import Flask, Response, has_app_context

from backend.api.sse import stream
from backend.services.events import Content, StreamEvent

Events = Callable[[], Iterator[StreamEvent]]


@dataclass
class Record:
    """What happened around a stream: contexts pushed and torn down, errors that teardown heard of, closed sources."""

    pushed: int = 0
    torn_down: int = 0
    errors: list[BaseException] = field(default_factory=list)
    closed: int = 0
    closed_in_context: list[bool] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        with self.lock:
            self.closed += 1
            self.closed_in_context.append(has_app_context())
            self.threads.add(threading.current_thread().name)


def watched_app(record: Record) -> Flask:
    """An app that counts its app contexts."""
    from flask import appcontext_pushed

    app = Flask("streams")

    def pushed(_sender: object, **_: object) -> None:
        with record.lock:
            record.pushed += 1

    appcontext_pushed.connect(pushed, app, weak=False)

    @app.teardown_appcontext
    def torn_down(error: BaseException | None) -> None:
        with record.lock:
            record.torn_down += 1
            if error is not None:
                record.errors.append(error)

    return app


def streaming_app(record: Record, events: Events) -> Flask:
    app = watched_app(record)

    @app.post("/stream")
    def view() -> Response:
        return stream(events)

    @app.get("/ping")
    def ping() -> str:
        return "pong"

    return app


def words(record: Record, count: int) -> Events:
    """A source of `count` words that notes when it is closed."""

    def events() -> Iterator[StreamEvent]:
        try:
            for number in range(count):
                assert has_app_context()
                yield Content(f"word {number} ")
        finally:
            record.close()

    return events
