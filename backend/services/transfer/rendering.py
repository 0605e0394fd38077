"""A conversation in a format, and many on all cores: processes that render while the server goes on answering."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal

from backend.errors import LocalChatError
from backend.services.transfer.transcript import transcript

if TYPE_CHECKING:
    from backend.stores.conversations import Conversation

log = logging.getLogger(__name__)

Format = Literal["md", "json", "html", "docx", "pdf"]

MOST_WORKERS: Final = 4
"""Each has about 60 MB."""

AHEAD: Final = 4
"""Conversations a worker that are under way, so that none waits for its next and few are in memory."""


@dataclass(frozen=True, slots=True)
class Source:
    """`origin`: where the conversation was imported from. `pictures`: their bytes by id; None where they are only
    named."""

    conversation: Conversation
    origin: str | None
    pictures: dict[str, bytes] | None


def render(source: Source, format: Format) -> bytes:  # noqa: A002 - the name in the contract
    """The shown branch; as JSON the whole tree, with where it was imported from."""
    from backend.services.transfer import as_docx, as_html, as_json, as_markdown, as_pdf

    data = source.pictures.__getitem__ if source.pictures is not None else None
    if format == "json":
        assert data is not None
        return as_json.render([(source.conversation, source.origin)], data)
    written = {"md": as_markdown.render, "html": as_html.render, "docx": as_docx.render, "pdf": as_pdf.render}
    return written[format](transcript(source.conversation, data))


class Workers:
    """Renders in processes of its own where there are `many`, else here. Leaving the context ends them."""

    def __init__(self, format: Format, *, many: bool) -> None:  # noqa: A002
        self._format: Format = format
        self._count = min(MOST_WORKERS, os.cpu_count() or 1)
        self._pool: ProcessPoolExecutor | None = None
        if many:
            # Spawned, not forked: a fork of a program with threads keeps locks that nobody will ever release.
            self._pool = ProcessPoolExecutor(self._count, get_context("spawn"), initializer=_begin)

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def rendered(self, sources: Iterable[Source]) -> Iterator[tuple[Source, bytes | None]]:
        """In order; None for one that cannot be written, of which the log tells more."""
        waiting: deque[tuple[Source, Future[bytes] | None]] = deque()
        for source in sources:
            waiting.append((source, self._submit(source)))
            if len(waiting) > (self._count * AHEAD if self._pool is not None else 0):
                yield self._finished(*waiting.popleft())
        while waiting:
            yield self._finished(*waiting.popleft())

    def _submit(self, source: Source) -> Future[bytes] | None:
        if self._pool is None:
            return None
        try:
            return self._pool.submit(render, source, self._format)
        except (BrokenProcessPool, OSError):
            self._give_up()
            return None

    def _finished(self, source: Source, future: Future[bytes] | None) -> tuple[Source, bytes | None]:
        try:
            if future is not None:
                with suppress(BrokenProcessPool, CancelledError):
                    return source, future.result()
                self._give_up()
            return source, render(source, self._format)
        except LocalChatError:
            raise
        except Exception:
            log.exception("a conversation could not be exported as %s", self._format)
            return source, None

    def _give_up(self) -> None:
        """The processes cannot be started, or one was killed: the rest is rendered here."""
        if self._pool is not None:
            log.warning("export goes on without processes of its own")
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _begin() -> None:
    """In each worker: the window goes first, and without the program that began it there is nothing left to do."""
    if sys.platform != "win32":
        os.nice(2)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
