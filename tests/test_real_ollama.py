"""The real Ollama under test speaks, has its capabilities, pulls from loopback and leaves no process behind."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from build_scripts import ollama
from tests.real_ollama import CHAT_MODEL, THINKING_MODEL, TOOLS_MODEL, Ollama, serve

pytestmark = pytest.mark.ollama


def test_it_is_the_version_whose_transcripts_the_stand_in_follows(real_ollama: Ollama) -> None:
    assert real_ollama.client.get("/api/version").json() == {"version": ollama.VERSION}


def test_its_models_have_the_capabilities_of_their_templates(real_ollama: Ollama) -> None:
    capabilities = {
        name: real_ollama.client.post("/api/show", json={"model": name}).json()["capabilities"]
        for name in real_ollama.names()
    }
    assert capabilities == {
        CHAT_MODEL: ["completion"],
        TOOLS_MODEL: ["completion", "tools"],
        THINKING_MODEL: ["completion", "thinking"],
    }


def test_it_answers(real_ollama: Ollama) -> None:
    question = {"role": "user", "content": "What is the capital of France?"}
    body = {
        "model": CHAT_MODEL,
        "messages": [question],
        "stream": False,
        "options": {"num_predict": 16, "num_ctx": 2048},
    }
    answer = real_ollama.client.post("/api/chat", json=body).json()
    assert "Paris" in answer["message"]["content"]
    assert answer["done"] is True


def test_it_pulls_a_model_from_the_loopback_registry(empty_ollama: Ollama, ollama_registry: Callable[..., str]) -> None:
    model = ollama_registry()
    assert empty_ollama.names() == []
    with empty_ollama.client.stream("POST", "/api/pull", json={"model": model, "insecure": True}) as answer:
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert lines[-1] == {"status": "success"}
    assert len(empty_ollama.names()) == 1


def test_it_refuses_a_corrupt_model(empty_ollama: Ollama, ollama_registry: Callable[..., str]) -> None:
    model = ollama_registry(corrupt=True)
    body = {"model": model, "insecure": True, "stream": False}
    answer = empty_ollama.client.post("/api/pull", json=body)
    assert "digest mismatch" in answer.json()["error"]
    assert empty_ollama.names() == []


def test_nothing_of_it_lives_on(ollama_program: Path, tmp_path: Path) -> None:
    with serve(tmp_path) as running:
        running.create(CHAT_MODEL)
        running.client.post("/api/chat", json={"model": CHAT_MODEL, "messages": []}).raise_for_status()
        group = running.process.pid
        os.killpg(group, 0)
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
