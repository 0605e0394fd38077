"""ChatGPT's export: `conversations.json`, a list of conversations whose `mapping` is a tree of nodes.

A node is {id, message, parent, children}; a message {author: {role}, content: {content_type, …}, create_time, status,
recipient, metadata}. `current_node` is the leaf that was shown last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from backend.services.transfer.found import Found, read_title
from backend.services.transfer.tree import Node, Said, plant
from backend.services.transfer.values import mapping, moment, sequence, short, string
from backend.stores.conversations import Status

# "citeturn0search1" between private-use characters: a reference to a search that the export does not hold.
CITATION: Final = re.compile("\ue200[^\ue200\ue201]{0,2000}\ue201")

SILENT: Final = frozenset(
    {
        "model_editable_context", "user_editable_context", "reasoning_recap", "execution_output", "tether_quote",
        "tether_browsing_display", "tether_browsing_code", "system_error", "app_pairing_content", "super_widget",
    }
)  # fmt: skip
"""Content types that ChatGPT itself shows folded away or not at all."""

PICTURE: Final = "[An image that is not part of the export]"
SOUND: Final = "[A recording that is not part of the export]"
UNFINISHED: Final[dict[str, Status]] = {"in_progress": "interrupted", "finished_partial_completion": "stopped"}


def recognises(item: Any) -> bool:
    return isinstance(item, dict) and "mapping" in item


def read(item: dict[str, Any]) -> Found:
    """One conversation. Whatever is not understood is remarked on and left out."""
    remarks: list[str] = []
    raw = item.get("mapping")
    if not isinstance(raw, dict):
        remarks.append("Its messages are not where they should be (`mapping` is not an object).")
        raw = {}
    by_children = _parents_by_children(raw)
    default = short(item.get("default_model_slug"))
    nodes = {
        key: Node(_parent(key, raw, by_children), _said(mapping(node).get("message"), default, remarks))
        for key, node in raw.items()
    }
    created = moment(item.get("create_time"))
    tree = plant(nodes, created)
    current = item.get("current_node")
    return Found(
        source="chatgpt",
        identity=string(item.get("conversation_id")) or string(item.get("id")),
        title=read_title(item.get("title"), tree.messages),
        created_at=created,
        updated_at=moment(item.get("update_time")),
        leaf=tree.leaf(current if isinstance(current, str) else None),
        messages=tree.messages,
        remarks=list(dict.fromkeys(remarks)) + tree.remarks,
    )


def _parents_by_children(raw: dict[str, Any]) -> dict[str, str]:
    return {
        child: key
        for key, node in raw.items()
        for child in sequence(mapping(node).get("children"))
        if isinstance(child, str)
    }


def _parent(key: str, raw: dict[str, Any], by_children: dict[str, str]) -> str | None:
    """What the node says itself; where it says nothing, who names it as a child."""
    parent = mapping(raw[key]).get("parent")
    if isinstance(parent, str) and parent:
        return parent
    return by_children.get(key)


def _said(message: Any, default: str | None, remarks: list[str]) -> Said | None:
    if message is None:
        return None
    if not isinstance(message, dict):
        remarks.append("A message is not an object. It was left out.")
        return None
    role = mapping(message.get("author")).get("role")
    metadata = mapping(message.get("metadata"))
    hidden = metadata.get("is_visually_hidden_from_conversation") is True
    # What goes to a tool is a call of it, not a word to the user.
    to_tool = message.get("recipient") not in (None, "all")
    if role not in ("user", "assistant") or hidden or to_tool:
        return None
    content, thinking = _content(message.get("content"), remarks)
    is_answer = role == "assistant"
    return Said(
        role="assistant" if is_answer else "user",
        content=CITATION.sub("", content).strip("\n"),
        created_at=moment(message.get("create_time")),
        thinking=thinking,
        model=(short(metadata.get("model_slug")) or default) if is_answer else None,
        status=UNFINISHED.get(string(message.get("status")), "done") if is_answer else "done",
    )


def _content(content: Any, remarks: list[str]) -> tuple[str, str]:  # noqa: PLR0911 - one kind of content each
    """(words, reasoning)"""
    if isinstance(content, str):
        return string(content), ""
    if not isinstance(content, dict):
        remarks.append("A message has no content that can be read. It was left out.")
        return "", ""
    kind = string(content.get("content_type"))
    if kind in SILENT:
        return "", ""
    if kind == "thoughts":
        return "", "\n\n".join(_thoughts(content.get("thoughts")))
    if kind == "code":
        language = re.sub(r"[^\w+#-]", "", string(content.get("language")))
        code = string(content.get("text"))
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
        return (
            (f"{fence}{'' if language == 'unknown' else language}\n{code}\n{fence}", "") if code.strip() else ("", "")
        )
    if kind not in ("text", "multimodal_text"):
        remarks.append(
            f"A message is of a kind that is not known here ({kind[:40] or 'none'}). Its text was taken as it is."
        )
    if not isinstance(content.get("parts"), list):
        return string(content.get("text")), ""
    return "\n\n".join(part for part in _parts(content["parts"], remarks) if part.strip()), ""


def _thoughts(thoughts: Any) -> Iterator[str]:
    for thought in sequence(thoughts):
        head, body = string(mapping(thought).get("summary")), string(mapping(thought).get("content"))
        if head or body:
            yield f"**{head}**\n\n{body}".strip() if head else body


def _parts(parts: list[Any], remarks: list[str]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield string(part)
            continue
        kind = string(mapping(part).get("content_type"))
        if kind == "audio_transcription":
            yield string(mapping(part).get("text"))
        elif kind == "image_asset_pointer":
            remarks.append("Images are not part of it. Their places are marked.")
            yield PICTURE
        elif kind in ("audio_asset_pointer", "real_time_user_audio_video_asset_pointer"):
            remarks.append("Recordings are not part of it. Their places are marked.")
            yield SOUND
        elif part is not None:
            remarks.append(
                f"A part of a message is not known here ({kind[:40] or type(part).__name__}). It was left out."
            )
