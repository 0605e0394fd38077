"""The real window, driven through its debugging port as a user's hand would."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.conftest import ROOT, SOON
from tests.ollama_script import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page, Playwright

    from tests.desktop.conftest import Run, Serve
    from tests.ollama_stand_in import StandIn

pytestmark = pytest.mark.e2e

ALONE = """
import sys
from pathlib import Path
from desktop.instance import Address
from desktop.server import Server
from desktop.window import Window

def page(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"<!doctype html><title>alone</title><p>alone"]

server = Server()
server.start(page)
Window(Address(server.url, None, 1), Path(sys.argv[1])).run()
server.stop()
"""
"""The window over a page that sends no security headers, so that only the window's own guards are left."""


@dataclass
class Opened:
    """A running window. `page` drives what it shows."""

    process: subprocess.Popen[str]
    page: Page
    display: str

    def close(self) -> float:
        """As the cross of its title bar does; seconds until the process was gone."""
        started = time.monotonic()
        ask_to_close(self.display, native(self.display))
        self.process.wait(30)
        return time.monotonic() - started

    def signal(self, number: int) -> float:
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        return time.monotonic() - started


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """Every link that was handed to the user's own browser, a line each."""
    folder = tmp_path / "bin"
    folder.mkdir()
    opened = tmp_path / "links"
    opened.write_text("")
    browser = folder / "xdg-open"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    browser.chmod(0o755)
    return opened


@pytest.fixture
def open_window(environment: dict[str, str], screen: str, links: Path, playwright: Playwright) -> Any:
    """Starts a program with a window, `localchat` unless another is named; ended after the block."""

    @contextlib.contextmanager
    def start(*command: str, **changes: str) -> Iterator[Opened]:
        port = debug_port()
        path = f"{links.parent / 'bin'}:{environment['PATH']}"
        env = {**environment, "DISPLAY": screen, "LOCALCHAT_DEBUG_PORT": str(port), "PATH": path, **changes}
        command = command or ("-m", "desktop")
        with subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                wait_for(lambda: shows_a_page(port))
                # Without no_defaults Playwright sets up downloads in a way that Qt does not know.
                browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}", no_defaults=True)
                wait_for(lambda: bool(browser.contexts[0].pages))
                page = browser.contexts[0].pages[0]
                page.wait_for_url(re.compile("^http://127.0.0.1:"))
                page.wait_for_load_state()
                yield Opened(process, page, screen)
            finally:
                if process.poll() is None:
                    process.kill()

    return start


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def debug_port() -> int:
    """Free, and below those that servers get which take any port, as the window's own server does a moment later."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def shows_a_page(port: int) -> bool:
    """Whether the window has left its first, empty page: that one is replaced, and who attached to it waits in vain."""
    try:
        targets = httpx.get(f"http://127.0.0.1:{port}/json/list", trust_env=False).json()
    except httpx.HTTPError:
        return False
    return any(target["type"] == "page" and target["url"].startswith("http://127.0.0.1:") for target in targets)


def xdotool(display: str, *arguments: str) -> str:
    program = shutil.which("xdotool")
    if program is None:
        pytest.skip("needs xdotool")
    # The rest of the environment too: XAUTHORITY is the key to a screen that xvfb-run made.
    env = {**os.environ, "DISPLAY": display}
    return subprocess.run([program, *arguments], env=env, capture_output=True, text=True, check=True).stdout


def native(display: str) -> str:
    """The X server's number of our window."""
    return xdotool(display, "search", "--onlyvisible", "--name", "^LocalChat$").split()[0]


def is_shown(display: str, name: str = "^LocalChat$") -> bool:
    with contextlib.suppress(subprocess.CalledProcessError):
        return bool(xdotool(display, "search", "--onlyvisible", "--name", name))
    return False


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent, in the room of the union XEvent."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("rest", ctypes.c_long * 12),
    )


