"""Ollama is started when a person asks for it, and ends with us if we started it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest
from flask import Flask

from backend.engines.ollama_program import PLACES, OllamaProgram
from backend.errors import EngineUnavailable
from tests.conftest import NOBODY, services_of
from tests.ollama_stand_in import StandIn


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free: int = taken.getsockname()[1]
    return free


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands alone on the PATH, where a program `ollama` may be put."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setitem(PLACES, "linux", ())
    return folder


@pytest.mark.ollama
def test_a_real_one_is_started_and_ends_with_localchat(
    ollama_program: Path, path: Path, port: int, make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    (path / "ollama").symlink_to(ollama_program)
    monkeypatch.setenv("HOME", str(path))
    app = make_app(ollama_host=f"127.0.0.1:{port}")
    client = app.test_client()
    [engine] = [one for one in client.get("/api/models").json["engines"] if one["name"] == "ollama"]  # type: ignore[index]
    assert (engine["running"], engine["startable"]) == (False, True)
    started = client.post("/api/engines/ollama/start")
    assert started.status_code == 200, started.text
    assert started.json is not None
    assert (started.json["running"], started.json["startable"]) == (True, False)
    assert httpx.get(f"http://127.0.0.1:{port}/api/version", trust_env=False).status_code == 200
    # Asked again, it stays.
    assert client.post("/api/engines/ollama/start").status_code == 200
    services_of(app).close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/api/version", trust_env=False)


def test_one_that_runs_already_is_left_as_it_is(make_app: Callable[..., Flask], ollama_stand_in: StandIn) -> None:
    app = make_app(ollama_host=ollama_stand_in.host)
    answer = app.test_client().post("/api/engines/ollama/start")
    assert answer.json is not None
    assert answer.json["running"] is True
    services_of(app).close()
    assert httpx.get(f"http://{ollama_stand_in.host}/api/version", trust_env=False).status_code == 200


@pytest.mark.usefixtures("path")
def test_where_it_is_not_installed_that_is_said(make_app: Callable[..., Flask]) -> None:
    client = make_app(ollama_host=NOBODY).test_client()
    [engine] = [one for one in client.get("/api/models").json["engines"] if one["name"] == "ollama"]  # type: ignore[index]
    assert engine["startable"] is False
    answer = client.post("/api/engines/ollama/start")
    assert answer.status_code == 503
    assert answer.json is not None
    assert "not installed" in answer.json["message"]


def test_one_that_ends_at_once_is_quoted(path: Path, port: int, tmp_path: Path) -> None:
    program = path / "ollama"
    program.write_text("#!/bin/sh\necho starting\necho 'Error: no space left on device'\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(EngineUnavailable, match="no space left on device"):
        OllamaProgram(tmp_path / "ollama.log").start(f"http://127.0.0.1:{port}")
    assert not [one for one in psutil.Process().children() if one.name() == "ollama"]


def test_on_another_computer_it_cannot_be_started(path: Path, tmp_path: Path) -> None:
    (path / "ollama").write_text("#!/bin/sh\nexit 1\n")
    (path / "ollama").chmod(0o755)
    with pytest.raises(EngineUnavailable, match="another computer"):
        OllamaProgram(tmp_path / "ollama.log").start("http://192.0.2.1:11434")
