"""The three lines of the HTTP contract, word for word, and the three streams all at once."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from desktop.selftest import small_pdf
from tests.ollama_script import Answer, Model, Remote

if TYPE_CHECKING:
    from tests.desktop.conftest import Serve
    from tests.ollama_stand_in import StandIn

UPLOAD = 'curl -X POST http://localhost:5000/api/documents/upload -F "files=@test.pdf" --no-buffer'
CHAT = (
    'curl -X POST http://localhost:5000/api/chat -H "Content-Type: application/json" '
    """-d '{"message": "What is RAG?", "use_rag": true}' --no-buffer"""
)
PULL = (
    'curl -X POST http://localhost:5000/api/models/pull -H "Content-Type: application/json" '
    """-d '{"model": "llama3.2:1b"}' --no-buffer"""
)


def test_the_lines_are_those_of_the_contract(shared: Path) -> None:
    contract = (shared / "design" / "contract.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in contract if line.startswith("curl ")] == [UPLOAD, CHAT, PULL]


def test_the_three_lines_work_as_they_stand(serve: Serve, ollama_stand_in: StandIn, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    try:
        socket.create_server(("127.0.0.1", 5000)).close()
    except OSError:
        pytest.skip("port 5000 is taken by another program")
    ollama_stand_in.registry = {"llama3.2:1b": Remote(Model("llama3.2:1b"))}
    (tmp_path / "test.pdf").write_bytes(small_pdf("RAG means that passages are found first, then the answer written."))
    with serve("--no-token", "--port", "5000", OLLAMA_HOST=ollama_stand_in.host):
        uploaded = said(UPLOAD, tmp_path)
        assert uploaded[0] == {"message": "Processing test.pdf..."}
        assert any(event.get("progress", {}).get("filename") == "test.pdf" for event in uploaded)
        [result] = [event["result"] for event in uploaded if "result" in event]
        assert result["success"] is True
        assert uploaded[-1] == {"done": True, "total_documents": 1}

        answered = said(CHAT, tmp_path)
        assert [source["filename"] for source in answered[0]["sources"]] == ["test.pdf"]
        assert "".join(event.get("content", "") for event in answered) == "The sky is blue."
        assert answered[-1]["done"] is True

        pulled = said(PULL, tmp_path)
        assert pulled[-1]["status"] == "success"


def said(line: str, folder: Path) -> list[dict[str, Any]]:
    """The events that a line of shell brings."""
    done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True, timeout=100, check=True)
    return [json.loads(event[6:]) for event in done.stdout.splitlines() if event.startswith("data: ")]


def test_32_streams_of_all_three_kinds_at_once(serve: Serve, ollama_stand_in: StandIn) -> None:
    """Each is whole, and a question of another kind still gets through."""
    ollama_stand_in.answer = Answer(tokens_per_second=50)
    ollama_stand_in.registry = {"llama3.2:1b": Remote(Model("llama3.2:1b"))}
    with serve("--no-token", OLLAMA_HOST=ollama_stand_in.host) as served, served.http() as http:

        def one(number: int) -> list[dict[str, Any]]:
            requests: list[dict[str, Any]] = [
                {"url": "/api/chat", "json": {"message": f"Question {number}", "use_rag": False}},
                {"url": "/api/documents/upload", "files": {"files": (f"{number}.txt", f"Fact number {number}.")}},
                {"url": "/api/models/pull", "json": {"model": "llama3.2:1b"}},
            ]
            answer = http.post(**requests[number % 3])
            assert answer.status_code == 200, answer.text
            return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]

        with ThreadPoolExecutor(33) as pool:
            streams = [pool.submit(one, number) for number in range(32)]
            assert pool.submit(http.get, "/api/health").result(30).status_code == 200
            ends = [stream.result(120)[-1] for stream in streams]
        assert all(end["done"] for end in ends[0::3])
        assert [end["done"] for end in ends[1::3]] == [True] * 11
        assert [end["status"] for end in ends[2::3]] == ["success"] * 10
        assert http.get("/api/documents").json()["total"] == 11
        assert http.get("/api/conversations").json()["total"] == 11
