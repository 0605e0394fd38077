"""ask, ingest and search: what the page does, in a terminal."""

from __future__ import annotations

import json
import mimetypes
import sys
from contextlib import ExitStack, closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from backend.services.events import CopyStep
from desktop.client import WAIT_SECONDS, Client, Refused, connected
from desktop.instance import Address, claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from backend.config import Config

BATCH_FILES: Final = 16
BATCH_BYTES: Final = 256 * 1024**2
"""Several files a request let one be embedded while the next is read; too many would hold their space twice."""


def ask(client: Client, question: str, *, documents: bool) -> int:
    """Prints the answer as it comes, then the passages that it was given. Raises Refused."""
    sources: list[dict[str, Any]] = []
    # Unsaid, it is as the default preset has it.
    body = {"message": question} if documents else {"message": question, "use_rag": False}
    with closing(client.stream("/api/chat", json=body)) as events:
        for event in events:
            sources = event.get("sources", sources)
            if "content" in event:
                print(event["content"], end="", flush=True)
            if event.get("warning"):
                print(f"\nlocalchat: {event['warning']}", file=sys.stderr)
    print()
    if sources:
        print("\nSources")
    for source in sources:
        print(f"[{source['number']}] {_place(source)}")
    return 0


def search(client: Client, query: str, *, mode: str, limit: int, as_json: bool) -> int:
    """Prints passages, best first. Raises Refused."""
    found = client.post("/api/search", {"query": query, "mode": mode, "limit": limit})
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    for number, result in enumerate(found["results"], 1):
        arms = [
            f"{name} {result[key]['score']:.3f} (rank {result[key]['rank']})"
            for name, key in (("vector", "vector"), ("text", "text_match"))
            if result[key]
        ]
        print(f"{number}. {result['score']:.3f}  {_place(result)}  {', '.join(arms)}")
        print(f"   {' '.join(result['text'].split())}\n")
    if not found["results"]:
        print("Nothing was found.")
    return 0


def ingest(client: Client, paths: Iterable[Path], largest: int) -> int:
    """Imports files and folders, a row each; 1 when any was refused. `largest`: bytes of one file."""
    refused = 0
    for batch in _batches(paths, largest):
        if isinstance(batch, Unreadable):
            refused += 1
            _row("refused", batch.name, batch.reason)
        else:
            refused += _upload(client, batch)
    return 1 if refused else 0


def backup(client: Client, file: Path) -> int:
    """Writes everything into one file and prints its path and its SHA-256. Raises Refused."""
    done = follow(client.stream("/api/backup", json={"path": str(file)}))
    print(f"{done['path']}  {done['size'] / 1e6:,.1f} MB, {_contents(done)}")
    print(f"sha256 {done['sha256']}")
    return 0


def restore(config: Config, file: Path) -> int:
    """Takes the data of a backup: at once, or at the next start of the LocalChat that runs. Raises Refused.

    Needs no present data that could be opened, since mending that is what it may be for. Raises LocalChatError.
    """
    from backend import open_data
    from backend.services.restore import Restore

    claimed = claim(config.data, WAIT_SECONDS)
    if isinstance(claimed, Address):
        with connected(claimed) as client:
            done = follow(client.stream("/api/restore", json={"path": str(file)}))
        print(f"{_of(done)} is checked and unpacked. LocalChat runs: it takes the data when it starts the next time.")
        return 0
    with claimed:
        here = Restore(config.data)
        if here.unfinished:
            open_data(config)
        done = follow(
            {"progress": asdict(step.progress)} if isinstance(step, CopyStep) else asdict(step)
            for step in here.stage(str(file))
        )
        open_data(config)
    print(f"{_of(done)} is restored.")
    return 0


def _of(done: dict[str, Any]) -> str:
    return f"The backup of {done['created_at']} ({_contents(done)})"


def _contents(done: dict[str, Any]) -> str:
    return ", ".join(
        f"{done[what]:,} {what if done[what] != 1 else what[:-1]}" for what in ("documents", "conversations")
    )


def follow(events: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The last event; the others as one line of progress."""
    last: dict[str, Any] = {}
    for event in events:
        last = event
        if progress := event.get("progress"):
            share = f" {100 * progress['done'] // progress['total']} %" if progress["total"] else ""
            _progress(f"{progress['stage']}{share}")
    _progress("")
    return last


class Unreadable:
    """A path that cannot even be sent, and why."""

    def __init__(self, name: object, reason: str) -> None:
        self.name = str(name)
        self.reason = reason


def _upload(client: Client, batch: list[Path]) -> int:
    """Sends the files from the disk as they are read; returns how many were refused."""
    waiting = [path.name for path in batch]
    refused = 0
    with ExitStack() as files:
        parts = []
        for path in batch:
            try:
                file = files.enter_context(path.open("rb"))
            except OSError as error:
                refused += 1
                waiting.remove(path.name)
                _row("refused", path.name, error.strerror or str(error))
                continue
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            parts.append(("files", (path.name, file, kind)))
        if not parts:
            return refused
        try:
            for event in client.stream("/api/documents/upload", files=parts):
                if progress := event.get("progress"):
                    _progress(f"{progress['filename']}: {progress['stage']} {progress['done']} of {progress['total']}")
                if result := event.get("result"):
                    if result["filename"] in waiting:
                        waiting.remove(result["filename"])
                    refused += not result["success"]
                    _row("ok" if result["success"] else "refused", result["filename"], result["message"])
        except Refused as error:
            for name in waiting:
                refused += 1
                _row("refused", name, str(error))
    return refused


def _batches(paths: Iterable[Path], largest: int) -> Iterator[list[Path] | Unreadable]:
    batch: list[Path] = []
    size = 0
    for path in paths:
        for file in _files(path):
            if isinstance(file, Unreadable):
                yield file
                continue
            try:
                bytes_ = file.stat().st_size
            except OSError as error:
                yield Unreadable(file.name, error.strerror or str(error))
                continue
            if bytes_ > largest:
                yield Unreadable(file.name, f"The file is larger than {largest // 1024**2:,} MB.")
                continue
            if batch and (len(batch) == BATCH_FILES or size + bytes_ > BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(file)
            size += bytes_
    if batch:
        yield batch


def _files(path: Path) -> Iterator[Path | Unreadable]:
    """A file itself; of a folder everything below it but what is hidden."""
    if path.is_file():
        yield path
    elif not path.is_dir():
        yield Unreadable(path, "There is no such file or folder.")
    else:
        try:
            children = sorted(path.iterdir())
        except OSError as error:
            yield Unreadable(path, error.strerror or str(error))
            return
        for child in children:
            # A link to a folder may lead back up; what it holds is found where it really is.
            if not child.name.startswith(".") and not (child.is_symlink() and child.is_dir()):
                yield from _files(child)


def _row(state: str, name: str, message: str) -> None:
    _progress("")
    print(f"{state:<8} {name}  {message}", flush=True)


def _progress(text: str) -> None:
    """One line that is written over, for people only: never in a pipe or a log."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _place(source: dict[str, Any]) -> str:
    return f"{source['filename']}, page {source['page']}" if source["page"] else str(source["filename"])