def ask_to_close(display: str, window: str) -> None:
    """Sends WM_DELETE_WINDOW, which is what a window manager does when the cross is clicked; Xvfb has none."""
    x = ctypes.CDLL("libX11.so.6")
    x.XOpenDisplay.restype = ctypes.c_void_p
    x.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    x.XInternAtom.restype = ctypes.c_ulong
    x.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
    x.XCloseDisplay.argtypes = [ctypes.c_void_p]
    connection = x.XOpenDisplay(display.encode())
    event = ClientMessage(type=33, window=int(window), format=32)
    event.message_type = x.XInternAtom(connection, b"WM_PROTOCOLS", 0)
    event.data[0] = x.XInternAtom(connection, b"WM_DELETE_WINDOW", 0)
    assert x.XSendEvent(connection, int(window), 0, 0, ctypes.byref(event))
    x.XCloseDisplay(connection)


def fetch(page: Page, path: str, method: str = "GET") -> int:
    """The status of a request that the page itself makes, with its cookie."""
    status: int = page.evaluate("([path, method]) => fetch(path, {method}).then(r => r.status)", [path, method])
    return status


def start_answer(page: Page) -> None:
    """Sends a message and returns when the first words of a long answer have arrived."""
    page.evaluate(
        """async () => {
            const body = JSON.stringify({message: "Go on.", use_rag: false});
            const headers = {"Content-Type": "application/json"};
            const response = await fetch("/api/chat", {method: "POST", headers, body});
            const reader = response.body.getReader(), decoder = new TextDecoder();
            for (let text = ""; !text.includes('"content"');) text += decoder.decode((await reader.read()).value);
        }"""
    )


@pytest.fixture
def talkative(ollama_stand_in: StandIn) -> str:
    """An Ollama whose answers go on for minutes."""
    ollama_stand_in.answer = Answer(tokens=["word "] * 10_000, tokens_per_second=50)
    return ollama_stand_in.host


def test_the_window_shows_the_page_and_may_use_the_api(open_window: Any) -> None:
    with open_window() as window:
        assert "token" not in window.page.url
        assert fetch(window.page, "/api/status") == 200


def test_the_window_stays_at_its_origin_and_links_open_in_the_browser(open_window: Any, links: Path) -> None:
    with open_window("-c", ALONE, str(links.parent)) as window:
        page, home = window.page, window.page.url
        page.evaluate(
            """() => {
                for (const [id, href, target] of [
                    ["link", "https://example.com/link", ""], ["blank", "https://example.com/blank", "_blank"],
                    ["mail", "mailto:someone@example.com", "_blank"], ["file", "file:///etc/passwd", ""],
                    ["own", location.origin + "/elsewhere", "_blank"], ["port", "http://127.0.0.1:9/", ""],
                ]) document.body.append(Object.assign(document.createElement("a"), {id, href, target}));
            }"""
        )
        for script in (
            *(
                f"document.getElementById('{name}').click()"
                for name in ("link", "blank", "mail", "file", "own", "port")
            ),
            "location.href = 'https://example.com/script'",
            "void window.open('https://example.com/opened')",
            "location.href = 'file:///etc/passwd'",
            "location.href = 'data:text/html,hello'",
        ):
            page.evaluate(script)
            page.wait_for_timeout(150)
        wait_for(lambda: len(links.read_text().splitlines()) >= 6)
        assert page.evaluate("location.href") == home
        assert page.evaluate("document.title") == "alone"
        assert len(page.context.pages) == 1
        assert set(links.read_text().split()) == {
            "https://example.com/link",
            "https://example.com/blank",
            "mailto:someone@example.com",
            "http://127.0.0.1:9/",
            "https://example.com/script",
            "https://example.com/opened",
        }


def test_microphone_and_camera_are_refused_and_copying_works(open_window: Any, tmp_path: Path) -> None:
    flags = "--use-fake-device-for-media-stream"
    with open_window("-c", ALONE, str(tmp_path), QTWEBENGINE_CHROMIUM_FLAGS=flags) as window:
        for kind in ("audio", "video"):
            asked = f"navigator.mediaDevices.getUserMedia({{{kind}: true}}).then(() => 'granted', () => 'refused')"
            assert window.page.evaluate(asked) == "refused"
        window.page.bring_to_front()
        copied = "navigator.clipboard.writeText('x').then(() => 'copied', String)"
        assert window.page.evaluate(copied) == "copied"
        pasted = "navigator.clipboard.readText().then(() => 'read', () => 'refused')"
        assert window.page.evaluate(pasted) == "refused"


