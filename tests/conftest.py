"""What most tests need: a data folder of their own, the app over it, a client, a real server, an Ollama."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend import create_app
from backend.config import Config
from backend.services import Services
from desktop.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
NOBODY = "127.0.0.1:9"
"""An address where no Ollama listens: the discard port."""

SOON = 10.0
"""Seconds within which "at once" must happen even on a machine that is busy with other things. How fast it really is,
the benchmarks tell; a test that is a stopwatch fails when somebody else compiles."""

Serve = Callable[[Flask], AbstractContextManager[str]]


@pytest.fixture
def shared() -> Path:
    """The folder of real documents and questions beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder ../shared, which is not here")
    return SHARED


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One for all tests of pages: a second one on the same thread is refused."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def config(tmp_path: Path) -> Config:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html><title>LocalChat</title>", encoding="utf-8")
    return Config(data=tmp_path / "data", models=ROOT / "models", page=page, ollama_host=NOBODY)


@pytest.fixture
def make_app(config: Config) -> Iterator[Callable[..., Flask]]:
    """Makes an app over the test's data folder, with any of its settings replaced; closed at the end."""
    apps: list[Flask] = []

    def make(**changes: object) -> Flask:
        app = create_app(replace(config, **changes))  # type: ignore[arg-type]
        apps.append(app)
        return app

    yield make
    for app in apps:
        services_of(app).close()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The app under a real waitress on a real socket; the address."""
    server = Server()
    server.start(app)
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as session:
        yield session


def services_of(app: Flask) -> Services:
    services: Services = app.extensions["localchat"]
    return services
