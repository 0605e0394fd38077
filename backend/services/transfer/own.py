"""LocalChat's own JSON (`as_json`): what was exported comes back as it was, its id too where that is free."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from backend.errors import InvalidRequest, RequestError
from backend.services.kept import proof_of, sources_of
from backend.services.pictures import MOST, picture
from backend.services.transfer.found import LONGEST_ID, Found, read_title
from backend.services.transfer.tree import Node, Said, plant
from backend.services.transfer.values import mapping, moment, sequence, short, storable, string
from backend.stores.conversations import Status
from backend.stores.imports import ImportedMessage
from backend.stores.pictures import Image

ID: Final = re.compile(r"[0-9a-f]{32}")
ORIGIN: Final = re.compile(r"(?:chatgpt|open-webui|localchat):\S+")
NO_PICTURE: Final = "Some pictures could not be read. They were left out."
STATUSES: Final[tuple[Status, ...]] = ("done", "stopped", "interrupted", "failed")


def recognises(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("messages"), list) and "leaf_id" in item


def read(item: dict[str, Any]) -> Found:
    """One conversation. Whatever is not understood is remarked on and left out."""
    remarks: list[str] = []
    created = moment(item.get("created_at"))
    raw = {key: message for message in sequence(item["messages"]) if (key := string(mapping(message).get("id")))}
    if len(raw) < len(item["messages"]):
        remarks.append("Some messages have no id of their own. They were left out.")
    unread: list[str] = []
    nodes = {
        key: Node(string(message.get("parent_id")) or None, _said(message, remarks, unread))
        for key, message in raw.items()
    }
    # Only to find out whether the tree is sound: a sound one is taken as it is, answers that follow answers included.
    tree = plant(nodes, created)
    messages = _as_they_are(raw, nodes, remarks) if not tree.remarks and not remarks else None
    leaf = item.get("leaf_id") if isinstance(item.get("leaf_id"), str) else None
    identity = string(item.get("id"))
    keep = messages is not None and bool(ID.fullmatch(identity)) and all(ID.fullmatch(key) for key in raw)
    origin = string(item.get("origin"))
    return Found(
        source="localchat",
        identity=identity,
        title=read_title(item.get("title"), tree.messages),
        created_at=created,
        updated_at=moment(item.get("updated_at")),
        leaf=(leaf if leaf in raw else None) if messages is not None else tree.leaf(leaf),
        messages=messages if messages is not None else tree.messages,
        remarks=list(dict.fromkeys(remarks + unread)) + tree.remarks,
        keep_id=keep,
        origin=origin if ORIGIN.fullmatch(origin) and len(origin) <= LONGEST_ID else None,
    )


def _said(message: dict[str, Any], remarks: list[str], unread: list[str]) -> Said | None:
    """unread: what is remarked on pictures, without which a message is still as it was."""
    role = message.get("role")
    if role not in ("user", "assistant") or not isinstance(message.get("content"), str):
        remarks.append("Some messages have no role or no content that is known here. They were left out.")
        return None
    return Said(
        role="assistant" if role == "assistant" else "user",
        content=string(message["content"]),
        created_at=moment(message.get("created_at")),
        thinking=string(message.get("thinking")),
        model=short(message.get("model")),
        status=_status(message),
        images=_images(message, unread),
    )


def _as_they_are(
    raw: dict[str, dict[str, Any]], nodes: Mapping[str, Node], remarks: list[str]
) -> list[ImportedMessage] | None:
    """The messages with everything they carry, parents first; None when a time is not one."""
    # SQLite checks parents row by row, and messages of one instant may stand in either order.
    found: list[ImportedMessage] = []
    for key in _parents_first(raw):
        message = raw[key]
        created = moment(message.get("created_at"))
        if created is None:
            remarks.append("Some messages have no time that can be read.")
            return None
        error = message.get("error")
        found.append(
            ImportedMessage(
                key=key,
                parent=string(message.get("parent_id")) or None,
                role="assistant" if message["role"] == "assistant" else "user",
                content=string(message["content"]),
                created_at=created,
                thinking=string(message.get("thinking")),
                status=_status(message),
                model=short(message.get("model")),
                error=_error(error) if error is not None else None,
                sources=_sources(message.get("sources"), remarks),
                usage=_scrubbed(message["usage"]) if isinstance(message.get("usage"), dict) else None,
                proof=_proof(message.get("proof"), remarks),
                images=said.images if (said := nodes[key].said) else (),
            )
        )
    return found


def _images(message: dict[str, Any], unread: list[str]) -> list[Image]:
    """The pictures of a question that are pictures; by their own bytes, whatever is said of them."""
    found: list[Image] = []
    for image in sequence(message.get("images")):
        data = mapping(image).get("data")
        try:
            if message.get("role") != "user" or not isinstance(data, str) or len(found) >= MOST:
                raise InvalidRequest(NO_PICTURE)
            found.append(picture(data))
        except RequestError:
            unread.append(NO_PICTURE)
    return found


def _parents_first(raw: dict[str, dict[str, Any]]) -> list[str]:
    """The keys in their order, but no message before the one it follows. The tree is known to be sound."""
    done: dict[str, None] = {}
    for key in raw:
        above: list[str] = []
        at: str | None = key
        while at is not None and at not in done:
            above.append(at)
            at = string(raw[at].get("parent_id")) or None
        done.update(dict.fromkeys(reversed(above)))
    return list(done)


def _status(message: dict[str, Any]) -> Status:
    status = message.get("status")
    if status == "streaming":
        return "interrupted"
    return next((known for known in STATUSES if known == status), "done")


def _error(error: Any) -> dict[str, str]:
    return {"error": string(mapping(error).get("error")), "message": string(mapping(error).get("message"))}


def _sources(sources: Any, remarks: list[str]) -> list[Any]:
    from pydantic import ValidationError

    try:
        scrubbed = _scrubbed(sequence(sources))
        # What an older LocalChat did not know of a source is not made up.
        return [
            {name: value for name, value in dataclasses.asdict(source).items() if name in said}
            for source, said in zip(sources_of(scrubbed), scrubbed, strict=True)
        ]
    except ValidationError:
        remarks.append("The sources of an answer could not be read. They were left out.")
        return []


def _proof(proof: Any, remarks: list[str]) -> Any:
    from pydantic import ValidationError

    if proof is None:
        return None
    try:
        return dataclasses.asdict(proof_of(_scrubbed(proof)))
    except ValidationError:
        remarks.append("The proof of an answer could not be read. It was left out.")
        return None


def _scrubbed(value: Any) -> Any:
    """`value` with every text storable and every number finite. The JSON parser has a limit to its depth."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_scrubbed(one) for one in value]
    if isinstance(value, dict):
        return {storable(key): _scrubbed(one) for key, one in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
