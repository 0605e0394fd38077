"""JSON and XML → what is written in them, with the names of where it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from backend.pipeline.readers.blocks import Block, HeadingPath, Kind
from backend.pipeline.readers.formats import damaged

LONG: Final = 200
"""Letters of a value from which it is a paragraph of its own."""

ELEMENT_KINDS: dict[str, Kind] = {
    "Title": "heading",
    "ListItem": "list",
    "Table": "table",
    "CodeSnippet": "code",
    "FigureCaption": "caption",
}
"""Types in the JSON that document converters write, a list of elements, and what they are here."""

TITLES: Final = frozenset({"title", "head", "heading", "header", "caption", "subject", "headline"})


def json_blocks(text: str, filename: str) -> list[Block]:
    """Raises DamagedDocument."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(filename) from error
    if isinstance(value, list) and value and all(_is_element(item) for item in value):
        return list(_elements(value))
    return list(_values(value))


def _is_element(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("text"), str) and isinstance(item.get("type"), str)


def _elements(items: list[dict[str, Any]]) -> Iterator[Block]:
    path = HeadingPath()
    for item in items:
        text = item["text"].strip()
        kind = ELEMENT_KINDS.get(item["type"], "paragraph")
        if not text:
            continue
        place = item.get("metadata") if isinstance(item.get("metadata"), dict) else {}
        page = place.get("page_number") if isinstance(place, dict) else None
        page = page if isinstance(page, int) and page > 0 else None
        if kind == "heading":
            depth = place.get("category_depth") if isinstance(place, dict) else 0
            yield Block(text, kind, page, path.enter(depth if isinstance(depth, int) else 0, text))
        else:
            yield Block(text, kind, page, path.path)


def _values(root: object) -> Iterator[Block]:
    """A record becomes lines of "name: value"; what is nested deeper has its names as headings."""
    pending: list[tuple[object, tuple[str, ...]]] = [(root, ())]
    while pending:
        value, heading = pending.pop()
        if isinstance(value, dict):
            lines: list[str] = []
            below: list[tuple[object, tuple[str, ...]]] = []
            for name, item in value.items():
                plain = _plain(item)
                if plain is None:
                    below.append((item, (*heading, str(name))))
                elif len(plain) > LONG:
                    below.append((plain, (*heading, str(name))))
                elif plain:
                    lines.append(f"{name}: {plain}")
            if lines:
                yield Block("\n".join(lines), "paragraph", heading=heading)
            pending.extend(reversed(below))
        elif isinstance(value, list):
            pending.extend((item, heading) for item in reversed(value))
        elif value is not None and str(value).strip():
            yield Block(str(value).strip(), "paragraph", heading=heading)


def _plain(item: object) -> str | None:
    """A value, or a list of values, in a line; None for what is nested."""
    if isinstance(item, dict):
        return None
    if isinstance(item, list):
        if any(isinstance(part, (dict, list)) for part in item):
            return None
        return ", ".join(str(part) for part in item)
    if isinstance(item, bool):
        return "true" if item else "false"
    return "" if item is None else str(item).strip()


def xml_blocks(path: Path, filename: str) -> list[Block]:
    """Raises DamagedDocument. Entities of the outside are not fetched, those of the inside not multiplied."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(path.read_bytes(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise damaged(filename) from error
    return list(_xml(root))


def _xml(root: Any) -> Iterator[Block]:
    """An element with text of its own is a paragraph; its small neighbours without any make lines of "name: text"."""
    from lxml import etree

    path = HeadingPath()
    done: set[Any] = set()
    for _, element in etree.iterwalk(root, events=("start",)):
        if not isinstance(element.tag, str) or element in done:
            continue
        depth = sum(1 for _ in element.iterancestors())
        leaves = [child for child in element if isinstance(child.tag, str)]
        if leaves and all(len(leaf) == 0 and len(leaf.text or "") <= LONG for leaf in leaves) and not _own(element):
            done.update(leaves)
            title = next((leaf for leaf in leaves if _name(leaf) in TITLES and (leaf.text or "").strip()), None)
            if title is not None:
                text = " ".join((title.text or "").split())
                yield Block(text, "heading", heading=path.enter(depth, text))
            same = len({leaf.tag for leaf in leaves}) == 1 and len(leaves) > 1
            rest = [leaf for leaf in leaves if leaf is not title and " ".join((leaf.text or "").split())]
            words = [" ".join((leaf.text or "").split()) for leaf in rest]
            lines = [word if same else f"{_name(leaf)}: {word}" for leaf, word in zip(rest, words, strict=True)]
            if lines:
                yield Block("\n".join(lines), "paragraph", heading=path.path)
        elif _own(element):
            done.update(element.iterdescendants())
            text = " ".join("".join(element.itertext()).split())
            if _name(element) in TITLES:
                yield Block(text, "heading", heading=path.enter(depth - 1, text))
            elif text:
                yield Block(text, "paragraph", heading=path.path)


def _own(element: Any) -> bool:
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2].lower() if "}" in str(element.tag) else str(element.tag)
