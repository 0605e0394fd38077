"""A question to documents while no model runs: what the documents say is the answer, and stays."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from backend.engines.builtin import FILE
from tests.chatting import ask, messages_of, refused, text_of
from tests.conftest import ROOT, services_of, serving

TOWERS = b"""# Towers

The Eiffel tower in Paris is 330 metres high. It was built between 1887 and 1889 by the company of Gustave Eiffel.

# Bridges

The Golden Gate bridge is 2.7 kilometres long and hangs on two cables.
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of models with the embedder and without the one that chats."""
    folder = tmp_path / "models"
    folder.mkdir()
    for file in (ROOT / "models").iterdir():
        if file.name != FILE:
            shutil.copy(file, folder)
    return folder


@pytest.fixture
def http(make_app: Callable[..., Flask], models: Path) -> Iterator[httpx.Client]:
    with serving(make_app(models=models)) as url, httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        http.post("/api/documents/upload", files={"file": ("towers.md", TOWERS)}).raise_for_status()
        yield http


def quotes_of(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [quote for event in said for quote in event.get("quotes", ())]


def check(http: httpx.Client, reason: str) -> None:
    said = ask(http, "How high is the Eiffel tower?")
    (first, *_) = quotes_of(said)
    assert first["text"] == "The Eiffel tower in Paris is 330 metres high."
    assert first["source"] == said[0]["sources"][0]["number"]
    assert said[-1]["details"]["reason"] == reason
    answer = messages_of(http, said[0]["conversation_id"])[1]
    assert (answer["status"], answer["content"]) == ("failed", "")
    assert answer["error"]["details"]["reason"] == reason
    assert answer["proof"]["quotes"] == quotes_of(said)
    assert [source["filename"] for source in answer["sources"]]


def test_without_the_models_file_its_quotes_are_the_answer(http: httpx.Client) -> None:
    check(http, "builtin_missing")


def test_with_a_broken_file_of_the_model_too(http: httpx.Client, models: Path) -> None:
    (models / FILE).write_bytes(b"GGUF" + b"\0" * 1000)
    check(http, "builtin_not_started")


def test_a_chosen_model_of_a_silent_ollama_too(make_app: Callable[..., Flask]) -> None:
    app = make_app()
    services_of(app).settings.update({"model": "llama3:8b"})
    with serving(app) as url, httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        http.post("/api/documents/upload", files={"file": ("towers.md", TOWERS)}).raise_for_status()
        check(http, "model_in_silent_ollama")


def test_quotes_that_are_turned_off_come_when_there_is_nothing_else(http: httpx.Client) -> None:
    http.patch("/api/settings", json={"quotes": 0}).raise_for_status()
    assert quotes_of(ask(http, "How high is the Eiffel tower?"))


def test_the_next_question_has_no_empty_answer_in_its_history(http: httpx.Client, models: Path) -> None:
    conversation = ask(http, "How high is the Eiffel tower?")[0]["conversation_id"]
    shutil.copy(ROOT / "models" / FILE, models)
    said = ask(http, "How long is the Golden Gate bridge?", conversation_id=conversation)
    assert said[0]["budget"]["history"] == 0
    assert text_of(said)


def test_a_question_without_documents_is_refused_and_not_kept(http: httpx.Client) -> None:
    body = {"message": "Hello", "use_rag": False}
    assert refused(http, "POST", "/api/chat", json=body) == (503, "EngineUnavailable")
    assert http.get("/api/conversations").json()["total"] == 0
