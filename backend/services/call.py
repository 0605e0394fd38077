"""An engine's call that can be ended from outside at any moment, also before its stream is there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.engines.base import ChatStream


class Call:
    """`reason` says why it was ended from outside; None while it was not."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._stream: ChatStream | None = None
        self._lock = threading.Lock()

    @property
    def left(self) -> bool:
        return self.reason is not None

    def begin(self, stream: ChatStream) -> ChatStream:
        """`stream` is its stream from now on, closed at once where nobody waits for it any more."""
        with self._lock:
            self._stream = stream
            if self.left:
                stream.close()
        return stream

    def end(self, reason: str = "left") -> None:
        """The first reason is kept."""
        with self._lock:
            self.reason = self.reason or reason
            if self._stream is not None:
                self._stream.close()
