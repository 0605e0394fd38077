"""Questions that no one should ask, over real HTTP: each is answered or refused with a sentence, and breaks nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest
from flask import Flask

from tests.chatting import ask, messages_of, refused
from tests.conftest import services_of
from tests.ollama_script import Answer, Model
from tests.ollama_stand_in import StandIn

TOWER = b"# Towers\n\nThe Eiffel tower in Paris is 330 metres high.\n"
BRIDGE = b"# Bridges\n\nThe Golden Gate bridge is 2.7 kilometres long.\n"
MODES = ("hybrid", "vector", "text")

HARD = {
    "a stop word": "the",
    "20,000 characters": ("How high is the Eiffel tower in Paris? " * 600)[:20_000],
    "one word of 20,000 letters": "a" * 20_000,
    "in quotes": "\"the Eiffel tower\" '330' “metres” «high»",
    "a quote that never ends": 'the "Eiffel',
    "SQL": "'; DROP TABLE documents; -- tower",
    "SQL's wildcards": "%_tower_% OR 1=1",
    "Lucene": "+tower -bridge (high AND NOT low) title:[a TO z] Eiffel~2^4 metre* ?igh \\ / && || !",
    "emoji": "🗼🗼🗼",
    "a family in one sign": "👨‍👩‍👧‍👦 🏳️‍🌈",
    "signs alone": "?!… ()[]{} ---",
    "nul and a lone surrogate's replacement": "tower\x00\ufffd",
    "right to left": "\u202eגובה המגדל\u202c",
}


@pytest.fixture
def app(make_app: Callable[..., Flask], ollama_stand_in: StandIn) -> Flask:
    return make_app(ollama_host=ollama_stand_in.host)


@pytest.fixture
def documents(http: httpx.Client) -> dict[str, str]:
    files = [("files", ("tower.md", TOWER)), ("files", ("bridge.md", BRIDGE))]
    http.post("/api/documents/upload", files=files).raise_for_status()
    return {one["filename"]: one["id"] for one in http.get("/api/documents").json()["documents"]}


@pytest.mark.usefixtures("documents")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", HARD.values(), ids=HARD)
def test_a_search_for_anything_is_answered(http: httpx.Client, question: str, mode: str) -> None:
    response = http.post("/api/search", json={"query": question, "mode": mode})
    assert response.status_code == 200, response.text
    found = response.json()["results"]
    assert all(one["filename"] in ("tower.md", "bridge.md") for one in found)
    # A meaning is near to something always; words that are nowhere find nothing.
    assert len(found) == 2 or mode == "text"
    assert http.get("/api/documents").json()["total"] == 2


@pytest.mark.usefixtures("documents")
@pytest.mark.parametrize("question", HARD.values(), ids=HARD)
def test_a_question_of_anything_gets_an_answer_that_is_kept(http: httpx.Client, question: str) -> None:
    said = ask(http, question)
    assert said[-1]["done"] is True
    asked, answer = messages_of(http, said[0]["conversation_id"])
    assert asked["content"].replace("\ufffd", "") == question.replace("\ufffd", "")
    assert (answer["status"], answer["content"]) == ("done", "The sky is blue.")


@pytest.mark.usefixtures("documents")
def test_signs_of_a_query_language_do_not_hide_its_words(http: httpx.Client) -> None:
    for question in (HARD["in quotes"], HARD["SQL"], HARD["Lucene"]):
        (first, *_) = http.post("/api/search", json={"query": question}).json()["results"]
        assert first["filename"] == "tower.md", question


def test_a_search_of_more_than_20000_characters_is_refused(http: httpx.Client) -> None:
    assert refused(http, "POST", "/api/search", json={"query": "a" * 20_001}) == (422, "InvalidRequest")


@pytest.mark.parametrize("mode", MODES)
def test_no_documents_find_nothing(http: httpx.Client, mode: str) -> None:
    assert http.post("/api/search", json={"query": "tower", "mode": mode}).json()["results"] == []
    said = ask(http, "How high is the tower?")
    assert (said[0]["sources"], said[-1]["done"]) == ([], True)


def test_documents_that_are_still_read_find_nothing_and_then_their_passages(
    app: Flask, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    embedder = services_of(app).evaluation._embedder
    batches = embedder.embed_batches

    def held(texts: Sequence[str], *wanted: Any) -> object:
        if wanted:  # of documents, and not of a question
            begun.set()
            go_on.wait(30)
        return batches(texts, *wanted)

    monkeypatch.setattr(embedder, "embed_batches", held)
    sending = threading.Thread(
        target=lambda: httpx.post(
            f"{http.base_url}/api/documents/upload", files={"file": ("tower.md", TOWER)}, timeout=60, trust_env=False
        )
    )
    sending.start()
    try:
        assert begun.wait(30)
        assert http.get("/api/documents").json()["total"] == 1
        assert http.post("/api/search", json={"query": "tower", "mode": "text"}).json()["results"] == []
        assert ask(http, "How high is the tower?")[0]["sources"] == []
    finally:
        go_on.set()
        sending.join()
    (found,) = http.post("/api/search", json={"query": "tower", "mode": "text"}).json()["results"]
    assert found["filename"] == "tower.md"


@pytest.mark.parametrize("mode", MODES)
def test_a_filter_that_excludes_all_finds_nothing(http: httpx.Client, documents: dict[str, str], mode: str) -> None:
    empty = http.post("/api/collections", json={"name": "Empty"}).json()["id"]
    scopes: tuple[dict[str, list[str]], ...] = (
        {"document_ids": []},
        {"document_ids": ["0" * 32]},
        {"collection_ids": [empty]},
    )
    for scope in scopes:
        body = {"query": "How high is the tower?", "mode": mode, **scope}
        assert http.post("/api/search", json=body).json()["results"] == []
        said = ask(http, "How high is the tower?", **scope)
        assert (said[0]["sources"], said[-1]["done"]) == ([], True)
    only = {"query": "tower", "mode": mode, "document_ids": [documents["bridge.md"]]}
    assert {one["filename"] for one in http.post("/api/search", json=only).json()["results"]} <= {"bridge.md"}


def test_what_a_deleted_document_said_stays_with_the_answer(
    http: httpx.Client, documents: dict[str, str], ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = Answer(tokens=("The Eiffel tower is 330 metres high.",))
    conversation = ask(http, "How high is the Eiffel tower?")[0]["conversation_id"]
    before = messages_of(http, conversation)[1]
    assert before["proof"]["quotes"][0]["text"] == "The Eiffel tower in Paris is 330 metres high."
    http.delete(f"/api/documents/{documents['tower.md']}").raise_for_status()
    after = messages_of(http, conversation)[1]
    assert (after["proof"], after["sources"]) == (before["proof"], before["sources"])
    assert refused(http, "GET", f"/api/documents/{documents['tower.md']}") == (404, "NotFound")


def test_a_hundred_pages_for_a_window_of_2048_are_refused_before_anything_is_kept(
    http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.models = {"small:1b": Model("small:1b", context_length=2048)}
    http.get("/api/models")
    pages = "The tenant gives notice of three months to the end of a calendar month. " * 40 * 100
    response = http.post("/api/chat", json={"message": pages})
    assert (response.status_code, response.json()["error"]) == (413, "ContextOverflow")
    assert "2,048" in response.json()["message"]
    assert http.get("/api/conversations").json()["total"] == 0
    assert ollama_stand_in.chats() == []
