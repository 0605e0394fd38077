"""The whole way through a real Ollama: chat, thinking, stop, missing models, failures, pulls."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from flask import Flask

from tests.chatting import ask, messages_of, refused, streaming, text_of, thought_of, wait_for
from tests.conftest import SOON, serving
from tests.real_ollama import CHAT_MODEL, THINKING_MODEL, Ollama

pytestmark = pytest.mark.ollama


@pytest.fixture
def http(make_app: Callable[..., Flask], real_ollama: Ollama) -> Iterator[httpx.Client]:
    with over(make_app, real_ollama) as session:
        yield session


@pytest.fixture
def empty(make_app: Callable[..., Flask], empty_ollama: Ollama) -> Iterator[httpx.Client]:
    with over(make_app, empty_ollama) as session:
        yield session


class over:  # noqa: N801 - reads as a word where it is used
    """A client of the app over one Ollama."""

    def __init__(self, make_app: Callable[..., Flask], ollama: Ollama) -> None:
        self._serving = serving(make_app(ollama_host=ollama.host))

    def __enter__(self) -> httpx.Client:
        self._client = httpx.Client(base_url=self._serving.__enter__(), timeout=60, trust_env=False)
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._serving.__exit__(None, None, None)


def test_it_answers_by_itself_when_it_is_there(http: httpx.Client) -> None:
    active = http.get("/api/models/active").json()
    assert active["engine"] == "ollama"
    assert not active["chosen"]


def test_an_answer_streams_and_is_kept_with_the_engines_own_counts(http: httpx.Client) -> None:
    events = ask(http, "Name three colours.", model=CHAT_MODEL, options={"max_tokens": 24})
    assert events[0]["model"] == CHAT_MODEL
    assert len([event for event in events if "content" in event]) > 3
    done = events[-1]
    assert done["done"] is True
    assert done["stopped"] is False
    assert 3 < done["usage"]["completion_tokens"] <= 24
    assert done["usage"]["prompt_tokens"] > 10
    kept = messages_of(http, events[0]["conversation_id"])
    assert [message["role"] for message in kept] == ["user", "assistant"]
    assert kept[1]["content"] == text_of(events)
    assert kept[1]["status"] == "done"
    assert kept[1]["usage"] == done["usage"]


def test_the_window_that_was_promised_is_the_window_that_is_loaded(http: httpx.Client, real_ollama: Ollama) -> None:
    events = ask(http, "Hello", model=CHAT_MODEL, options={"max_tokens": 4, "context_window": 4096})
    assert events[0]["budget"]["window"] == 4096
    loaded = {row["name"]: row for row in real_ollama.client.get("/api/ps").json()["models"]}
    assert loaded[CHAT_MODEL]["context_length"] == 4096


def test_thinking_is_kept_apart(http: httpx.Client) -> None:
    events = ask(http, "What is 2 + 2?", model=THINKING_MODEL, options={"max_tokens": 40, "think": True})
    assert thought_of(events)
    answer = messages_of(http, events[0]["conversation_id"])[1]
    assert answer["thinking"] == thought_of(events)
    assert answer["content"] == text_of(events)


def test_stop_ends_the_answer_and_frees_the_engine(http: httpx.Client) -> None:
    with streaming(
        http, "/api/chat", json={"message": "Write a very long story about the sea.", "model": CHAT_MODEL}
    ) as events:
        started = next(events)
        for _, event in zip(range(5), events, strict=False):
            assert "content" in event
        assert http.post(f"/api/chat/{started['message_id']}/stop").json() == {"ok": True}
        rest = list(events)
    assert rest[-1]["stopped"] is True
    answer = messages_of(http, started["conversation_id"])[1]
    assert answer["status"] == "stopped"
    assert answer["content"]
    # The one slot is free at once: the next answer does not wait for the rest of the story.
    again = ask(http, "Hello", model=CHAT_MODEL, options={"max_tokens": 4})
    assert again[-1]["usage"]["first_token_seconds"] < 3 * SOON


def test_a_model_that_is_not_there_is_refused_by_name(http: httpx.Client) -> None:
    status, code = refused(http, "POST", "/api/chat", json={"message": "Hello", "model": "llama3.2:1b"})
    assert (status, code) == (404, "ModelNotFound")


def test_a_runner_that_is_killed_in_mid_answer_is_an_error_event_and_the_next_answer_works(
    http: httpx.Client, real_ollama: Ollama
) -> None:
    with streaming(http, "/api/chat", json={"message": "Write a very long story.", "model": CHAT_MODEL}) as events:
        started = next(events)
        next(events)
        for child in psutil.Process(real_ollama.process.pid).children(recursive=True):
            os.kill(child.pid, signal.SIGKILL)
        rest = list(events)
    assert rest[-1]["error"] == "GenerationError"
    answer = messages_of(http, started["conversation_id"])[1]
    assert answer["status"] == "failed"
    assert answer["content"], "what was written is kept"
    assert ask(http, "Hello", model=CHAT_MODEL, options={"max_tokens": 4})[-1]["done"] is True


def test_a_server_that_is_killed_in_mid_answer_is_an_error_event_and_the_partial_answer_is_kept(
    empty: httpx.Client, empty_ollama: Ollama
) -> None:
    empty_ollama.create(CHAT_MODEL)
    with streaming(empty, "/api/chat", json={"message": "Write a very long story.", "model": CHAT_MODEL}) as events:
        started = next(events)
        next(events)
        os.killpg(empty_ollama.process.pid, signal.SIGKILL)
        rest = list(events)
    assert rest[-1]["error"] == "GenerationError"
    assert messages_of(empty, started["conversation_id"])[1]["content"]
    status, code = refused(empty, "POST", "/api/chat", json={"message": "Hello", "model": CHAT_MODEL})
    assert (status, code) == (503, "EngineUnavailable")


def test_a_prompt_that_is_counted_as_too_long_is_fitted_again_and_never_cut(http: httpx.Client) -> None:
    """Emoji and rare letters cost several tokens each, more than any estimate from characters says."""
    first = ask(http, "Remember: " + "🜁🜂🜃🜄 " * 120, model=CHAT_MODEL, options={"max_tokens": 4, "context_window": 4096})
    assert "error" not in first[-1], first[-1]
    conversation = first[0]["conversation_id"]
    events = ask(
        http,
        "And again: " + "🜁🜂🜃🜄 " * 120,
        model=CHAT_MODEL,
        conversation_id=conversation,
        options={"max_tokens": 4, "context_window": 4096},
    )
    last_announced = [event for event in events if "budget" in event][-1]["budget"]
    assert events[-1].get("done") or events[-1]["error"] == "ContextOverflow"
    if events[-1].get("done"):
        assert events[-1]["usage"]["prompt_tokens"] <= last_announced["window"]


# --- models -----------------------------------------------------------------------------------------------------------


def test_models_are_listed_with_what_they_can_do(http: httpx.Client) -> None:
    listed = {model["name"]: model for model in http.get("/api/models").json()["models"]}
    assert "thinking" in listed[THINKING_MODEL]["capabilities"]
    assert "completion" in listed[CHAT_MODEL]["capabilities"]
    assert listed[CHAT_MODEL]["context_window"] == 8192
    assert listed[CHAT_MODEL]["size"] > 90_000_000
    assert listed["builtin/smollm2-135m"]["engine"] == "builtin"


def test_a_model_is_chosen_and_stays_chosen(http: httpx.Client) -> None:
    assert http.put("/api/models/active", json={"model": THINKING_MODEL}).json()["model"] == THINKING_MODEL
    assert http.get("/api/models/active").json()["chosen"] is True
    assert ask(http, "Hi", options={"max_tokens": 2})[0]["model"] == THINKING_MODEL
    assert http.put("/api/models/active", json={"model": None}).json()["chosen"] is False


def test_a_model_is_tested(http: httpx.Client) -> None:
    tested = http.post(f"/api/models/{CHAT_MODEL}/test").json()
    assert tested["answer"]
    assert tested["tokens_per_second"] > 0


def test_a_pull_reports_bytes_and_brings_the_model(
    empty: httpx.Client, empty_ollama: Ollama, ollama_registry: Callable[..., str]
) -> None:
    name = ollama_registry()
    with streaming(empty, "/api/models/pull", json={"model": name}) as stream:
        events = list(stream)
    assert events[-1]["status"] == "success"
    moving = [event for event in events if event["status"] == "downloading"]
    assert moving
    assert all(event["completed"] is None or event["completed"] <= event["total"] for event in moving)
    assert any(CHAT_MODEL in known for known in empty_ollama.names())
    [model] = [model for model in empty.get("/api/models").json()["models"] if model["engine"] == "ollama"]
    assert empty.delete(f"/api/models/{model['name']}").json() == {"ok": True}
    assert empty_ollama.names() == []


def test_a_pull_that_is_left_goes_on_and_a_cancelled_one_resumes_where_it_was(
    empty: httpx.Client, empty_ollama: Ollama, ollama_registry: Callable[..., str]
) -> None:
    name = ollama_registry(20_000)  # kB/s: the 98 MB take about five seconds
    with streaming(empty, "/api/models/pull", json={"model": name}) as stream:
        first = next(event for event in stream if event["completed"])
    wait_for(lambda: empty.get("/api/models").json()["pulls"][0]["completed"] > first["completed"])
    assert empty.delete(f"/api/models/pull/{first['id']}").json() == {"ok": True}
    wait_for(lambda: empty.get("/api/models").json()["pulls"] == [])
    assert empty_ollama.names() == []
    partial = sum(path.stat().st_blocks * 512 for path in blobs(empty_ollama))
    assert partial > 0

    with streaming(empty, "/api/models/pull", json={"model": name}) as stream:
        again = list(stream)
    assert again[-1]["status"] == "success"
    assert next(event for event in again if event["completed"])["completed"] > 0
    assert empty_ollama.names() != []


def test_two_pulls_of_one_model_are_one(empty: httpx.Client, ollama_registry: Callable[..., str]) -> None:
    name = ollama_registry(20_000)
    with (
        streaming(empty, "/api/models/pull", json={"model": name}) as one,
        streaming(empty, "/api/models/pull", json={"model": name}) as two,
    ):
        first, second = next(one), next(two)
        assert first["id"] == second["id"]
        empty.delete(f"/api/models/pull/{first['id']}")
        assert list(one)[-1]["status"] == "cancelled"
        assert list(two)[-1]["status"] == "cancelled"


def test_an_unknown_model_of_the_registry_is_an_error_event(
    empty: httpx.Client, ollama_registry: Callable[..., str]
) -> None:
    name = ollama_registry().replace(CHAT_MODEL, "nothing:here")
    with streaming(empty, "/api/models/pull", json={"model": name}) as stream:
        assert list(stream)[-1]["error"] == "PullError"


def test_a_corrupt_download_is_an_error_event_and_no_model(
    empty: httpx.Client, empty_ollama: Ollama, ollama_registry: Callable[..., str]
) -> None:
    with streaming(empty, "/api/models/pull", json={"model": ollama_registry(corrupt=True)}) as stream:
        assert list(stream)[-1]["error"] == "PullError"
    assert empty_ollama.names() == []


def blobs(ollama: Ollama) -> list[Path]:
    return [path for path in (ollama.models_folder / "blobs").rglob("*") if path.is_file()]