def test_closing_ends_the_program_while_an_answer_streams(open_window: Any, talkative: str, tmp_path: Path) -> None:
    with open_window(OLLAMA_HOST=talkative) as window:
        start_answer(window.page)
        assert window.close() < SOON
        assert window.process.returncode == 0
    assert not (tmp_path / "data" / "instance.json").exists()


def test_closing_while_the_page_loads_ends_the_program(environment: dict[str, str], screen: str) -> None:
    env = {**environment, "DISPLAY": screen}
    for wait in (0, 0.1, 0.2, 0.4, 0.8):
        with subprocess.Popen(
            [sys.executable, "-m", "desktop"], cwd=ROOT, env=env, stderr=subprocess.DEVNULL
        ) as process:
            try:
                wait_for(lambda: is_shown(screen))
                time.sleep(wait)
                ask_to_close(screen, native(screen))
                assert process.wait(10) == 0
            finally:
                process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_program_while_an_answer_streams(open_window: Any, talkative: str, number: int) -> None:
    with open_window(OLLAMA_HOST=talkative) as window:
        start_answer(window.page)
        assert window.signal(number) < SOON
        assert window.process.returncode == 0


def test_a_second_start_shows_the_first_and_ends(open_window: Any, localchat: Run, screen: str) -> None:
    with open_window() as window:
        second = localchat(DISPLAY=screen)
        assert (second.returncode, second.stdout) == (0, "")
        assert window.process.poll() is None
        assert len(window.page.context.pages) == 1
        assert fetch(window.page, "/api/desktop/show", "POST") == 200


def test_a_second_start_gives_a_server_without_window_one(open_window: Any, serve: Serve) -> None:
    with serve() as served:
        with open_window() as window:
            assert window.page.url == f"{served.url}/"
            assert fetch(window.page, "/api/status") == 200
            assert window.close() < SOON
        with served.http() as http:
            assert http.get("/api/health").status_code == 200


def test_the_window_comes_back_with_its_size_and_place(open_window: Any, screen: str, tmp_path: Path) -> None:
    with open_window() as window:
        xdotool(screen, "windowsize", "--sync", native(screen), "700", "600")
        xdotool(screen, "windowmove", "--sync", native(screen), "60", "70")
        window.close()
    saved = json.loads((tmp_path / "data" / "window.json").read_text())
    assert [saved[key] for key in ("width", "height", "x", "y")] == [700, 600, 60, 70]
    with open_window() as window:
        assert window.page.evaluate("[innerWidth, innerHeight]") == [700, 600]
        window.close()
    assert json.loads((tmp_path / "data" / "window.json").read_text()) == saved


def test_a_start_that_fails_says_why_in_the_window(open_window: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with sqlite3.connect(tmp_path / "data" / "localchat.db") as database:
        database.execute("PRAGMA user_version = 9999")
    database.close()
    with open_window() as window:
        assert "cannot start" in window.page.inner_text("h1")
        assert "newer" in window.page.inner_text("p")
        assert window.close() < SOON


def test_the_native_dialog_brings_a_file_in(open_window: Any, screen: str, tmp_path: Path) -> None:
    chosen = tmp_path / "harbour.txt"
    chosen.write_text("The harbour has four cranes.")
    with open_window() as window:
        open_dialog(window.page, screen)
        xdotool(screen, "type", str(chosen))
        xdotool(screen, "key", "Return")
        listed = "() => fetch('/api/documents').then(r => r.json()).then(all => all.documents.map(one => one.filename))"
        wait_for(lambda: window.page.evaluate(listed) == ["harbour.txt"])


def test_a_signal_ends_the_program_while_the_dialog_is_open(open_window: Any, screen: str) -> None:
    with open_window() as window:
        open_dialog(window.page, screen)
        assert window.signal(signal.SIGTERM) < 2
        assert window.process.returncode == 0


def open_dialog(page: Page, screen: str) -> None:
    """Asks for files as the page's button does, and returns when the dialog has the keyboard."""
    page.evaluate(
        """() => {
            const headers = {"Content-Type": "application/json"};
            void fetch("/api/documents/pick", {method: "POST", headers, body: '{"folder": false}'});
        }"""
    )
    wait_for(lambda: is_shown(screen, "^Open files$"))
    time.sleep(1)
