"""Chat over real HTTP, with a stand-in for Ollama that fails as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from flask import Flask

from backend.services.question import title_of
from tests.chatting import ask, messages_of, refused, streaming, text_of, thought_of, wait_for
from tests.conftest import NOBODY, SOON, services_of, serving
from tests.ollama_script import MINILM, SMOLLM2, Answer, Model
from tests.ollama_stand_in import StandIn

MODEL = SMOLLM2.name
LONG = tuple(f" word{number}" for number in range(2000))


@pytest.fixture
def app(make_app: Callable[..., Flask], ollama_stand_in: StandIn) -> Flask:
    return make_app(ollama_host=ollama_stand_in.host)


def test_events_come_in_the_order_of_the_contract(http: httpx.Client) -> None:
    events = ask(http, "What colour is the sky?")
    first, last = events[0], events[-1]
    assert {"conversation_id", "message_id", "model", "sources", "budget"} <= set(first)
    assert [set(event) for event in events[1:-1]] == [{"content"}] * (len(events) - 2)
    assert text_of(events) == "The sky is blue."
    assert last["done"] is True
    assert last["stopped"] is False
    assert last["usage"]["completion_tokens"] == 5


def test_nothing_is_cut_in_silence(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ask(http, "Hello")
    [sent] = ollama_stand_in.chats()
    assert sent["truncate"] is False
    assert sent["shift"] is False
    assert sent["options"]["num_ctx"] == 8192


def test_thinking_is_kept_apart(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(thinking=("Let me", " see."), tokens=("Blue",))
    events = ask(http, "Sky?", model="smollm2-think:latest", options={"think": True})
    assert (thought_of(events), text_of(events)) == ("Let me see.", "Blue")
    answer = messages_of(http, events[0]["conversation_id"])[1]
    assert (answer["thinking"], answer["content"]) == ("Let me see.", "Blue")


def test_a_conversation_goes_on_with_its_history(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    conversation = ask(http, "First question")[0]["conversation_id"]
    ask(http, "Second question", conversation_id=conversation)
    sent = [message["content"] for message in ollama_stand_in.chats()[-1]["messages"] if message["role"] != "system"]
    assert sent == ["First question", "The sky is blue.", "Second question"]
    assert len(messages_of(http, conversation)) == 4


def test_a_history_that_does_not_fit_is_left_out_whole_and_counted(
    http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    conversation = ask(http, "An old question. " + "word " * 1500, options={"context_window": 4096})[0][
        "conversation_id"
    ]
    ask(http, "A newer question. " + "word " * 1000, conversation_id=conversation, options={"context_window": 4096})
    events = ask(http, "And now? " + "word " * 500, conversation_id=conversation, options={"context_window": 4096})
    budget = events[0]["budget"]
    assert budget["history_left_out"] >= 2
    assert budget["system"] + budget["history"] + budget["question"] + budget["free"] == budget["window"] == 4096
    sent = ollama_stand_in.chats()[-1]["messages"]
    assert not any("An old question" in message["content"] for message in sent)
    assert sent[1]["role"] == "user", "no answer without its question"


def test_a_prompt_the_engine_counts_as_too_long_is_fitted_again(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    """The engine's count is the truth: here it counts two thirds more than we estimate."""
    ollama_stand_in.count = lambda messages: sum(len(message["content"]) for message in messages) * 5 // 10
    conversation = ask(http, "Old: " + "word " * 700, options={"context_window": 4096})[0]["conversation_id"]
    ask(http, "Newer: " + "word " * 700, conversation_id=conversation, options={"context_window": 4096})
    events = ask(http, "Now: " + "word " * 500, conversation_id=conversation, options={"context_window": 4096})
    assert text_of(events) == "The sky is blue."
    announced = [event["budget"] for event in events if "budget" in event]
    assert len(announced) == 2, "said again, since less is sent than was announced"
    assert announced[1]["history_left_out"] > announced[0]["history_left_out"]


