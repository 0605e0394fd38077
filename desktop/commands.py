"""ask, ingest and search: what the page does, in a terminal."""

from __future__ import annotations

import json
import mimetypes
import sys
from contextlib import ExitStack, closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Self

from backend.services.events import CopyStep
from backend.services.folder_scan import scan
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
        unread = "" if source.get("given", True) else " (not read by the model)"
        print(f"[{source['number']}] {_place(source)}{unread}")
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
    found = list(_found(paths, largest))
    with _Bar(len(found)) as bar:
        for one in found:
            if isinstance(one, Unreadable):
                refused += 1
                bar.row("refused", one.name, one.reason)
        for batch in _batches([one for one in found if not isinstance(one, Unreadable)]):
            refused += _upload(client, batch, bar)
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


class _Bar:
    """Files that are done, with what happens to the present one: for people only, never in a pipe or a log."""

    def __init__(self, total: int) -> None:
        from tqdm import tqdm

        self._waiting = ""
        self._bar = tqdm(
            total=total,
            unit="file",
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
            leave=False,
            dynamic_ncols=True,
            bar_format="{percentage:3.0f} % {bar} {n_fmt} of {total_fmt} {postfix}",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def row(self, state: str, name: str, message: str) -> None:
        """One file is done."""
        self._bar.clear()
        print(f"{state:<8} {_printable(name)}  {_printable(message)}", flush=True)
        self._bar.update()

    def show(self, progress: dict[str, Any]) -> None:
        waiting = progress.get("waiting")
        if waiting and waiting["message"] != self._waiting:
            # Said without a terminal too: whoever reads the log wonders why nothing moves.
            self._waiting = waiting["message"]
            self._bar.clear()
            print(f"waiting  {_printable(progress['filename'])}  {_printable(waiting['message'])}", file=sys.stderr)
        share = f" {100 * progress['done'] // progress['total']} %" if progress["total"] else ""
        left = progress.get("seconds_left")
        time = f", {left:.0f} s left" if left else ""
        self._bar.set_postfix_str(f"{_printable(progress['filename'])}: {progress['stage']}{share}{time}")


def _printable(text: str) -> str:
    """A file's name must not steer the terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _upload(client: Client, batch: list[Path], bar: _Bar) -> int:
    """Sends the files from the disk as they are read; returns how many were refused."""
    waiting = [path.name for path in batch]
    refused = 0
    with ExitStack() as files:
        parts = []
        paths = []
        for path in batch:
            try:
                file = files.enter_context(path.open("rb"))
            except OSError as error:
                refused += 1
                waiting.remove(path.name)
                bar.row("refused", path.name, error.strerror or str(error))
                continue
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            parts.append(("files", (_sendable(path.name), file, kind)))
            paths.append(_sendable(str(path.absolute())))
        if not parts:
            return refused
        try:
            for event in client.stream("/api/documents/upload", files=parts, data={"paths": paths}):
                if progress := event.get("progress"):
                    bar.show(progress)
                if result := event.get("result"):
                    if result["filename"] in waiting:
                        waiting.remove(result["filename"])
                    refused += not result["success"]
                    bar.row("ok" if result["success"] else "refused", result["filename"], result["message"])
        except Refused as error:
            for name in waiting:
                refused += 1
                bar.row("refused", name, str(error))
    return refused


def _sendable(name: str) -> str:
    """A name that is no UTF-8, as the library writes it down."""
    return name.encode("utf-8", "backslashreplace").decode()


def _batches(paths: list[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in paths:
        bytes_ = path.stat().st_size if path.exists() else 0
        if batch and (len(batch) == BATCH_FILES or size + bytes_ > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += bytes_
    if batch:
        yield batch


def _found(paths: Iterable[Path], largest: int) -> Iterator[Path | Unreadable]:
    """Each file itself; of a folder what lies in it as people expect it: nothing hidden, nothing that git ignores."""
    for path in paths:
        if path.is_file():
            yield from _sized(path, largest)
        elif not path.is_dir():
            yield Unreadable(path, "There is no such file or folder.")
        else:
            root = str(path.absolute())
            try:
                found = scan(root, root)
            except OSError as error:
                yield Unreadable(path, error.strerror or str(error))
                continue
            for file in found.files:
                yield from _sized(file.path, largest)
            for closed in found.closed:
                yield Unreadable(closed, "Permission denied")


def _sized(path: Path, largest: int) -> Iterator[Path | Unreadable]:
    try:
        size = path.stat().st_size
    except OSError as error:
        yield Unreadable(path.name, error.strerror or str(error))
        return
    if size > largest:
        yield Unreadable(path.name, f"The file is larger than {largest // 1024**2:,} MB.")
    else:
        yield path


def _progress(text: str) -> None:
    """One line that is written over, for people only: never in a pipe or a log."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _place(source: dict[str, Any]) -> str:
    return f"{source['filename']}, page {source['page']}" if source["page"] else str(source["filename"])
