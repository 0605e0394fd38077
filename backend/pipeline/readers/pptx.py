"""PowerPoint presentations through python-pptx: each slide's shapes from top to bottom, and the speaker's notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backend.pipeline.readers import titles
from backend.pipeline.readers.blocks import Batch, Block, HeadingPath, Kind
from backend.pipeline.readers.formats import Format, Source, damaged, opened
from backend.pipeline.readers.tables import grid_blocks

TITLES = ("TITLE", "CENTER_TITLE", "VERTICAL_TITLE")
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read(source: Source, filename: str, _format: Format, _password: str | None) -> Iterator[Batch]:
    """Raises DamagedDocument."""
    import pptx

    try:
        presentation = pptx.Presentation(opened(source))
        slides = list(presentation.slides)
        title = (presentation.core_properties.title or "").strip() or None
    except Exception as error:
        # Damage comes as KeyError, BadZipFile, XMLSyntaxError, PackageNotFoundError and more.
        raise damaged(filename) from error
    if slides and all(_has_lost_shapes(slide) for slide in slides):
        raise damaged(filename)
    for number, slide in enumerate(slides, 1):
        try:
            blocks = tuple(_slide(slide, number))
        except Exception as error:
            raise damaged(filename) from error
        yield Batch(
            blocks, number, len(slides), len(slides), title=title if title != "PowerPoint Presentation" else None
        )


def _has_lost_shapes(slide: Any) -> bool:
    """Text that has no place on the slide, neither of its own nor in the layout that it refers to: the parts of the
    file do not fit together. One such slide among others is read as far as it goes."""
    return any(
        shape.has_text_frame and shape.text_frame.text.strip() and shape.top is None
        for shape in slide.shapes
        if shape.is_placeholder
    )


def _slide(slide: Any, number: int) -> Iterator[Block]:
    path = HeadingPath()
    shapes = _shapes(slide.shapes)
    title = next((shape for shape in shapes if _role(shape) in TITLES), None) or _topmost(shapes)
    if title is not None and title.has_text_frame:
        text = " ".join(title.text_frame.text.split())
        if text:
            yield Block(text, "heading", number, path.enter(0, text), number)
    for shape in shapes:
        if title is None or shape.shape_id != title.shape_id:
            yield from _shape(shape, number, path)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.strip()
        if notes:
            yield Block(notes, "paragraph", number, path.path, number)


def _role(shape: Any) -> str:
    """What a placeholder is for: TITLE, BODY, FOOTER…; empty for other shapes."""
    kind = shape.placeholder_format.type if shape.is_placeholder else None
    return str(kind).split(" ")[0].split(".")[-1] if kind is not None else ""


def _topmost(shapes: list[Any]) -> Any | None:
    """What stands for a title where the slide has none: short text above everything else."""
    if any(_role(shape) == "SUBTITLE" for shape in shapes):
        return None
    written = [shape for shape in shapes if getattr(shape, "has_text_frame", False) and shape.text_frame.text.strip()]
    if len(written) < 2:
        return None
    first, text = written[0], " ".join(written[0].text_frame.text.split())
    above = all((first.top or 0) + (first.height or 0) // 2 <= (shape.top or 0) for shape in written[1:])
    return first if above and titles.is_title(text) else None


def _shapes(shapes: Any) -> list[Any]:
    """Groups opened; from top to bottom, and from left to right what stands side by side."""
    placed: list[tuple[int, int, Any]] = []
    pending = [(shape, 0, 0) for shape in shapes]
    while pending:
        shape, down, along = pending.pop(0)
        top, left = (shape.top or 0) + down, (shape.left or 0) + along
        if shape.shape_type is not None and shape.shape_type == 6:  # MSO_SHAPE_TYPE.GROUP
            # Members stand in the group's own measure: what counts here is that they stay together.
            inner = _shapes(shape.shapes)
            placed.extend((top, left, member) for member in inner)
        else:
            placed.append((top, left, shape))
    step = 200_000  # EMU: a fifth of an inch, within which shapes stand side by side
    return [shape for _, _, shape in sorted(placed, key=lambda item: (item[0] // step, item[1]))]


def _shape(shape: Any, number: int, path: HeadingPath) -> Iterator[Block]:
    like = Block("", "table", number, path.path, number)
    if getattr(shape, "has_table", False):
        table = shape.table
        grid = [[" ".join(cell.text.split()) for cell in row.cells] for row in table.rows]
        yield from grid_blocks(grid, like, 1 if table.first_row and len(grid) > 1 else None)
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart, like)
    elif getattr(shape, "has_text_frame", False):
        yield from _frame(shape, number, path)


def _frame(shape: Any, number: int, path: HeadingPath) -> Iterator[Block]:
    """A paragraph each. In the slide's body they are points; elsewhere those that have a bullet."""
    name = _role(shape)
    if name in ("DATE", "FOOTER", "SLIDE_NUMBER", "HEADER"):
        return
    paragraphs = [item for item in shape.text_frame.paragraphs if item.text.strip()]
    several = len(paragraphs) > 1
    for item in paragraphs:
        properties = item._p.find(A + "pPr")
        bullet = properties is not None and any(properties.find(A + tag) is not None for tag in ("buChar", "buAutoNum"))
        plain = properties is not None and properties.find(A + "buNone") is not None
        body = name in ("BODY", "OBJECT") or (not name and several)
        kind: Kind = "list" if bullet or item.level > 0 or (body and not plain) else "paragraph"
        text = " ".join(item.text.replace("\v", " ").split())
        yield Block(text, kind, number, path.path, number)


def _chart(chart: Any, like: Block) -> Iterator[Block]:
    """The values behind a chart, a series a column."""
    try:
        plot = chart.plots[0]
        series = list(plot.series)
        names = [str(name) for name in plot.categories]
        grid = [["", *(str(one.name) for one in series)]]
        grid.extend(
            [name, *(str(one.values[at]) if at < len(one.values) else "" for one in series)]
            for at, name in enumerate(names)
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return  # a kind of chart without categories: a picture to us
    yield from grid_blocks(grid, like, 1)
