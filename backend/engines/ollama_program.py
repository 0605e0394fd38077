"""The `ollama` program on this computer: found, started when a person asks for it, and ended if we started it.

A server that we find running is the user's own and is never ended. Ours outlives a LocalChat that was killed, and is
then found running by the next one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from backend.errors import EngineUnavailable

START_SECONDS: Final = 15.0
STOP_SECONDS: Final = 0.7
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

PLACES: Final = {
    "linux": ("/usr/local/bin/ollama", "/usr/bin/ollama"),
    "darwin": ("/Applications/Ollama.app/Contents/Resources/ollama", "/opt/homebrew/bin/ollama"),
    "win32": (r"%LOCALAPPDATA%\Programs\Ollama\ollama.exe",),
}
"""Where its installers put it; a program that was double-clicked does not see the PATH of the user's shell."""


def installed() -> Path | None:
    """The program, or None."""
    found = shutil.which("ollama")
    if found:
        return Path(found)
    places = [Path(os.path.expandvars(place)) for place in PLACES.get(sys.platform, ())]
    return next((place for place in places if place.is_file()), None)


def is_here(address: str) -> bool:
    """Whether the address (a URL) is of this computer, where we could start a server."""
    return urlsplit(address).hostname in LOOPBACK


class OllamaProgram:
    """`log`: the file that its words go to."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, address: str) -> None:
        """`ollama serve` at the address, ready when this returns.

        Raises EngineUnavailable: not installed, not of this computer, or it ended or stayed silent.
        """
        program = installed()
        if program is None:
            raise EngineUnavailable(
                "Ollama is not installed on this computer. Get it from ollama.com.", "ollama_not_installed"
            )
        if not is_here(address):
            raise EngineUnavailable(
                f"{address} is another computer. Start Ollama there.", "ollama_elsewhere", address=address
            )
        self.stop()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(program), "serve"],
                env={**os.environ, "OLLAMA_HOST": urlsplit(address).netloc},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Its runners are ended with it, and a Ctrl+C in our terminal is ours to pass on.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        self._wait(address)

    def stop(self) -> None:
        """Ends what we started, with its runners. Idempotent; returns within a second."""
        process, self._process = self._process, None
        if process is None:
            return
        for end in (signal.SIGTERM, signal.SIGKILL) if os.name == "posix" else (None,):
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                if end is None:
                    process.kill()
                else:
                    os.killpg(process.pid, end)
                process.wait(STOP_SECONDS)

    def _wait(self, address: str) -> None:
        import httpx

        from backend.engines import transport

        process = self._process
        assert process is not None
        deadline = time.monotonic() + START_SECONDS
        with transport.client(address, read_seconds=2) as http:
            while process.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(httpx.HTTPError):
                    http.get("/api/version").raise_for_status()
                    return
                time.sleep(0.1)
        self.stop()
        words = self._last_words()
        raise EngineUnavailable(f"Ollama could not be started: {words}", "ollama_not_started", words=words)

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else "it did not say why."
