"""The page as its users meet it: in Debian's Chromium over `localchat serve`, and in the real window."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect

from tests.desktop.conftest import Served, environment, localchat, screen, serve
from tests.desktop.test_window import links, open_window

__all__ = ["environment", "links", "localchat", "open_window", "screen", "serve"]

# On a machine that is busy a click may take seconds to show.
expect.set_options(timeout=30_000)

Kind = Literal["chromium", "window"]
Begin = Callable[..., AbstractContextManager["Session"]]

# Chromium refuses to run its sandbox as root; the rest keeps it from looking for hosts that are not there.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Session:
    """A running LocalChat with its page. `complaints`: what the page's console said of errors and refused content."""

    page: Page
    pid: int
    kill: Callable[[], None]
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("needs Chromium")


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """One for all tests, which each open a context of their own: a start takes longer than many a test."""
    browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def begin(serve: Any, open_window: Any, browser: Browser) -> Begin:
    """`begin(kind, **environment)`: starts LocalChat and its page; both end with the block."""

    @contextmanager
    def start(
        kind: Kind, *, theme: Literal["light", "dark"] = "light", width: int = 1280, **env: str
    ) -> Iterator[Session]:
        if kind == "window":
            with open_window(**env) as opened:
                session = Session(opened.page, opened.process.pid, opened.process.kill)
                opened.page.on("console", listener(session))
                ready(opened.page)
                yield session
                assert session.complaints == []
            return
        with serve(**env) as served, tab(browser, theme, width) as page:
            session = Session(page, served.process.pid, served.process.kill)
            page.on("console", listener(session))
            page.on("pageerror", lambda error: session.complaints.append(str(error)))
            page.goto(served.page)
            ready(page)
            yield session
            assert session.complaints == []

    return start


@contextmanager
def tab(browser: Browser, theme: Literal["light", "dark"] = "light", width: int = 1280, **more: Any) -> Iterator[Page]:
    """A page with cookies and stores of its own; `more` as Playwright's `new_context` takes it."""
    with browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme, **more) as context:
        yield context.new_page()


def listener(session: Session) -> Callable[[ConsoleMessage], None]:
    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            session.complaints.append(message.text)

    return listen


def ready(page: Page) -> None:
    page.wait_for_function("() => document.documentElement.dataset.ready === 'true'", timeout=60_000)


__all__ += ["Served"]
