"""What lies in a folder, as people expect it: nothing hidden, nothing of tools, nothing that git ignores."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

TOOLS: Final = frozenset({"node_modules", "__pycache__", "$RECYCLE.BIN", "System Volume Information", "Thumbs.db"})
"""Names of what programs and systems put beside people's files."""

LOCK: Final = "~$"
"""How the name of Office's lock files begins: one lies beside each document that is open."""

IGNORE: Final = ".gitignore"
MOST_RULES: Final = 1024**2
"""Bytes of a .gitignore that are read."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A regular file. `key`: its path as it is kept: that of a name which is no UTF-8 cannot be written as it is.

    `modified`: nanoseconds; `elsewhere`: on another disk than the folder.
    """

    path: Path
    key: str
    size: int
    modified: int
    elsewhere: bool


@dataclass(slots=True)
class Scan:
    """Files that were seen, and the keys of the folders and files that could not be looked at."""

    files: list[Seen] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Rules:
    """The .gitignore of one folder."""

    folder: str
    spec: GitIgnoreSpec

    def verdict(self, path: str, *, folder: bool) -> bool | None:
        """True: ignored; False: taken back; None: nothing is said of it."""
        inner = os.path.relpath(path, self.folder).replace(os.sep, "/") + ("/" if folder else "")
        return self.spec.check_file(inner).include


def key(path: str) -> str:
    """The path as it can be written down."""
    return path.encode("utf-8", "backslashreplace").decode()


def within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def scan(root: str, start: str, leave_out: Sequence[str] = ()) -> Scan:
    """What lies at `start`, which is `root` or lies in it; `leave_out`: folders of our own.

    Links to folders are not followed: they may lead back up, and what they hold is found where it really is.
    Raises OSError when `root` itself cannot be looked at.
    """
    found = Scan()
    device = Path(root).stat().st_dev
    rules = _Walk(root, device, tuple(leave_out), found)
    if start == root:
        rules.folder(root, [])
    else:
        rules.descend(start)
    return found


class _Walk:
    def __init__(self, root: str, device: int, leave_out: tuple[str, ...], found: Scan) -> None:
        self._root = root
        self._device = device
        self._leave_out = leave_out
        self._found = found

    def descend(self, start: str) -> None:
        """From the root to `start`, by the rules of each folder on the way."""
        rules: list[_Rules] = []
        at = self._root
        for part in Path(start).relative_to(self._root).parts:
            rules = [*rules, *_rules(at)]
            at = os.path.join(at, part)  # noqa: PTH118 - the very text that scandir gives
            if at != start and (self._is_left_out(at, part, rules, folder=True) or os.path.islink(at)):  # noqa: PTH114
                return
        try:
            with os.scandir(Path(start).parent) as entries:
                entry = next((one for one in entries if one.path == start), None)
        except OSError:
            entry = None
        if entry is not None:
            self._entry(entry, rules)

    def folder(self, path: str, rules: list[_Rules]) -> None:
        pending = [(path, rules)]
        while pending:
            path, rules = pending.pop()
            try:
                with os.scandir(path) as entries:
                    inside = sorted(entries, key=lambda entry: entry.name)
            except OSError:
                if path == self._root:
                    raise
                self._found.closed.append(key(path))
                continue
            if any(entry.name == IGNORE for entry in inside):
                rules = [*rules, *_rules(path)]
            pending.extend(reversed([(entry.path, rules) for entry in inside if self._look(entry, rules)]))

    def _entry(self, entry: os.DirEntry[str], rules: list[_Rules]) -> None:
        if self._look(entry, rules):
            self.folder(entry.path, rules)

    def _look(self, entry: os.DirEntry[str], rules: list[_Rules]) -> bool:
        """Takes a file; True for a folder to go into."""
        try:
            folder = entry.is_dir(follow_symlinks=False)
            if self._is_left_out(entry.path, entry.name, rules, folder=folder):
                return False
            if folder:
                return True
            info = entry.stat()
        except OSError:
            # A link that leads nowhere or in a circle, or a file that went away meanwhile.
            return False
        if stat.S_ISREG(info.st_mode):
            elsewhere = info.st_dev != self._device
            self._found.files.append(Seen(Path(entry.path), key(entry.path), info.st_size, info.st_mtime_ns, elsewhere))
        return False

    def _is_left_out(self, path: str, name: str, rules: list[_Rules], *, folder: bool) -> bool:
        if name.startswith((".", LOCK)) or name in TOOLS or any(within(path, ours) for ours in self._leave_out):
            return True
        for one in reversed(rules):
            verdict = one.verdict(path, folder=folder)
            if verdict is not None:
                return verdict
        return False


def _rules(folder: str) -> Iterator[_Rules]:
    from pathspec import GitIgnoreSpec

    path = Path(folder, IGNORE)
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            yield _Rules(folder, GitIgnoreSpec.from_lines(file.read(MOST_RULES).splitlines()))
    except (OSError, ValueError):
        return