def test_the_first_question_again_is_another_answer_to_it(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    first = ask(http, "Sky?")[0]
    ollama_stand_in.answer = Answer(tokens=("Grey",))
    again = ask(http, "Sky?", conversation_id=first["conversation_id"], parent_id=None)[0]
    assert again["question_id"] == first["question_id"]
    assert [message["content"] for message in messages_of(http, first["conversation_id"])] == [
        "Sky?",
        "The sky is blue.",
        "Grey",
    ]
    assert len(ollama_stand_in.chats()[-1]["messages"]) == 2, "system and question: the other answer is not its history"


def test_without_a_parent_a_question_follows_the_last_answer(http: httpx.Client) -> None:
    first = ask(http, "Sky?")[0]
    ask(http, "Sky?", conversation_id=first["conversation_id"])
    assert len(messages_of(http, first["conversation_id"])) == 4


def test_an_answer_is_written_again_beside_the_first(http: httpx.Client) -> None:
    first = ask(http, "One")[0]
    second = ask(http, "Two", conversation_id=first["conversation_id"])[0]
    again = ask(http, "Two", conversation_id=first["conversation_id"], parent_id=first["message_id"])[0]
    assert again["question_id"] == second["question_id"]
    messages = {message["id"]: message for message in messages_of(http, first["conversation_id"])}
    assert messages[again["message_id"]]["parent_id"] == messages[second["message_id"]]["parent_id"]


# --- stopping and leaving ---------------------------------------------------------------------------------------------


def test_stop_keeps_what_was_written_and_the_engine_stops(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=LONG, tokens_per_second=100)
    with streaming(http, "/api/chat", json={"message": "Go on"}) as events:
        started = next(events)
        for _ in range(5):
            next(events)
        http.post(f"/api/chat/{started['message_id']}/stop")
        stopped = time.monotonic()
        rest = list(events)
    assert rest[-1]["stopped"] is True
    wait_for(lambda: ollama_stand_in.left)
    assert ollama_stand_in.left[0] - stopped < SOON
    answer = messages_of(http, started["conversation_id"])[1]
    assert answer["status"] == "stopped"
    assert answer["content"].startswith(" word0 word1")


def test_leaving_the_stream_stops_the_engine(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=LONG, tokens_per_second=50)
    with streaming(http, "/api/chat", json={"message": "Go on"}) as events:
        started = next(events)
        for _ in range(5):
            next(events)
    left = time.monotonic()
    wait_for(lambda: ollama_stand_in.left)
    assert ollama_stand_in.left[0] - left < SOON
    wait_for(lambda: messages_of(http, started["conversation_id"])[1]["status"] == "stopped")
    assert messages_of(http, started["conversation_id"])[1]["content"].startswith(" word0")


def test_leaving_while_the_engine_still_reads_the_prompt_stops_it_too(
    http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = Answer(first_token_seconds=40)
    with streaming(http, "/api/chat", json={"message": "Go on"}) as events:
        next(events)
        wait_for(ollama_stand_in.chats)
    left = time.monotonic()
    wait_for(lambda: ollama_stand_in.left)
    assert ollama_stand_in.left[0] - left < SOON


def test_stopping_an_answer_that_has_ended_is_no_error_and_an_unknown_one_is(http: httpx.Client) -> None:
    started = ask(http, "Hello")[0]
    assert http.post(f"/api/chat/{started['message_id']}/stop").json() == {"ok": True}
    assert refused(http, "POST", "/api/chat/nope/stop") == (404, "NotFound")


def test_closing_the_app_in_mid_answer_keeps_it_as_interrupted(
    make_app: Callable[..., Flask], ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = Answer(tokens=LONG, tokens_per_second=50)
    app = make_app(ollama_host=ollama_stand_in.host)
    with serving(app) as url, httpx.Client(base_url=url, trust_env=False) as http:
        with streaming(http, "/api/chat", json={"message": "Go on"}) as events:
            started = next(events)
            next(events)
            began = time.monotonic()
            services_of(app).close()
            assert time.monotonic() - began < SOON
            list(events)
        assert messages_of(http, started["conversation_id"])[1]["status"] == "interrupted"


def test_deleting_a_conversation_stops_its_answer(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=LONG, tokens_per_second=50)
    with streaming(http, "/api/chat", json={"message": "Go on"}) as events:
        started = next(events)
        next(events)
        http.delete(f"/api/conversations/{started['conversation_id']}").raise_for_status()
        list(events)
    assert refused(http, "GET", f"/api/conversations/{started['conversation_id']}") == (404, "NotFound")
    wait_for(lambda: ollama_stand_in.left)


def test_what_was_streamed_is_on_disk_before_the_answer_ends(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=LONG, tokens_per_second=100)
    with streaming(http, "/api/chat", json={"message": "Go on"}) as events:
        started = next(events)

        def kept() -> str:
            return str(messages_of(http, started["conversation_id"])[1]["content"])

        reader = threading.Thread(target=lambda: [None for _ in zip(range(100), events, strict=False)])
        reader.start()
        wait_for(lambda: len(kept()) > 50, 3)
        reader.join()


# --- 32 at once -------------------------------------------------------------------------------------------------------


def test_32_answers_at_once_are_all_whole(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=LONG[:100], tokens_per_second=100)

    def one(number: int) -> str:
        return text_of(ask(http, f"Question {number}"))

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(one, range(32)))
    assert answers == ["".join(LONG[:100])] * 32
    assert http.get("/api/conversations").json()["total"] == 32


# --- trouble ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(tokens=LONG, until=5, error="an error was encountered while running the model: unexpected EOF"),
        Answer(tokens=LONG, until=5, cut=True),
    ],
    ids=["says so", "breaks off"],
)
def test_an_engine_that_fails_in_mid_answer_is_an_event_and_its_words_are_kept(
    http: httpx.Client, ollama_stand_in: StandIn, trouble: Answer
) -> None:
    ollama_stand_in.answers.append(trouble)
    events = ask(http, "Go on")
    assert events[-1]["error"] == "GenerationError"
    assert text_of(events).startswith(" word0 word1")
    answer = messages_of(http, events[0]["conversation_id"])[1]
    assert answer["status"] == "failed"
    assert answer["error"]["error"] == "GenerationError"
    assert answer["content"] == text_of(events)
    again = ask(http, "Go on", conversation_id=events[0]["conversation_id"])
    assert text_of(again) == "The sky is blue."


