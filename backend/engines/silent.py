"""In the place of an engine while none runs: it says why instead of answering, beside what the documents say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backend.engines.base import ChatDelta, ChatMessage, ChatRequest, EngineStatus
from backend.errors import EngineUnavailable


class SilentEngine:
    """`reason`: why nothing answers; raised anew by each answer, at its first step."""

    name = "none"

    def __init__(self, reason: EngineUnavailable) -> None:
        self._reason = reason

    def status(self) -> EngineStatus:
        return EngineStatus(self.name, "", running=False, message=self._reason.message, details=self._reason.details)

    def chat(self, request: ChatRequest) -> SilentAnswer:  # noqa: ARG002 - of the protocol
        return SilentAnswer(self._reason)

    def count(self, messages: Sequence[ChatMessage]) -> int | None:  # noqa: ARG002 - of the protocol
        return None


class SilentAnswer:
    """See `ChatStream`."""

    def __init__(self, reason: EngineUnavailable) -> None:
        self._reason = reason
        self._closed = False

    def __iter__(self) -> Iterator[ChatDelta]:
        if not self._closed:
            raise self._reason
        yield from ()

    def close(self) -> None:
        self._closed = True
