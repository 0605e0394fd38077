"""One LocalChat for each data folder: a lock decides who it is, a file tells the others where it listens.

The operating system drops the lock when its holder dies, however it dies, so `instance.json` is believed only while
somebody holds the lock. `filelock` does the same; importing it takes a tenth of a second that the start does not have.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from backend.errors import DataInUse, ReadOnlyData, from_storage

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

LOCK: Final = "instance.lock"
ADDRESS: Final = "instance.json"
POLL_SECONDS: Final = 0.05


@dataclass(frozen=True)
class Address:
    """Where the running LocalChat listens, and the token it asks for (None: none)."""

    url: str
    token: str | None
    pid: int

    @property
    def page(self) -> str:
        """What a browser or a window opens; the token in it becomes a cookie at once."""
        return f"{self.url}/?token={self.token}" if self.token else f"{self.url}/"


def new_token() -> str:
    """256 bits that no other program on this computer can guess."""
    return os.urandom(32).hex()


class Claim:
    """The data folder is ours until `release`, or until this process dies."""

    def __init__(self, folder: Path, descriptor: int) -> None:
        self._address = folder / ADDRESS
        self._descriptor = descriptor
        # What a killed predecessor left behind must not be believed now that the lock is held again.
        self._address.unlink(missing_ok=True)

    def publish(self, address: Address) -> None:
        """Lets a second start find this one."""
        write_private(self._address, json.dumps(asdict(address)))

    def release(self) -> None:
        self._address.unlink(missing_ok=True)
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def claim(folder: Path, seconds: float = 10) -> Claim | Address:
    """The folder itself, or the address of the LocalChat that has it and answers.

    Waits up to `seconds` for one that is just starting or just ending. Raises DataInUse when it neither answers nor
    ends, ReadOnlyData or DiskFull when the folder cannot be written.
    """
    deadline = time.monotonic() + seconds
    while True:
        descriptor = _lock(folder)
        if descriptor is not None:
            return Claim(folder, descriptor)
        address = _published(folder)
        if address is not None and _answers(address):
            return address
        if time.monotonic() >= deadline:
            raise DataInUse("Another LocalChat is at work in this data folder. Try again when it has ended.")
        time.sleep(POLL_SECONDS)


def write_private(path: Path, text: str) -> None:
    """Replaces a small file in one step; nobody but its owner can read it."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


def _lock(folder: Path) -> int | None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Python's descriptors are not inherited, so no child process keeps the lock alive.
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        reason = f"{folder} cannot be the data folder: {error.strerror or error}. Choose another with --data FOLDER."
        raise from_storage(error) or ReadOnlyData(reason) from error
    if _lock_now(descriptor):
        return descriptor
    os.close(descriptor)
    return None


if sys.platform == "win32":
    import msvcrt

    def _lock_now(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock_now(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _published(folder: Path) -> Address | None:
    try:
        return Address(**json.loads((folder / ADDRESS).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _answers(address: Address) -> bool:
    # Only a second start gets here. httpx would take a quarter of a second more, and would ask the proxy.
    import http.client

    parts = urlsplit(address.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