def test_an_engine_that_refuses_is_an_event_with_its_words(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answers.append(Answer(refuse=(500, "model requires more system memory (9 GiB) than is available")))
    events = ask(http, "Go on")
    assert events[-1]["error"] == "GenerationError"
    assert "more system memory" in events[-1]["message"]


def test_a_chosen_model_that_is_gone_is_said_and_not_replaced(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    http.put("/api/models/active", json={"model": MODEL}).raise_for_status()
    del ollama_stand_in.models[MODEL]
    assert http.get("/api/models").json()["active"] == MODEL
    assert refused(http, "POST", "/api/chat", json={"message": "Hello"}) == (404, "ModelNotFound")
    assert http.get("/api/conversations").json()["total"] == 0


def test_an_engine_that_goes_away_between_two_questions(make_app: Callable[..., Flask]) -> None:
    app = make_app(ollama_host=NOBODY)
    services_of(app).settings.update({"model": MODEL})
    with serving(app) as url, httpx.Client(base_url=url, trust_env=False) as http:
        assert refused(http, "POST", "/api/chat", json={"message": "Hello"}) == (503, "EngineUnavailable")
        assert http.get("/api/status").json()["model"]["model"] == MODEL


def test_an_embedder_cannot_be_chosen_for_chat(http: httpx.Client) -> None:
    status = refused(http, "PUT", "/api/models/active", json={"model": MINILM.name})
    assert status == (404, "ModelNotFound")
    assert http.get("/api/models/active").json()["model"] != MINILM.name


def test_only_an_embedder_in_ollama_leaves_the_built_in_model_to_answer(
    http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.models = {MINILM.name: MINILM}
    http.get("/api/models")
    assert http.get("/api/models/active").json()["engine"] == "builtin"


def test_a_window_larger_than_the_models_own_is_not_promised(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.models = {"small:1b": Model("small:1b", context_length=2048)}
    http.get("/api/models")
    assert ask(http, "Hello", options={"context_window": 65536})[0]["budget"]["window"] == 2048
    assert ollama_stand_in.chats()[-1]["options"]["num_ctx"] == 2048


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"content": b"{"}, 400, "MalformedRequest"),
    ({"content": b"\xff\xfe"}, 400, "MalformedRequest"),
    ({"content": b"[]"}, 422, "InvalidRequest"),
    ({"content": b"null"}, 422, "InvalidRequest"),
    ({"json": {}}, 422, "InvalidRequest"),
    ({"json": {"message": ""}}, 422, "InvalidRequest"),
    ({"json": {"message": " \n\t"}}, 422, "InvalidRequest"),
    ({"json": {"message": 5}}, 422, "InvalidRequest"),
    ({"json": {"message": ["a"]}}, 422, "InvalidRequest"),
    ({"json": {"message": "hi", "use_rga": True}}, 422, "InvalidRequest"),
    ({"json": {"message": "hi", "options": {"temperature": 9}}}, 422, "InvalidRequest"),
    ({"json": {"message": "hi", "parent_id": "x"}}, 422, "InvalidRequest"),
    ({"json": {"message": "hi", "conversation_id": "nope"}}, 404, "NotFound"),
    ({"json": {"message": "hi", "conversation_id": "x' OR 1=1 --"}}, 404, "NotFound"),
    ({"json": {"message": "hi", "model": "gone:1b"}}, 404, "ModelNotFound"),
    ({"json": {"message": "x" * 1_000_000}}, 413, "TooLarge"),
    ({"json": {"message": "word " * 20_000}}, 413, "ContextOverflow"),
    ({"json": {"message": "hi", "images": ["aGk="]}}, 422, "InvalidRequest"),
]


@pytest.mark.parametrize(("request_", "status", "code"), BAD, ids=[str(row[0])[:60] for row in BAD])
def test_bad_input_is_refused_with_its_code_and_nothing_is_kept(
    http: httpx.Client, request_: dict[str, Any], status: int, code: str
) -> None:
    headers = {"Content-Type": "application/json"}
    assert refused(http, "POST", "/api/chat", headers=headers, **request_) == (status, code)
    assert http.get("/api/conversations").json()["total"] == 0


def test_another_content_type_is_refused(http: httpx.Client) -> None:
    answer = refused(http, "POST", "/api/chat", content=b"message=hi", headers={"Content-Type": "text/plain"})
    assert answer == (415, "UnsupportedType")


def test_lone_surrogates_and_nul_do_not_break_a_conversation(http: httpx.Client) -> None:
    body = b'{"message": "a\\u0000b \\ud800 c"}'
    answer = http.post("/api/chat", content=body, headers={"Content-Type": "application/json"})
    if answer.status_code == 200:
        assert "done" in answer.text
        assert http.get("/api/conversations").status_code == 200
    else:
        assert (answer.status_code, answer.json()["error"]) == (422, "InvalidRequest")


def test_a_wrong_method_and_an_unknown_address(http: httpx.Client) -> None:
    assert refused(http, "GET", "/api/chat") == (405, "MethodNotAllowed")
    assert refused(http, "GET", "/api/nothing") == (404, "NotFound")


# --- the rest of a conversation's life --------------------------------------------------------------------------------


def test_a_conversation_is_titled_by_its_question_and_renamed_by_a_person(http: httpx.Client) -> None:
    identity = ask(http, "What colour is the sky at night in winter, over the sea, far from any town or road?")[0][
        "conversation_id"
    ]
    assert http.get(f"/api/conversations/{identity}").json()["title"].endswith("…")
    renamed = http.patch(f"/api/conversations/{identity}", json={"title": "  Sky  "}).json()
    assert renamed["title"] == "Sky"
    ask(http, "And by day?", conversation_id=identity)
    assert http.get("/api/conversations").json()["conversations"][0]["title"] == "Sky"
    assert refused(http, "PATCH", f"/api/conversations/{identity}", json={"title": "  "}) == (422, "InvalidRequest")


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("Hello", "Hello"),
        ("\n\n# A heading\ntext", "A heading"),
        ("word " * 30, "word word word word word word word word word word word word…"),
        ("x" * 100, "x" * 60 + "…"),
    ],
)
def test_titles(message: str, title: str) -> None:
    assert title_of(message) == title


