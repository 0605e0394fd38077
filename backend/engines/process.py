"""A child process that serves on loopback: start it, wait until it says where, stop it gently, then hard.

The child is told its work on stdin and answers with one line of JSON on stdout. It lives as long as its stdin: when we
die, however that happens, the pipe closes and the child ends by itself.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any

from backend.errors import EngineUnavailable

log = logging.getLogger(__name__)

START_SECONDS = 60.0
STOP_SECONDS = 0.5


class Child:
    """`start` returns what the child said; it raises EngineUnavailable when it ends or stays silent."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def ended(self, seconds: float) -> bool:
        """Whether it ends within `seconds`, or never ran."""
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self, work: Mapping[str, Any]) -> dict[str, Any]:
        self.stop()
        process = self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Its own group: a Ctrl+C in our terminal is ours to pass on.
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        threading.Thread(target=_log_lines, args=(process.stderr,), name="child-log", daemon=True).start()
        guard = threading.Timer(START_SECONDS, process.kill)
        guard.start()
        try:
            process.stdin.write(json.dumps(work).encode() + b"\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(process.stdout.readline())
        except (OSError, ValueError) as error:
            self.stop()
            raise EngineUnavailable(
                "The built-in model could not be started. The log says why; `localchat doctor` checks its file.",
                "builtin_not_started",
            ) from error
        finally:
            guard.cancel()
        return answer

    def stop(self) -> None:
        """Idempotent; returns within a second."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _log_lines(stream: IO[bytes]) -> None:
    """The child's own log goes to ours, for trouble; llama.cpp says much, so only at debug level."""
    with stream:
        for line in stream:
            log.debug("%s", line.decode(errors="replace").rstrip())
