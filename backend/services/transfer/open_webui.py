"""Open WebUI's export: a list of {id, title, chat: {history: {messages: {id: …}, currentId}}, created_at, updated_at}.

A message is {id, parentId, childrenIds, role, content, timestamp, model, done, files}. Reasoning stands within the
content, as a `<details type="reasoning">` block.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any, Final

from backend.services.transfer.found import Found, read_title
from backend.services.transfer.tree import Node, Said, linear, plant
from backend.services.transfer.values import mapping, moment, sequence, short, string

OPEN: Final = re.compile(r'<details\b[^<>]{0,500}\btype="(reasoning|tool_calls|code_interpreter)"[^<>]{0,2000}>')
CLOSE: Final = "</details>"
SUMMARY: Final = re.compile(r"\s*<summary>[^<]{0,500}</summary>")
QUOTED: Final = re.compile(r"^> ?", re.MULTILINE)

PICTURE: Final = "[An image that was not brought over]"


def recognises(item: Any) -> bool:
    return isinstance(item, dict) and "chat" in item


def read(item: dict[str, Any]) -> Found:
    """One conversation. Whatever is not understood is remarked on and left out."""
    remarks: list[str] = []
    chat = item.get("chat")
    if not isinstance(chat, dict):
        remarks.append("Its messages are not where they should be (`chat` is not an object).")
        chat = {}
    created = moment(item.get("created_at")) or moment(chat.get("timestamp"))
    history = mapping(chat.get("history"))
    raw, current = history.get("messages"), history.get("currentId")
    if isinstance(raw, dict) and raw:
        nodes = {key: Node(_parent(message), _said(message, remarks)) for key, message in raw.items()}
    else:
        # Old exports have the shown branch as a list, and no tree.
        nodes = linear([_said(message, remarks) for message in sequence(chat.get("messages"))])
        if not nodes and raw is not None and raw != {}:
            remarks.append("Its messages are not where they should be (`history.messages` is not an object).")
    tree = plant(nodes, created)
    return Found(
        source="open-webui",
        identity=string(item.get("id")),
        title=read_title(item.get("title") or chat.get("title"), tree.messages),
        created_at=created,
        updated_at=moment(item.get("updated_at")),
        leaf=tree.leaf(current if isinstance(current, str) else None),
        messages=tree.messages,
        remarks=list(dict.fromkeys(remarks)) + tree.remarks,
    )


def _parent(message: Any) -> str | None:
    parent = mapping(message).get("parentId")
    return parent if isinstance(parent, str) and parent else None


def _said(message: Any, remarks: list[str]) -> Said | None:
    if not isinstance(message, dict):
        remarks.append("A message is not an object. It was left out.")
        return None
    role = message.get("role")
    if role not in ("user", "assistant"):
        return None
    content, thinking = _content(message.get("content"), remarks)
    pictures = sum(1 for file in sequence(message.get("files")) if mapping(file).get("type") == "image")
    if pictures:
        remarks.append("Images are not brought over. Their places are marked.")
        content = "\n\n".join([*[PICTURE] * min(pictures, 20), content])
    if sequence(message.get("sources")):
        remarks.append("The sources of answers are not brought over: their documents are not here.")
    is_answer = role == "assistant"
    return Said(
        role="assistant" if is_answer else "user",
        content=content.strip("\n"),
        created_at=moment(message.get("timestamp")),
        thinking=thinking,
        model=short(message.get("model")) if is_answer else None,
        status="interrupted" if is_answer and message.get("done") is False else "done",
    )


def _content(content: Any, remarks: list[str]) -> tuple[str, str]:
    """(words, reasoning)"""
    if isinstance(content, str):
        return _without_details(string(content))
    if isinstance(content, list):
        return "\n\n".join(part for part in _parts(content, remarks) if part.strip()), ""
    if content is not None:
        remarks.append("A message has no content that can be read. It was left out.")
    return "", ""


def _parts(parts: list[Any], remarks: list[str]) -> Iterator[str]:
    for part in parts:
        kind = string(mapping(part).get("type"))
        if kind == "text":
            yield string(mapping(part).get("text"))
        elif kind == "image_url":
            remarks.append("Images are not brought over. Their places are marked.")
            yield PICTURE
        else:
            remarks.append(
                f"A part of a message is not known here ({kind[:40] or type(part).__name__}). It was left out."
            )


def _without_details(text: str) -> tuple[str, str]:
    """The words, and the reasoning that stood folded within them; calls of tools are dropped."""
    words: list[str] = []
    thoughts: list[str] = []
    at = 0
    while found := OPEN.search(text, at):
        words.append(text[at : found.start()])
        end = text.find(CLOSE, found.end())
        inner = text[found.end() : end if end >= 0 else len(text)]
        if found[1] == "reasoning":
            thoughts.append(html.unescape(QUOTED.sub("", SUMMARY.sub("", inner, count=1)).strip()))
        at = end + len(CLOSE) if end >= 0 else len(text)
    words.append(text[at:])
    return "".join(words).strip("\n"), "\n\n".join(thought for thought in thoughts if thought)