def test_the_budget_is_told_before_sending(http: httpx.Client) -> None:
    identity = ask(http, "First")[0]["conversation_id"]
    budget = http.post("/api/chat/budget", json={"message": "word " * 100, "conversation_id": identity}).json()
    assert budget["history"] > 0
    assert budget["question"] > 100
    assert budget["system"] + budget["history"] + budget["question"] + budget["free"] == budget["window"]
    at_root = {"message": "Hello", "conversation_id": identity, "parent_id": None}
    assert http.post("/api/chat/budget", json=at_root).json()["history"] == 0
    over = http.post("/api/chat/budget", json={"message": "word " * 50_000}).json()
    assert over["free"] < 0


def test_everything_is_there_after_a_restart(make_app: Callable[..., Flask], ollama_stand_in: StandIn) -> None:
    def run(app: Flask) -> Iterator[httpx.Client]:
        with serving(app) as url, httpx.Client(base_url=url, trust_env=False) as session:
            yield session
        services_of(app).close()

    for http in run(make_app(ollama_host=ollama_stand_in.host)):
        identity = ask(http, "Sky?")[0]["conversation_id"]
        http.patch("/api/settings", json={"theme": "dark"}).raise_for_status()
        before = http.get(f"/api/conversations/{identity}").json()
    for http in run(make_app(ollama_host=ollama_stand_in.host)):
        assert http.get(f"/api/conversations/{identity}").json() == before
        assert http.get("/api/settings").json()["theme"] == "dark"


def test_settings_refuse_what_they_do_not_know(http: httpx.Client) -> None:
    assert refused(http, "PATCH", "/api/settings", json={"theme": "pink"}) == (422, "InvalidRequest")
    assert refused(http, "PATCH", "/api/settings", json={"color": "x"}) == (422, "InvalidRequest")
    http.patch("/api/settings", json={"temperature": 1.5}).raise_for_status()
    assert http.patch("/api/settings", json={"temperature": None}).json()["temperature"] == 0.3


def test_the_api_describes_itself(http: httpx.Client) -> None:
    document = http.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path in ("/api/chat", "/api/documents/upload", "/api/models/pull"):
        assert "text/event-stream" in document["paths"][path]["post"]["responses"]["200"]["content"]
    assert json.dumps(document).count('"$ref"') > 20
    page = http.get("/api/docs")
    assert "POST /api/chat" in page.text
    assert "<script" not in page.text
