"""Presets over HTTP: kept, used by questions, and as files, hostile ones too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from backend.pipeline.prompt import SYSTEM
from tests.chatting import ask, refused, wait_for
from tests.conftest import services_of
from tests.ollama_script import SMOLLM2
from tests.ollama_stand_in import StandIn

THINKER = "smollm2-think:latest"
MISSING = "0" * 32


@pytest.fixture
def app(make_app: Callable[..., Flask], ollama_stand_in: StandIn) -> Flask:
    return make_app(ollama_host=ollama_stand_in.host)


def make(http: httpx.Client, name: str = "Law", **fields: Any) -> dict[str, Any]:
    response = http.post("/api/presets", json={"name": name, **fields})
    assert response.status_code == 200, response.text
    made: dict[str, Any] = response.json()
    return made


def add(http: httpx.Client, name: str, text: str) -> str:
    http.post("/api/documents/upload", files={"files": (name, text.encode())})
    [row] = [row for row in http.get("/api/documents").json()["documents"] if row["filename"] == name]
    return str(row["id"])


# --- kept ---


def test_one_is_made_changed_listed_and_deleted(http: httpx.Client) -> None:
    made = make(http, "  Law  ", system_prompt="Be brief.", temperature=0, is_default=True)
    assert (made["name"], made["temperature"], made["is_default"]) == ("Law", 0, True)
    changed = http.patch(f"/api/presets/{made['id']}", json={"temperature": None, "system_prompt": None}).json()
    assert (changed["temperature"], changed["system_prompt"], changed["name"]) == (None, "", "Law")
    assert http.get("/api/presets").json() == {"presets": [changed]}
    assert http.get(f"/api/presets/{made['id']}").json() == changed
    assert http.delete(f"/api/presets/{made['id']}").json() == {"ok": True}
    assert refused(http, "GET", f"/api/presets/{made['id']}") == (404, "NotFound")
    assert refused(http, "PATCH", f"/api/presets/{made['id']}", json={}) == (404, "NotFound")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 101},
        {"name": "a", "system_prompt": "x" * 20_001},
        {"name": "a", "system_prompt": "\ud800"},
        {"name": "a", "temperature": 2.1},
        {"name": "a", "context_window": 100},
        {"name": "a", "use_documents": "perhaps"},
        {"name": "a", "document_ids": ["x" * 65]},
        {"name": "a", "colour": "red"},
        {},
    ],
)
def test_a_value_that_is_wrong_is_refused(http: httpx.Client, wrong: dict[str, Any]) -> None:
    body = {"content": json.dumps(wrong), "headers": {"Content-Type": "application/json"}}
    assert refused(http, "POST", "/api/presets", **body)[0] == 422
    assert http.get("/api/presets").json() == {"presets": []}


def test_a_taken_name_is_a_conflict(http: httpx.Client) -> None:
    make(http, "Law")
    assert refused(http, "POST", "/api/presets", json={"name": "LAW"}) == (409, "Conflict")


# --- used ---


def test_a_preset_says_how_a_question_is_answered(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    preset = make(http, system_prompt="Answer in Latin.", model=THINKER, temperature=1.5, context_window=2048)
    started = ask(http, "Sky?", preset_id=preset["id"])[0]
    sent = ollama_stand_in.chats()[-1]
    assert sent["messages"][0] == {"role": "system", "content": "Answer in Latin."}
    assert (sent["model"], sent["options"]["temperature"], sent["options"]["num_ctx"]) == (THINKER, 1.5, 2048)
    assert (started["preset_id"], started["budget"]["window"]) == (preset["id"], 2048)


def test_what_the_question_says_wins_over_the_preset(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    preset = make(http, model=THINKER, temperature=1.5, context_window=2048)
    options = {"temperature": 0, "context_window": 4096}
    ask(http, "Sky?", preset_id=preset["id"], model=SMOLLM2.name, options=options)
    sent = ollama_stand_in.chats()[-1]
    assert (sent["model"], sent["options"]["temperature"], sent["options"]["num_ctx"]) == (SMOLLM2.name, 0, 4096)


def test_what_the_preset_does_not_say_is_as_in_the_settings(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    http.patch("/api/settings", json={"temperature": 0.9})
    ask(http, "Sky?", preset_id=make(http)["id"])
    sent = ollama_stand_in.chats()[-1]
    assert sent["messages"][0]["content"] == SYSTEM
    assert (sent["options"]["temperature"], sent["options"]["num_ctx"]) == (0.9, 8192)


def test_a_conversation_remembers_its_preset(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    preset = make(http, system_prompt="Answer in Latin.")
    conversation = ask(http, "Sky?", preset_id=preset["id"])[0]["conversation_id"]
    path = f"/api/conversations/{conversation}"
    assert http.get(path).json()["preset_id"] == preset["id"]
    ask(http, "And the sea?", conversation_id=conversation)
    assert ollama_stand_in.chats()[-1]["messages"][0]["content"] == "Answer in Latin."

    ask(http, "And now?", conversation_id=conversation, preset_id=None)
    assert ollama_stand_in.chats()[-1]["messages"][0]["content"] == SYSTEM
    assert http.get(path).json()["preset_id"] is None

    assert http.patch(path, json={"preset_id": preset["id"]}).json()["preset_id"] == preset["id"]
    assert http.patch(path, json={"title": "Latin"}).json()["preset_id"] == preset["id"]
    http.delete(f"/api/presets/{preset['id']}")
    ask(http, "Still there?", conversation_id=conversation)
    assert ollama_stand_in.chats()[-1]["messages"][0]["content"] == SYSTEM
    assert refused(http, "PATCH", path, json={"preset_id": preset["id"]}) == (404, "NotFound")


def test_the_default_is_for_new_conversations_alone(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    before = ask(http, "Sky?")[0]["conversation_id"]
    preset = make(http, system_prompt="Answer in Latin.", is_default=True)
    ask(http, "And the sea?", conversation_id=before)
    assert ollama_stand_in.chats()[-1]["messages"][0]["content"] == SYSTEM
    assert ask(http, "Sky?")[0]["preset_id"] == preset["id"]
    assert ask(http, "Sky?", preset_id=None)[0]["preset_id"] is None


def test_a_preset_that_is_gone_and_a_model_that_is_gone_are_said(http: httpx.Client) -> None:
    assert refused(http, "POST", "/api/chat", json={"message": "a", "preset_id": MISSING}) == (404, "NotFound")
    preset = make(http, model="gone:7b")
    body = {"message": "Sky?", "preset_id": preset["id"]}
    assert refused(http, "POST", "/api/chat", json=body) == (404, "ModelNotFound")
    assert refused(http, "POST", "/api/chat/budget", json=body) == (404, "ModelNotFound")
    assert http.get("/api/conversations").json()["total"] == 0


def test_the_system_prompt_is_counted(http: httpx.Client) -> None:
    preset = make(http, system_prompt="word " * 1000, context_window=4096)
    plain = http.post("/api/chat/budget", json={"message": "Sky?"}).json()
    counted = http.post("/api/chat/budget", json={"message": "Sky?", "preset_id": preset["id"]}).json()
    assert counted["system"] > plain["system"] + 1000
    assert counted["window"] == 4096
    assert counted["system"] + counted["question"] + counted["history"] + counted["free"] == 4096
    http.patch(f"/api/presets/{preset['id']}", json={"is_default": True})
    assert http.post("/api/chat/budget", json={"message": "Sky?"}).json() == counted


def test_a_system_prompt_that_leaves_no_room_is_named(http: httpx.Client) -> None:
    preset = make(http, system_prompt="word " * 3000, context_window=2048)
    response = http.post("/api/chat", json={"message": "Sky?", "preset_id": preset["id"]})
    assert (response.status_code, response.json()["error"]) == (413, "ContextOverflow")
    assert "system prompt of the preset" in response.json()["message"]
    budget = http.post("/api/chat/budget", json={"message": "Sky?", "preset_id": preset["id"]}).json()
    assert budget["system"] > 2048
    assert budget["free"] < 0


def test_a_preset_answers_from_its_own_documents(http: httpx.Client) -> None:
    add(http, "harbour.txt", "The lighthouse in the harbour is painted green.")
    garden = add(http, "garden.txt", "The lighthouse in the garden is a toy, painted red.")
    preset = make(http, document_ids=[garden, MISSING])
    assert [(one["filename"], one["gone"]) for one in preset["documents"]] == [("garden.txt", False), ("", True)]
    question = "What colour is the lighthouse?"

    def asked(**body: Any) -> set[str]:
        return {source["filename"] for source in ask(http, question, **body)[0]["sources"]}

    assert asked() == {"harbour.txt", "garden.txt"}
    assert asked(preset_id=preset["id"]) == {"garden.txt"}
    http.patch(f"/api/presets/{preset['id']}", json={"use_documents": False})
    assert asked(preset_id=preset["id"]) == set()
    assert asked(preset_id=preset["id"], use_rag=True) == {"garden.txt"}
    http.delete(f"/api/documents/{garden}")
    assert asked(preset_id=preset["id"], use_rag=True) == set(), "none is left, which is not all"


def test_a_preset_deleted_while_its_question_is_answered_costs_nothing(http: httpx.Client, app: Flask) -> None:
    chat = services_of(app).chat
    from backend.services.question import Question

    preset = make(http)
    prepared = chat.prepare(Question("Sky?", preset_id=preset["id"], preset_said=True))
    http.delete(f"/api/presets/{preset['id']}")
    events = list(chat.answer(prepared))
    assert events
    [conversation] = http.get("/api/conversations").json()["conversations"]
    assert http.get(f"/api/conversations/{conversation['id']}").json()["preset_id"] is None


# --- as files ---


def test_a_file_of_it_makes_the_same_preset_again(http: httpx.Client) -> None:
    garden = add(http, "garden.txt", "The lighthouse in the garden is a toy, painted red.")
    wait_for(lambda: http.get(f"/api/documents/{garden}").json()["status"] == "ready")
    fields = {"system_prompt": "Be « brief ».\n", "model": THINKER, "temperature": 0.2, "use_documents": True}
    made = make(http, 'Law / "two"', **fields, document_ids=[garden], is_default=True)
    response = http.get(f"/api/presets/{made['id']}/export")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "/" not in response.headers["Content-Disposition"].replace("UTF-8''", "")
    file = response.json()
    assert (file["format"], file["version"]) == ("localchat-preset", 1)
    again = http.post("/api/presets/import", json=file).json()
    assert again["name"] == 'Law / "two" 2'
    assert not again["is_default"], "a file never takes the place of the default"
    same = ("system_prompt", "model", "temperature", "context_window", "use_documents", "documents")
    assert {name: again[name] for name in same} == {name: made[name] for name in same}


GOOD = {"format": "localchat-preset", "version": 1, "name": "Law"}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"PK\x03\x04", 400),
        (b"\xff\xfe{}", 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b'{"name": "Law"}', 422),
        (json.dumps({**GOOD, "format": "other"}).encode(), 422),
        (json.dumps({**GOOD, "version": 2}).encode(), 422),
        (json.dumps({**GOOD, "id": "x"}).encode(), 422),
        (json.dumps({**GOOD, "name": "x" * 101}).encode(), 422),
        (json.dumps({**GOOD, "name": {"$ne": 1}}).encode(), 422),
        (json.dumps({**GOOD, "system_prompt": "x" * 20_001}).encode(), 422),
        (json.dumps({**GOOD, "system_prompt": "\ud800"}).encode(), 422),
        (json.dumps({**GOOD, "temperature": float("nan")}).encode(), 422),
        (json.dumps({**GOOD, "temperature": float("inf")}).encode(), 422),
        (json.dumps({**GOOD, "context_window": 10**30}).encode(), 422),
        (json.dumps({**GOOD, "documents": [{"filename": "a", "sha256": "../../etc"}]}).encode(), 422),
        (json.dumps({**GOOD, "documents": [{"filename": "a", "sha256": "a" * 64}] * 10_001}).encode(), 422),
        (json.dumps({**GOOD, "system_prompt": "x" * 9_000_000}).encode(), 413),
    ],
)
def test_a_hostile_file_is_refused_with_a_reason(http: httpx.Client, content: bytes, status: int) -> None:
    request = {"content": content, "headers": {"Content-Type": "application/json"}}
    assert refused(http, "POST", "/api/presets/import", **request)[0] == status
    assert http.get("/api/presets").json() == {"presets": []}


def test_names_that_look_like_markup_stay_words(http: httpx.Client, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)> \u202e\r\nSet-Cookie: a"
    made = http.post("/api/presets/import", json={**GOOD, "name": name}).json()
    assert made["name"] == name
    response = http.get(f"/api/presets/{made['id']}/export")
    assert "set-cookie" not in response.headers
    assert response.json()["name"] == name
