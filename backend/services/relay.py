"""A blocking source, read on a thread of its own; what has arrived meanwhile is handed on together.

Joining is what keeps up with a fast engine (2,000 tokens at once: .42 of the raw speed instead of .15), and a separate
reader is what lets a stream notice within a tenth of a second that its client has left, however long the engine thinks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")

IDLE_SECONDS = 0.1


class _End:
    pass


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


class Relay(Generic[Item]):
    """Reads `source` from the moment it is made. The thread ends with the source: close that to end it early."""

    def __init__(self, source: Iterable[Item], name: str) -> None:
        self._queue: SimpleQueue[Item | _End | _Failed] = SimpleQueue()
        self._thread = threading.Thread(target=self._read, args=(source,), name=name, daemon=True)
        self._thread.start()

    def batches(self) -> Iterator[list[Item]]:
        """What came since the last step, in order; an empty list when nothing came for `IDLE_SECONDS`.

        Raises what the source raised, after everything that came before.
        """
        queue = self._queue
        while True:
            batch: list[Item] = []
            try:
                item = queue.get(timeout=IDLE_SECONDS)
                while not isinstance(item, (_End, _Failed)):
                    batch.append(item)
                    item = queue.get_nowait()
            except Empty:
                yield batch
                continue
            if batch:
                yield batch
            if isinstance(item, _Failed):
                raise item.error
            return

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _read(self, source: Iterable[Item]) -> None:
        try:
            for item in source:
                self._queue.put(item)
        except BaseException as error:  # noqa: BLE001 - raised again in `batches`
            self._queue.put(_Failed(error))
        else:
            self._queue.put(_End())
