"""What is kept where, how much room it takes, and the last lines of the logs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from backend.errors import NotFound

if TYPE_CHECKING:
    from backend.config import Config

Place = Literal["data", "database", "files", "passages", "logs", "models"]
PLACES: Final[tuple[Place, ...]] = get_args(Place)

LONGEST_TAIL: Final = 1024**2
"""Bytes that are read from the end of a log at most."""

LONGEST_LINE: Final = 2_000
"""Characters of a line that are shown."""


@dataclass(frozen=True, slots=True)
class Stored:
    """`size`: bytes of all that is in it."""

    place: Place
    path: Path
    size: int


def stored(config: Config) -> list[Stored]:
    """Every place with what it holds now; the data folder holds all but the models that came with LocalChat."""
    return [Stored(place, path := path_of(config, place), _size(path)) for place in PLACES]


def path_of(config: Config, place: Place) -> Path:
    paths: dict[Place, Path] = {
        "data": config.data,
        "database": config.data / "localchat.db",
        "files": config.data / "files",
        "passages": config.data / "passages.lance",
        "logs": config.data / "logs",
        "models": config.models,
    }
    return paths[place]


def folder_of(config: Config, place: Place) -> Path:
    """What a file manager can show: the place, the folder it is in, or the nearest one that is there."""
    path = path_of(config, place)
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path


def log_names(config: Config) -> list[str]:
    """The logs that there are, ours first, each before its older parts."""
    folder = path_of(config, "logs")
    names = [path.name for path in folder.glob("*.log*") if path.is_file()] if folder.is_dir() else []
    return sorted(names, key=lambda name: (not name.startswith("localchat"), name))


def last_lines(config: Config, name: str, lines: int) -> list[str]:
    """Raises NotFound. Bytes that are not text are shown as such."""
    # A name of the list and not a path: nothing else on the disk can be asked for.
    if name not in log_names(config):
        raise NotFound("There is no such log. It may have been cleared away.", "log_gone")
    with (path_of(config, "logs") / name).open("rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - LONGEST_TAIL))
        text = log.read(LONGEST_TAIL).decode(errors="replace")
    found = text.splitlines()
    # The first one of a part is the rest of a line.
    whole = found[1:] if size > LONGEST_TAIL else found
    return [line[:LONGEST_LINE] for line in whole[-lines:]]


def _size(path: Path) -> int:
    """Files that come and go while they are counted are left out."""
    if not path.is_dir():
        # The database has its newest pages beside it.
        return sum(_bytes(Path(f"{path}{end}")) for end in ("", "-wal", "-shm"))
    return sum(_bytes(Path(folder) / name) for folder, _, names in os.walk(path) for name in names)


def _bytes(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
