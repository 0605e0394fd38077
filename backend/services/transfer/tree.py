"""From the nodes of an export to a tree of questions and answers, whatever the nodes say of each other.

Exports hold more nodes than a person sees: system prompts, tool calls, reasoning in steps. What is hidden is left out
and its children follow the nearest shown ancestor; the pieces of one answer become one message. Everything is a loop,
since a chain of 100,000 nodes must not end in a RecursionError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from backend.services.transfer.values import MOST_CONTENT, now
from backend.stores.conversations import Role, Status
from backend.stores.imports import ImportedMessage
from backend.stores.pictures import Image

CIRCLE: Final = "Some messages follow each other in a circle. It was cut, and every message is there once."
ORPHANS: Final = "Some messages follow one that is not in the file. They begin a branch of their own."
TOO_LONG: Final = f"A message has more than {MOST_CONTENT:,} characters. It was cut off there."


@dataclass(frozen=True, slots=True)
class Said:
    """What a shown node says. `created_at` is ISO 8601 or None."""

    role: Role
    content: str
    created_at: str | None = None
    thinking: str = ""
    model: str | None = None
    status: Status = "done"
    images: Sequence[Image] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """`parent` is None for the first; `said` is None for what is not shown."""

    parent: str | None
    said: Said | None


@dataclass(slots=True)
class Tree:
    """The messages, parents first; the message that each node became part of, by the node's key; what was odd."""

    messages: list[ImportedMessage] = field(default_factory=list)
    became: dict[str, str | None] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def leaf(self, node: str | None) -> str | None:
        """The message that was shown last: that of `node`, else the last one."""
        return (self.became.get(node) if node else None) or (self.messages[-1].key if self.messages else None)


def plant(nodes: Mapping[str, Node], created_at: str | None) -> Tree:
    """created_at: for messages that carry no time and follow none that does."""
    tree = Tree()
    start = created_at or now()
    messages: dict[str, ImportedMessage] = {}
    shown_children: dict[str | None, int] = {}
    for key, parent in _in_order(nodes, tree.remarks):
        said = nodes[key].said
        above = tree.became.get(parent) if parent is not None else None
        if said is None:
            tree.became[key] = above
            continue
        before = messages[above] if above is not None else None
        if before and before.role == "assistant" == said.role and not shown_children.get(above):
            messages[before.key] = _joined(before, said)
            tree.became[key] = above
            continue
        shown_children[above] = shown_children.get(above, 0) + 1
        earliest = before.created_at if before else start
        messages[key] = ImportedMessage(
            key=key,
            parent=above,
            role=said.role,
            content=said.content,
            # Lists are in the order of time, so that a message never stands before the one it follows.
            created_at=max(said.created_at or earliest, earliest) if before else said.created_at or earliest,
            thinking=said.thinking,
            status=said.status,
            model=said.model,
            images=said.images,
        )
        tree.became[key] = key
    tree.messages = [_cut(message, tree.remarks) for message in messages.values() if _says_something(message)]
    _drop_silent(tree, messages)
    tree.remarks = list(dict.fromkeys(tree.remarks))
    return tree


def _in_order(nodes: Mapping[str, Node], remarks: list[str]) -> list[tuple[str, str | None]]:
    """(key, parent) of every node once, parents first."""
    children: dict[str, list[str]] = {}
    roots: list[str] = []
    for key, node in nodes.items():
        if node.parent is None or node.parent not in nodes:
            if node.parent is not None:
                remarks.append(ORPHANS)
            roots.append(key)
        else:
            children.setdefault(node.parent, []).append(key)
    order: list[tuple[str, str | None]] = []
    seen: set[str] = set()

    def walk(root: str) -> None:
        waiting: list[tuple[str, str | None]] = [(root, None)]
        while waiting:
            key, parent = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            order.append((key, parent))
            waiting.extend((child, key) for child in reversed(children.get(key, ())))

    for root in roots:
        walk(root)
    for key in nodes:
        # What no root leads to hangs on a circle.
        if key not in seen:
            remarks.append(CIRCLE)
            walk(key)
    return order


def _joined(before: ImportedMessage, said: Said) -> ImportedMessage:
    return replace(
        before,
        content=_together(before.content, said.content),
        thinking=_together(before.thinking, said.thinking),
        model=said.model or before.model,
        status=said.status,
    )


def _together(first: str, second: str) -> str:
    return f"{first}\n\n{second}" if first and second else first or second


def _says_something(message: ImportedMessage) -> bool:
    return bool(message.content.strip() or message.thinking.strip())


def _cut(message: ImportedMessage, remarks: list[str]) -> ImportedMessage:
    if len(message.content) <= MOST_CONTENT and len(message.thinking) <= MOST_CONTENT:
        return message
    remarks.append(TOO_LONG)
    return replace(message, content=message.content[:MOST_CONTENT], thinking=message.thinking[:MOST_CONTENT])


def _drop_silent(tree: Tree, messages: Mapping[str, ImportedMessage]) -> None:
    """Lets what followed a message without words follow that one's own predecessor."""
    spoken = {message.key for message in tree.messages}
    if len(spoken) == len(messages):
        return
    stands_for: dict[str, str | None] = {}
    for key, message in messages.items():
        above = stands_for.get(message.parent) if message.parent is not None else None
        stands_for[key] = key if key in spoken else above
    tree.messages = [
        replace(message, parent=stands_for.get(message.parent) if message.parent is not None else None)
        for message in tree.messages
    ]
    tree.became = {key: stands_for.get(one) if one is not None else None for key, one in tree.became.items()}


def linear(said: Sequence[Said | None]) -> dict[str, Node]:
    """Nodes of a plain list, each following the one before."""
    return {str(at): Node(str(at - 1) if at else None, one) for at, one in enumerate(said)}
