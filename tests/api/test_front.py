"""The page's files, and what answers while the API is still being put together."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.api.front import Later, front
from backend.config import Config
from backend.errors import LocalChatError
from desktop.server import Server
from tests.conftest import ROOT, SOON

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def early(later: Later, config: Config) -> Iterator[httpx.Client]:
    """A client of a server whose API is not there yet."""
    server = Server()
    server.start(front(later, config.page, None))
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as http:
        yield http
    later.fail(LocalChatError("the test is over"))
    server.stop()


def test_the_page_comes_before_the_api_and_who_asks_that_waits(later: Later, early: httpx.Client, app: Flask) -> None:
    assert "<title>LocalChat" in early.get("/").text
    assert not later.asked.is_set()
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(early.get("/api/health")))
    thread.start()
    assert later.asked.wait(SOON)
    assert answers == []
    later.give(app.wsgi_app)
    thread.join(SOON)
    assert [answer.status_code for answer in answers] == [200]


def test_an_api_that_could_not_be_made_says_so_at_every_request(later: Later, early: httpx.Client) -> None:
    later.fail(LocalChatError("LocalChat cannot start. The log in the data folder tells why."))
    answer = early.get("/api/status")
    assert answer.status_code == 500
    assert answer.json()["message"].startswith("LocalChat cannot start.")


def test_nothing_of_the_first_page_needs_flask() -> None:
    code = (
        "import sys, desktop.program, desktop.window; print(sorted({'flask', 'pydantic', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_index_is_never_kept_and_hashed_files_always(config: Config, make_app: Callable[..., Flask]) -> None:
    (config.page / "assets").mkdir()
    (config.page / "assets" / "index-abc.js").write_text("1")
    client = make_app().test_client()
    with client.get("/") as index, client.get("/assets/index-abc.js") as script:
        assert index.headers["Cache-Control"] == "no-store"
        assert "immutable" in script.headers["Cache-Control"]
        assert script.headers["Content-Type"].startswith("text/javascript")


def test_a_page_that_is_not_built_says_how_to_build_it(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    answer = make_app(page=tmp_path / "nowhere").test_client().get("/")
    assert answer.status_code == 404
    assert answer.json is not None
    assert "dev.py setup" in answer.json["message"]


def test_an_address_of_nothing_is_told(client: FlaskClient) -> None:
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert answer.json == {"error": "NotFound", "message": "There is nothing at this address."}


def test_files_are_listed_when_the_program_starts(config: Config) -> None:
    """What is put beside them later is not served."""
    app = Flask("api")
    guarded = front(app.wsgi_app, config.page, None)
    (config.page / "later.txt").write_text("later")
    app.wsgi_app = guarded  # type: ignore[method-assign]
    assert app.test_client().get("/later.txt").status_code == 404


@pytest.fixture
def diagrams(later: Later) -> Iterator[httpx.Client]:
    """A client of a server with the frame that draws diagrams, as it is before the page is built."""
    server = Server()
    server.start(front(later, ROOT / "frontend" / "public", None))
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as http:
        yield http
    later.fail(LocalChatError("the test is over"))
    server.stop()


@pytest.mark.parametrize("path", ["/diagram/", "/diagram/draw.js"])
def test_the_frame_of_diagrams_has_a_policy_of_its_own(diagrams: httpx.Client, path: str) -> None:
    """Its document is sandboxed: it asks for its scripts as origin null, and its styles are in what it draws."""
    answer = diagrams.get(path, headers={"Origin": "null"})
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox allow-scripts" in policy
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_origin_null_gets_nothing_else(diagrams: httpx.Client) -> None:
    for path in ("/", "/api/health", "/icon.svg"):
        assert diagrams.get(path, headers={"Origin": "null"}).status_code == 403
    assert diagrams.post("/diagram/", headers={"Origin": "null"}).status_code == 403
    assert diagrams.get("/diagram/draw.js", headers={"Origin": "https://evil.example"}).status_code == 403
