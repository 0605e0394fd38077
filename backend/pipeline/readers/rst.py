"""reStructuredText through docutils: its own tree of sections, without fetching or running anything."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from backend.pipeline.readers.blocks import Batch, Block, HeadingPath, Kind, batches
from backend.pipeline.readers.formats import Format
from backend.pipeline.readers.tables import grid_blocks
from backend.pipeline.readers.text import code_blocks, load

SETTINGS: Final = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 5,
    "embed_stylesheet": False,
    "doctitle_xform": False,
    "_disable_config": True,
    "line_length_limit": 1_000_000,
}


def read(path: Path, filename: str, _format: Format, _password: str | None) -> Iterator[Batch]:
    """What docutils cannot parse is read line by line: it is text all the same. Raises TooLarge."""
    from docutils.core import publish_doctree

    text = load(path, filename)
    try:
        tree = publish_doctree(text, settings_overrides={**SETTINGS, "warning_stream": io.StringIO()})
        blocks = list(_Walk().blocks(tree))
    except Exception:  # noqa: BLE001 - directives of other programs fail in their own ways
        blocks = []
    if not blocks:
        blocks = list(code_blocks(text))
    yield from batches(blocks, title=next((block.text for block in blocks[:1] if block.kind == "heading"), None))


class _Walk:
    def __init__(self) -> None:
        self.path = HeadingPath()

    def blocks(self, node: Any, depth: int = 0, *, listed: bool = False) -> Iterator[Block]:
        from docutils import nodes

        for child in node.children:
            if isinstance(child, nodes.section):
                yield from self.blocks(child, depth + 1)
            elif isinstance(child, (nodes.title, nodes.rubric)):
                text = " ".join(child.astext().split())
                yield Block(text, "heading", heading=self.path.enter(depth, text))
            elif isinstance(child, nodes.table):
                yield from self.table(child)
            elif isinstance(child, (nodes.literal_block, nodes.doctest_block)):
                yield self.block(child.astext(), "code")
            elif isinstance(child, nodes.caption):
                yield self.block(child.astext(), "caption")
            elif isinstance(child, nodes.paragraph):
                yield self.block(" ".join(child.astext().split()), "list" if listed else "paragraph")
            elif isinstance(child, nodes.line_block):
                yield self.block(child.astext(), "paragraph")
            elif isinstance(child, (nodes.field, nodes.definition_list_item, nodes.option_list_item)):
                yield self.block(": ".join(" ".join(part.astext().split()) for part in child.children), "list")
            elif isinstance(child, (nodes.comment, nodes.substitution_definition, nodes.target, nodes.system_message)):
                continue
            else:
                inside = listed or isinstance(child, nodes.list_item)
                yield from self.blocks(child, depth, listed=inside)

    def block(self, text: str, kind: Kind) -> Block:
        return Block(text, kind, heading=self.path.path)

    def table(self, table: Any) -> Iterator[Block]:
        from docutils import nodes

        title = next((child for child in table.children if isinstance(child, nodes.title)), None)
        if title is not None:
            yield self.block(title.astext(), "caption")
        grid = [[" ".join(cell.astext().split()) for cell in row.children] for row in table.findall(nodes.row)]
        head = next(table.findall(nodes.thead), None)
        count = len(head.children) if head is not None else None
        yield from grid_blocks(grid, self.block("", "table"), count)
