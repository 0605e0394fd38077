"""The child process that reads files: whatever a hostile one does to it, the app goes on.

It takes one request a line on stdin, {"path", "filename", "password"?, "seconds"}, and answers each with lines of JSON
on stdout: batches (`blocks.to_json`) as it goes, and last {"end": true} or {"error": code, "message"}. `seconds`: of
processor time, after which the system ends it. It ends when stdin does. Nothing that it writes to stderr names a file.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from backend.errors import LocalChatError
from backend.pipeline.readers import read
from backend.pipeline.readers.blocks import to_json
from backend.pipeline.readers.formats import damaged

MOST_WRITTEN: Final = 1024**2
"""Bytes of a file: none is meant to be written, but Python tries whether its temporary folder can be."""

MOST_MEMORY: Final = 4 * 1024**3
"""Bytes of address space: a Word document of 60 MB of XML takes a half of it."""


def main(_arguments: Sequence[str]) -> int:
    answers = _private_stdout()
    _limit()
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), name="requests", daemon=True).start()
    while True:
        _answer(json.loads(requests.get()), answers)


def _listen(requests: queue.SimpleQueue[bytes]) -> None:
    """On a thread of its own, so that the process ends with its parent even in the middle of a file."""
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(0)


def _answer(request: dict[str, Any], answers: TextIO) -> None:
    filename = request["filename"]
    _limit_processor(request["seconds"])
    try:
        for batch in read(Path(request["path"]), filename, request.get("password")):
            _say(answers, to_json(batch))
    except LocalChatError as error:
        _say(answers, error.kept)
    except MemoryError:
        _say(
            answers, {"error": "TooLarge", "message": f"{filename} needs more memory than LocalChat allows. Split it."}
        )
    except Exception as error:  # noqa: BLE001 - any failure of a library on a strange file is the file's
        print(f"a reader failed: {type(error).__name__}", file=sys.stderr, flush=True)
        _say(answers, {"error": "DamagedDocument", "message": damaged(filename).message})
    else:
        _say(answers, {"end": True})


def _say(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _private_stdout() -> TextIO:
    """A library that prints must not be taken for an answer: what it prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    return answers


def _limit() -> None:
    """As much memory as a large document needs, next to nothing written, and the window goes first."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(5)
    limits = {
        resource.RLIMIT_AS: MOST_MEMORY,
        resource.RLIMIT_FSIZE: MOST_WRITTEN,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        _, most = resource.getrlimit(limit)
        soft = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(limit, (soft, most))


def _limit_processor(seconds: float) -> None:
    """Holds even where a library neither returns nor lets another thread run, and the app is gone."""
    if sys.platform == "win32":
        return
    import resource

    used = time.process_time()
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, most))
