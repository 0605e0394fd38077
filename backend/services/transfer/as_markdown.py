"""A transcript as Markdown: answers as the model wrote them but for their marks, sources as quotes under them."""

from __future__ import annotations

import re
from typing import Final

from backend.services.transfer.transcript import QUOTED, UNPROVED, Entry, Transcript

FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
# Of brackets the closing one is enough, and \[ would begin a formula.
SPECIAL: Final = re.compile(r"([\\`*_\]<>#|~])")


def render(transcript: Transcript) -> bytes:
    head = f"# {escape(transcript.title)}\n\n{transcript.date}\n"
    return "\n".join([head, *(_entry(entry) for entry in transcript.entries)]).encode()


def escape(text: str) -> str:
    """A single line that Markdown shows as it is."""
    return SPECIAL.sub(r"\\\1", text)


def _entry(entry: Entry) -> str:
    parts = [f"## {escape(entry.speaker)}"]
    if entry.quotes:
        parts.append(f"**{QUOTED}**")
    parts += [f"> {escape(quote)}" for quote in entry.quotes]
    parts.append(_closed(entry.content).strip("\n"))
    parts += [f"![{escape(picture.name)}]({picture.uri})" for picture in entry.pictures]
    if entry.state:
        parts.append(f"*{escape(entry.state)}*")
    if entry.unproved:
        parts.append(f"**{UNPROVED}**")
    parts += [escape(reason) for reason in entry.unproved]
    if entry.sources:
        parts.append("**Sources**")
    for source in entry.sources:
        quoted = "\n".join(f"> {line}".rstrip() for line in source.words.split("\n"))
        parts.append(f"[{source.number}] **{escape(source.place)}**\n\n{quoted}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _closed(markdown: str) -> str:
    """With the code block closed that a stopped answer left open, which would swallow all that follows."""
    opened = ""
    for mark, rest in FENCE.findall(markdown):
        if not opened:
            opened = mark if mark[0] == "~" or "`" not in rest else ""
        elif mark[0] == opened[0] and len(mark) >= len(opened) and not rest.strip():
            opened = ""
    return f"{markdown}\n{opened}" if opened else markdown
