"""The program as its users start it: a process of its own, over a data folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.conftest import NOBODY, ROOT, SOON
from tests.ollama_stand_in import ollama_stand_in

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

__all__ = ["ollama_stand_in"]


@dataclass
class Served:
    """A running `localchat serve`. `page` is the line that it printed."""

    process: subprocess.Popen[str]
    page: str

    @property
    def url(self) -> str:
        return self.page.split("/?")[0].rstrip("/")

    @property
    def token(self) -> str:
        return parse_qs(urlsplit(self.page).query).get("token", [""])[0]

    def http(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def end(self, number: int = signal.SIGTERM) -> float:
        """Sends the signal; seconds until the process was gone."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        return time.monotonic() - started


Run = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., "AbstractContextManager[Served]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No Ollama and no screen, unless a test puts them there."""
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")}
    return {**env, "LOCALCHAT_DATA": str(tmp_path / "data"), "LOCALCHAT_PORT": "0", "OLLAMA_HOST": NOBODY}


@pytest.fixture
def localchat(environment: dict[str, str]) -> Run:
    """Runs `localchat ARGUMENTS…` to its end."""

    def run(*arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "desktop", *map(str, arguments)],
            cwd=ROOT,
            env={**environment, **changes},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


@pytest.fixture
def serve(environment: dict[str, str]) -> Serve:
    """`localchat serve ARGUMENTS…`, ready when the block begins and ended after it."""

    @contextmanager
    def start(*arguments: object, command: str = "serve", **changes: str) -> Iterator[Served]:
        with subprocess.Popen(
            [sys.executable, "-m", "desktop", command, *map(str, arguments)],
            cwd=ROOT,
            env={**environment, **changes},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                yield Served(process, process.stdout.readline().strip())
            finally:
                if process.poll() is None:
                    process.terminate()
                    try:
                        process.wait(SOON)
                    except subprocess.TimeoutExpired:
                        process.kill()  # The block would wait for it without end.
                        raise

    return start


@pytest.fixture
def screen() -> Iterator[str]:
    """The DISPLAY that is there, or one of Xvfb's own."""
    if os.environ.get("DISPLAY"):
        yield os.environ["DISPLAY"]
        return
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("needs a screen, or Xvfb")
    read, write = os.pipe()
    # Xvfb finds a free display by itself and writes its number when it is ready.
    command = [program, "-displayfd", str(write), "-screen", "0", "1400x1000x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as process:
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        yield f":{number}"
        process.terminate()
