"""The document reader's process from our side: started when needed, watched, killed when it hangs."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

from backend import errors
from backend.pipeline.readers import Batch
from backend.pipeline.readers.blocks import from_json
from backend.pipeline.readers.formats import damaged

log = logging.getLogger(__name__)

SILENCE_SECONDS: Final = 60.0
"""How long a file may be read without a page to show for it."""

SECONDS_PER_MEGABYTE: Final = 40.0
"""A Word document shows nothing before it is read whole: 22 s a packed megabyte were measured on one core."""

LONGEST_SECONDS: Final = 3600.0
"""How long a file may be read altogether, however steadily its pages come: 1,800 scanned pages at two seconds each."""

MOST_MEMORY: Final = 2 * 1024**3
"""Bytes that the child and what it started may hold at once. Its own limit is of addresses, and unknown on Windows."""

LOOK_AT_MEMORY_SECONDS: Final = 0.25

AHEAD: Final = 64
"""Answers that are read before they are asked for; then the child waits."""

LOOK_SECONDS: Final = 0.2
LONGEST_LINE: Final = 512 * 1024**2

# What a child that parsed a hostile file may make us say.
REPORTED: Final[dict[str, type[errors.LocalChatError]]] = {
    kind.__name__: kind for kind in (*errors.DocumentError.__subclasses__(), errors.TooLarge)
}


class Reader:
    """One child at a time serves file after file. `read` is for one thread; `stop` may be called from any."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        silence_seconds: float = SILENCE_SECONDS,
        most_memory: int = MOST_MEMORY,
    ) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._silence_seconds = silence_seconds
        self._most_memory = most_memory
        self._looked = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._pump = threading.Thread()

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def read(self, path: Path, filename: str, password: str | None = None) -> Iterator[Batch]:
        """Raises the DocumentErrors of `pipeline.readers.read`, ReadingTimeout, TooLarge (of its memory)."""
        silence = self._silence_seconds + SECONDS_PER_MEGABYTE * path.stat().st_size / 1024**2
        most = LONGEST_SECONDS + silence
        end = time.monotonic() + most
        finished = False
        try:
            self._ask({"path": str(path), "filename": filename, "password": password, "seconds": most})
            while True:
                answer = self._next(filename, min(time.monotonic() + silence, end))
                if "end" in answer:
                    finished = True
                    return
                if "error" in answer:
                    finished = True
                    raise _reported(answer)
                yield from_json(answer)
        except (ValueError, KeyError, TypeError, OSError) as error:
            log.warning("the reader's answer was not understood: %s", type(error).__name__)
            raise damaged(filename) from error
        finally:
            # Whoever leaves early leaves a child that still speaks of this file.
            if not finished:
                self.stop()

    def stop(self) -> None:
        """Idempotent; a `read` under way ends with DamagedDocument."""
        process, self._process = self._process, None
        if process is not None:
            _kill(process)
            with contextlib.suppress(OSError):
                if process.stdin is not None:
                    process.stdin.close()

    def _ask(self, request: dict[str, Any]) -> None:
        line = json.dumps(request).encode() + b"\n"
        process = self._process
        if process is None or process.poll() is not None:
            process = self._start()
        assert process.stdin is not None
        process.stdin.write(line)
        process.stdin.flush()

    def _start(self) -> subprocess.Popen[bytes]:
        self.stop()
        process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a Ctrl+C in our terminal is ours to pass on
        )
        assert process.stdout is not None
        assert process.stderr is not None
        lines: queue.Queue[bytes] = queue.Queue(AHEAD)
        self._pump = threading.Thread(
            target=_hand_on, args=(process, process.stdout, lines), name="reader", daemon=True
        )
        self._pump.start()
        threading.Thread(target=_log_lines, args=(process.stderr,), name="reader-log", daemon=True).start()
        self._process, self._lines = process, lines
        return process

    def _next(self, filename: str, deadline: float) -> dict[str, Any]:
        while True:
            ended = not self._pump.is_alive()
            try:
                line = self._lines.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                line = b""
            self._look_at_memory(filename)
            if line:
                answer: dict[str, Any] = json.loads(line)
                return answer
            if ended:
                raise self._death(filename)
            if time.monotonic() > deadline:
                self.stop()
                raise _too_long(filename)

    def _look_at_memory(self, filename: str) -> None:
        process, now = self._process, time.monotonic()
        if process is None or now - self._looked < LOOK_AT_MEMORY_SECONDS:
            return
        self._looked = now
        if _memory(process.pid) > self._most_memory:
            self.stop()
            raise errors.TooLarge(f"{filename} needs more memory than LocalChat allows for one file. Split it.")

    def _death(self, filename: str) -> errors.LocalChatError:
        process = self._process
        code = process.wait() if process is not None else None
        log.warning("the reader ended in the middle of a file: %s", code)
        if sys.platform != "win32" and code == -signal.SIGXCPU:
            return _too_long(filename)
        return damaged(filename)


def _reported(answer: Mapping[str, Any]) -> errors.LocalChatError:
    """What the child said. Its reason counts only with the values that belong to it."""
    kind = REPORTED.get(str(answer["error"]), errors.DamagedDocument)
    message = str(answer.get("message"))
    told = answer.get("details")
    if not isinstance(told, dict) or not isinstance(told.get("values"), dict):
        return kind(message)
    reason, values = told.get("reason"), told["values"]
    wanted = errors.REASONS.get(reason) if isinstance(reason, str) else None
    if wanted is None or set(values) != set(wanted):
        return kind(message)
    return kind(message, reason, **{name: one if isinstance(one, int) else str(one) for name, one in values.items()})


def _too_long(filename: str) -> errors.ReadingTimeout:
    return errors.ReadingTimeout(
        f"{filename} took too long to read and was given up. It may be damaged; "
        "save it anew with the program that made it, or add it in parts."
    )


def _memory(pid: int) -> int:
    """Bytes that a process and its children hold; 0 when it is gone."""
    import psutil

    total = 0
    try:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += one.memory_info().rss
    except psutil.Error:
        return 0
    return total


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With what it has started: a text recognition would go on for minutes."""
    if sys.platform == "win32":
        import psutil

        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
        process.kill()
    # It leads a session of its own. Unless it was waited for, its number is still its own.
    elif process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _hand_on(process: subprocess.Popen[bytes], stream: IO[bytes], lines: queue.Queue[bytes]) -> None:
    """Waits while nobody takes a line, but not for a child that is gone."""
    with stream:
        while True:
            try:
                line = stream.readline(LONGEST_LINE)
            except (OSError, ValueError):
                return
            if not line:
                return
            while True:
                try:
                    lines.put(line, timeout=LOOK_SECONDS)
                    break
                except queue.Full:
                    if process.poll() is not None:
                        return


def _log_lines(stream: IO[bytes]) -> None:
    with stream:
        for line in stream:
            log.info("reader: %s", line.decode(errors="replace").rstrip()[:500])
