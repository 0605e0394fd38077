"""Asking over HTTP as the page does, for tests: one stream, read event by event."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

Event = dict[str, Any]


@contextmanager
def streaming(http: httpx.Client, path: str, **request: Any) -> Iterator[Iterator[Event]]:
    """The events of one POST; leaving the block leaves the stream."""
    with http.stream("POST", path, **request) as response:
        if response.status_code != 200:
            response.read()
        assert response.status_code == 200, response.text

        def events() -> Iterator[Event]:
            for line in response.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line[6:])

        yield events()


def ask(http: httpx.Client, message: str, **body: Any) -> list[Event]:
    """All events of an answer."""
    with streaming(http, "/api/chat", json={"message": message, **body}) as events:
        return list(events)


def refused(http: httpx.Client, method: str, path: str, **request: Any) -> tuple[int, str]:
    """Status and code of an answer that must be an error in the contract's shape."""
    response = http.request(method, path, **request)
    body = response.json()
    assert set(body) - {"details"} == {"error", "message"}, body
    assert len(body["message"]) > 10
    return response.status_code, body["error"]


def text_of(events: list[Event]) -> str:
    return "".join(event.get("content", "") for event in events)


def thought_of(events: list[Event]) -> str:
    return "".join(event.get("thinking", "") for event in events)


def messages_of(http: httpx.Client, conversation_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get(f"/api/conversations/{conversation_id}").json()["messages"]
    return found


def wait_for(condition: Callable[[], object], seconds: float = 30.0) -> float:
    """Seconds until the condition held; fails when it does not in time."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.005)
    return time.monotonic() - began
