"""Open sentences of an answer, checked again over HTTP: what is settled and kept, refusals, faults, stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from flask import Flask

from backend.services.events import CheckStep
from backend.services.question import Question
from tests.chatting import refused, streaming, wait_for
from tests.checks import (
    CONTENT,
    CONTRADICTED,
    COSTS,
    LEASE,
    NOT_STATED,
    SENTENCES,
    STRONG,
    SUPPORTED,
    citations,
    keep,
    verdict,
)
from tests.conftest import NOBODY, SOON, services_of
from tests.ollama_script import SMOLLM2, Answer
from tests.ollama_stand_in import StandIn

BROKEN = Answer(tokens=("I am ", "sorry, ", "no JSON."))


@pytest.fixture
def app(make_app: Callable[..., Flask], ollama_stand_in: StandIn) -> Flask:
    ollama_stand_in.models = {model.name: model for model in (SMOLLM2, STRONG)}
    return make_app(ollama_host=ollama_stand_in.host)


@pytest.fixture
def kept(app: Flask) -> tuple[str, str]:
    """The conversation and the answer in it."""
    return keep(services_of(app).conversations)


def check(http: httpx.Client, message: str, **body: Any) -> list[dict[str, Any]]:
    with streaming(http, f"/api/messages/{message}/check", json=body) as events:
        return list(events)


def proof_of(http: httpx.Client, kept: tuple[str, str]) -> list[dict[str, Any]]:
    messages = http.get(f"/api/conversations/{kept[0]}").json()["messages"]
    found: list[dict[str, Any]] = next(one for one in messages if one["id"] == kept[1])["proof"]["citations"]
    return found


def verdicts(http: httpx.Client, kept: tuple[str, str]) -> list[str]:
    return [one["verdict"] for one in proof_of(http, kept)]


def test_each_open_sentence_is_settled_and_kept(
    http: httpx.Client, kept: tuple[str, str], ollama_stand_in: StandIn
) -> None:
    assert http.get("/api/models/active").json()["checker"] == STRONG.name
    ollama_stand_in.answers.extend([SUPPORTED, COSTS, CONTRADICTED, NOT_STATED])
    first, *steps, done = check(http, kept[1])
    assert first == {"message_id": kept[1], "model": STRONG.name, "total": 4}
    assert [(one["sentence"], one["checked"], one["citation"]["verdict"]) for one in steps] == [
        (0, 1, "supported"), (1, 2, "supported"), (2, 3, "contradicted"), (3, 4, "unsupported"),
    ]  # fmt: skip
    assert done == {
        "done": True, "checked": 4, "supported": 2, "marked": 2, "open": 0, "unread": 0, "stopped": False,
    }  # fmt: skip
    found = proof_of(http, kept)
    assert [one["citation"] for one in steps] == found[:4]
    # A question says nothing that could be checked.
    assert (found[4]["verdict"], found[4]["checked_by"]) == ("open", None)
    assert {one["checked_by"] for one in found[:4]} == {STRONG.name}

    chats = ollama_stand_in.chats()
    assert all(chat["format"]["properties"]["verdict"]["enum"][0] == "supported" for chat in chats)
    assert all(chat["think"] is False and chat["options"]["temperature"] == 0 for chat in chats)
    assert [chat["model"] for chat in chats] == [STRONG.name] * 4
    # All but the sentence stays the same, so that the engine reads the passages once.
    asked = [chat["messages"][1]["content"] for chat in chats]
    assert all(text.startswith("[1] Lease.pdf, page 1 (Term)") for text in asked)
    assert asked[1].endswith(f"The sentence before it: {SENTENCES[0]}\n\nThe sentence to check: {SENTENCES[1]}")

    # Nothing is left to ask this model about.
    assert check(http, kept[1])[-1]["checked"] == 0
    assert len(ollama_stand_in.chats()) == 4


def test_what_is_not_believed_stays_open_and_is_not_asked_again(
    http: httpx.Client, kept: tuple[str, str], ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = verdict("supported", "Everybody may leave whenever they like", 1)
    *_, done = check(http, kept[1])
    assert (done["open"], done["supported"], done["unread"]) == (4, 0, 0)
    assert verdicts(http, kept) == ["open"] * 5
    assert proof_of(http, kept)[0]["checked_by"] == STRONG.name
    assert check(http, kept[1])[0]["total"] == 0


def test_marked_sentences_are_asked_about_after_the_open_ones_when_that_is_wished(
    app: Flask, http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    found = citations()
    found[0] = replace(found[0], verdict="unsupported")
    kept = keep(services_of(app).conversations, found)
    ollama_stand_in.answers.extend([COSTS, CONTRADICTED, NOT_STATED, SUPPORTED])
    steps = check(http, kept[1], marked=True)[1:-1]
    assert [(one["sentence"], one["citation"]["verdict"]) for one in steps] == [
        (1, "supported"), (2, "contradicted"), (3, "unsupported"), (0, "supported"),
    ]  # fmt: skip


def test_a_reply_that_cannot_be_read_costs_its_sentence_alone(
    http: httpx.Client, kept: tuple[str, str], ollama_stand_in: StandIn
) -> None:
    cut = Answer(tokens=('{"words": "Until', " that day"))
    ollama_stand_in.answers.extend([BROKEN, SUPPORTED, BROKEN, cut, CONTRADICTED, NOT_STATED])
    *_, done = check(http, kept[1])
    assert verdicts(http, kept) == ["supported", "open", "contradicted", "unsupported", "open"]
    assert (done["checked"], done["unread"], done["open"]) == (4, 1, 1)
    # It may be asked about once more.
    ollama_stand_in.answers.append(COSTS)
    assert check(http, kept[1])[0]["total"] == 1
    assert verdicts(http, kept)[1] == "supported"


def test_a_model_that_never_keeps_to_the_form_is_said_to(
    http: httpx.Client, kept: tuple[str, str], ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = BROKEN
    last = check(http, kept[1])[-1]
    assert (last["error"], last["details"]["reason"]) == ("GenerationError", "reply_unreadable")
    assert len(ollama_stand_in.chats()) == 8


@pytest.mark.parametrize("fault", [{"cut": True, "until": 2}, {"error": "CUDA out of memory", "until": 2}])
def test_an_engine_that_goes_in_the_middle_leaves_what_was_settled(
    http: httpx.Client, kept: tuple[str, str], ollama_stand_in: StandIn, fault: dict[str, Any]
) -> None:
    ollama_stand_in.answers.extend([SUPPORTED, replace(COSTS, **fault)])
    *steps, last = check(http, kept[1])[1:]
    assert len(steps) == 1
    assert last["error"] in ("GenerationError", "EngineUnavailable")
    assert verdicts(http, kept) == ["supported", "open", "open", "open", "open"]
    # And it can be gone on with.
    ollama_stand_in.answers.extend([COSTS, CONTRADICTED, NOT_STATED])
    assert check(http, kept[1])[0]["total"] == 3
    assert verdicts(http, kept)[1] == "supported"


def test_stopping_and_leaving_keep_what_was_settled(
    http: httpx.Client, kept: tuple[str, str], ollama_stand_in: StandIn
) -> None:
    path = f"/api/messages/{kept[1]}/check"
    ollama_stand_in.answers.extend([SUPPORTED, replace(COSTS, first_token_seconds=120)])
    began = time.monotonic()
    with streaming(http, path) as events:
        found = [next(events), next(events)]
        wait_for(lambda: len(ollama_stand_in.chats()) == 2)
        assert http.post(f"{path}/stop").json() == {"ok": True}
        found += list(events)
    assert (found[-1]["stopped"], found[-1]["checked"]) == (True, 1)
    assert verdicts(http, kept)[:2] == ["supported", "open"]

    ollama_stand_in.answers.append(replace(COSTS, first_token_seconds=120))
    with streaming(http, path) as events:
        next(events)
        wait_for(lambda: len(ollama_stand_in.chats()) == 3)
    wait_for(lambda: len(ollama_stand_in.left) == 2)
    assert time.monotonic() - began < 2 * SOON
    # The next one may begin.
    ollama_stand_in.answers.extend([COSTS, CONTRADICTED, NOT_STATED])

    def again() -> bool:
        return http.post(path).status_code == 200

    wait_for(again)
    assert verdicts(http, kept)[1] == "supported"
    assert http.post(f"{path}/stop").json() == {"ok": True}
    assert refused(http, "POST", "/api/messages/missing/check/stop") == (404, "NotFound")


def test_one_at_a_time_and_a_question_goes_first(
    app: Flask, http: httpx.Client, kept: tuple[str, str], ollama_stand_in: StandIn
) -> None:
    chat = services_of(app).chat
    ollama_stand_in.answers.append(Answer(tokens=("Long",), first_token_seconds=1.5))
    answer = chat.answer(chat.prepare(Question("Why?", use_documents=False)))
    writer = threading.Thread(target=lambda: list(answer))
    writer.start()
    wait_for(lambda: chat.answering)
    ollama_stand_in.answers.extend([SUPPORTED, COSTS, CONTRADICTED, NOT_STATED])
    with streaming(http, f"/api/messages/{kept[1]}/check") as events:
        next(events)
        assert refused(http, "POST", f"/api/messages/{kept[1]}/check") == (409, "Conflict")
        assert len(ollama_stand_in.chats()) == 1
        next(events)
        assert not chat.answering
        list(events)
    writer.join()
    assert verdicts(http, kept)[0] == "supported"


def test_a_second_one_that_slipped_through_is_refused_in_its_stream(
    app: Flask, http: httpx.Client, kept: tuple[str, str], ollama_stand_in: StandIn
) -> None:
    checking = services_of(app).checking
    first, second = checking.prepare(kept[1]), checking.prepare(kept[1])
    ollama_stand_in.answers.append(SUPPORTED)
    running = checking.run(first)
    next(running)
    with pytest.raises(Exception, match="Another answer is being checked"):
        next(checking.run(second))
    # It did not take the first one's place.
    assert any(isinstance(event, CheckStep) for event in running)


def test_a_message_that_is_deleted_meanwhile_ends_it(
    http: httpx.Client, kept: tuple[str, str], ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answers.extend([SUPPORTED, replace(COSTS, first_token_seconds=1.0)])
    with streaming(http, f"/api/messages/{kept[1]}/check") as events:
        next(events), next(events)
        http.delete(f"/api/conversations/{kept[0]}")
        (last,) = list(events)
    assert (last["error"], last["details"]["reason"]) == ("NotFound", "message_gone")
    assert len(ollama_stand_in.chats()) == 2


def test_what_cannot_be_checked_is_refused(
    app: Flask, http: httpx.Client, kept: tuple[str, str], ollama_stand_in: StandIn
) -> None:
    assert refused(http, "POST", "/api/messages/missing/check") == (404, "NotFound")
    _, writing = keep(services_of(app).conversations, finished=False)
    assert refused(http, "POST", f"/api/messages/{writing}/check") == (409, "Conflict")
    # An answer without sources has no sentences to ask about.
    question = services_of(app).conversations.message(kept[1]).parent_id
    assert check(http, str(question))[-1]["checked"] == 0
    ollama_stand_in.models = {SMOLLM2.name: SMOLLM2}
    wait_for(lambda: http.get("/api/models").json() and http.get("/api/models/active").json()["checker"] is None)
    body = http.post(f"/api/messages/{kept[1]}/check").json()
    assert (body["error"], body["details"]["reason"]) == ("EngineUnavailable", "no_checker")


def test_without_ollama_nothing_can_check(make_app: Callable[..., Flask]) -> None:
    app = make_app(ollama_host=NOBODY)
    kept = keep(services_of(app).conversations)
    client = app.test_client()
    assert client.get("/api/models/active").get_json()["checker"] is None
    assert client.post(f"/api/messages/{kept[1]}/check").status_code == 503


def test_a_window_that_is_too_small_keeps_the_best_passages_that_fit(
    app: Flask, http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    http.patch("/api/settings", json={"context_window": 2048})
    store = services_of(app).conversations
    identity, message = keep(store)
    lease, rent = store.message(message).sources
    store.keep_sources(message, [{**lease, "text": lease["text"] + " More of it." * 600}, rent])
    ollama_stand_in.answers.append(NOT_STATED)
    ollama_stand_in.answer = verdict("supported", "plus an advance on operating costs of 310.00 euros", 1)
    check(http, message)
    asked = ollama_stand_in.chats()[0]["messages"][1]["content"]
    assert asked.startswith("[1] Lease.pdf, page 2")
    assert LEASE not in asked
    first, second, *_ = proof_of(http, (identity, message))
    # What the model was not shown may say it.
    assert first["verdict"] == "open"
    # It is the second source of the answer, by whichever number the model knows it.
    assert (second["verdict"], second["support"][0]["source"]) == ("supported", 2)


def test_it_goes_with_exports_and_comes_back(
    http: httpx.Client, kept: tuple[str, str], ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answers.extend([SUPPORTED, COSTS, CONTRADICTED, NOT_STATED])
    check(http, kept[1])
    before = proof_of(http, kept)
    exported = http.get(f"/api/conversations/{kept[0]}/export", params={"format": "json"}).content
    assert b"qwen3:8b" in exported
    http.delete(f"/api/conversations/{kept[0]}")
    http.post("/api/conversations/import", files={"file": ("back.json", exported)})
    (row,) = http.get("/api/conversations").json()["conversations"]
    messages = http.get(f"/api/conversations/{row['id']}").json()["messages"]
    assert messages[-1]["content"] == CONTENT
    assert messages[-1]["proof"]["citations"] == before
