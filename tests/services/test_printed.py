"""Where words are printed: of a scan, a picture, a PDF with text; through new versions and a kill in between."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from backend.errors import NotFound
from backend.services.child import environment
from backend.services.printed import PrintedBox, Words, find, printed, printed_words
from tests.scans import Sheet, covered, needs_tesseract, sheet
from tests.services.test_documents import Shelf, open_shelf, shelf

__all__ = ["open_shelf", "shelf"]

HARBOUR = ["The harbour of Northport was opened in the", "spring of 1871 by the mayor, who had paid for", "most of it."]
LATER = ["Nobody knows any more when", "it was closed, but the mayor", "of Northport had long been dead."]


def words_of(shelf: Shelf, identity: str, words: str) -> list[PrintedBox]:
    """Of words of the document's first passage, as an answer would have kept it."""
    passage = shelf.library.passages(identity, 0, 1)[0]
    start = passage.text.index(words)
    asked = Words(passage.id, passage.text, start, start + len(words))
    return printed_words(shelf.documents, shelf.library, identity, asked)


def cover(drawn: Sheet, boxes: list[PrintedBox], *words: str) -> float:
    return covered(drawn.place(*words), [(box.left, box.top, box.right, box.bottom) for box in boxes])


@needs_tesseract
@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_the_words_of_a_scan_have_boxes_where_they_were_drawn(shelf: Shelf, tmp_path: Path, kind: str) -> None:
    drawn = sheet(HARBOUR)
    file = tmp_path / f"scan.{kind}"
    file.write_bytes(drawn.png() if kind == "png" else drawn.pdf())
    result = shelf.add(file)
    assert result.document_id is not None
    upper, lower = words_of(shelf, result.document_id, "opened in the spring of 1871")
    assert (upper.page, lower.page) == (1, 1)
    assert cover(drawn, [upper], "opened", "in", "the") > 0.9
    assert cover(drawn, [lower], "spring", "of", "1871") > 0.9
    assert cover(drawn, [upper, lower], "Northport") < 0.1
    # The same by the letters of the document.
    text, total = shelf.documents.text(result.document_id, 0, 10_000)
    start = text.index("Northport")
    assert cover(drawn, printed(shelf.documents, result.document_id, start, start + 9), "Northport") > 0.9
    assert len(printed(shelf.documents, result.document_id, 0, total)) == len(HARBOUR)


def test_a_pdf_with_text_has_them_too(shelf: Shelf, tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "text.pdf"), pagesize=A4)
    for page in range(2):
        for line in range(20):
            canvas.drawString(60, 700 - 14 * line, f"Line {line} of page {page} tells of {page * 20 + line} ships.")
        canvas.showPage()
    canvas.save()
    result = shelf.add(tmp_path / "text.pdf")
    assert result.document_id is not None
    text, _ = shelf.documents.text(result.document_id, 0, 100_000)
    start = text.index("Line 3 of page 1")
    (box,) = printed(shelf.documents, result.document_id, start, start + len("Line 3 of page 1 tells of 23 ships."))
    assert box.page == 2
    assert abs(box.left - 60 / A4[0]) < 0.005
    assert box.top < 1 - (700 - 14 * 3 + 4) / A4[1] < box.bottom


def test_a_text_has_none_and_what_is_gone_is_said(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A text has no pages at all.")
    result = shelf.add(tmp_path / "a.txt")
    assert result.document_id is not None
    assert words_of(shelf, result.document_id, "no pages") == []
    shelf.library.delete(result.document_id)
    with pytest.raises(NotFound):
        printed(shelf.documents, result.document_id, 0, 10)
    with pytest.raises(NotFound):
        printed_words(shelf.documents, shelf.library, result.document_id, Words("p", "text", 0, 4))


@needs_tesseract
def test_a_changed_file_has_the_boxes_of_its_words_now(shelf: Shelf, tmp_path: Path) -> None:
    first, second = sheet(HARBOUR), sheet(LATER, top=900)
    file = tmp_path / "board.png"
    file.write_bytes(first.png())
    document = shelf.library.keep_path(file).document
    assert document is not None
    assert shelf.wait(document.id) == "ready"
    before = shelf.library.passages(document.id, 0, 1)[0]
    file.write_bytes(second.png())
    shelf.library.keep_path(file)
    assert shelf.wait(document.id) == "ready"
    assert cover(second, words_of(shelf, document.id, "the mayor"), "the", "mayor") > 0.9
    # The words of an answer of before stand there no more, though the passage has the same name.
    start = before.text.index("spring")
    asked = Words(before.id, before.text, start, start + 6)
    assert printed_words(shelf.documents, shelf.library, document.id, asked) == []


# The passages of the second version come into the store, and the row never says so.
DIE = """
import os, signal, sys
from pathlib import Path
from backend.stores.documents import Documents
from tests.services.test_documents import Shelf
shelf = Shelf(Path(sys.argv[1]))
shelf.library.start()
document = shelf.library.keep_path(Path(sys.argv[2])).document
if sys.argv[3] == "live":
    print(shelf.wait(document.id), document.id, flush=True)
    shelf.library.close()
else:
    Documents.finish = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    shelf.wait(document.id)
"""


@needs_tesseract
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_between_passages_and_row_it_has_the_old_ones_and_then_the_new(
    open_shelf: Callable[..., Shelf], tmp_path: Path
) -> None:
    first, second = sheet(HARBOUR), sheet(LATER, top=900)
    file = tmp_path / "board.png"

    def run(how: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", DIE, str(tmp_path / "data"), str(file), how]
        return subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, check=False)

    file.write_bytes(first.png())
    status, identity = run("live").stdout.split()
    assert status == "ready"
    file.write_bytes(second.png())
    assert run("die").returncode == -signal.SIGKILL

    dead = Shelf(tmp_path / "data")
    text, total = dead.documents.text(identity, 0, 10_000)
    start = text.index("Northport")
    assert cover(first, printed(dead.documents, identity, start, start + 9), "Northport") > 0.9
    assert len(printed(dead.documents, identity, 0, total)) == len(HARBOUR)

    alive = open_shelf()
    assert alive.wait(identity) == "ready"
    assert cover(second, words_of(alive, identity, "of Northport"), "of", "Northport") > 0.9


def test_words_are_found_where_only_the_white_space_differs() -> None:
    around = "One two.\n\nThree four five.\nSix seven. Three four five.\nSix seven."
    text = "Three four five.\n\nSix seven."
    asked = Words("p", text, text.index("five"), text.index("seven"))
    first, last = find(around, asked, 10) or (0, 0)
    assert around[first:last] == "five.\nSix"
    assert find(around, asked, 30) == (around.rindex("five"), around.rindex("Six") + 3)
    assert find(around, Words("p", "Three four (five", 0, 5), 0) is None
    assert find(around, Words("p", text, 3, 3), 0) is None
    assert find(around, Words("p", text, 400, 900), 0) is None
    # In the middle of a word.
    assert find(around, Words("p", "four five", 1, 6), 0) == (around.index("our f"), around.index("our f") + 5)
