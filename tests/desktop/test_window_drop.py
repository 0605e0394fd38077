"""A folder that is dropped on the real window, from another program."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.chatting import wait_for
from tests.desktop.test_window import is_shown, links, open_window, xdotool

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["links", "open_window"]

pytestmark = pytest.mark.e2e

SOURCE = """
import sys
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication, QLabel

class Files(QLabel):
    def mouseMoveEvent(self, event):
        drag, carried = QDrag(self), QMimeData()
        carried.setUrls([QUrl.fromLocalFile(path) for path in sys.argv[1:]])
        drag.setMimeData(carried)
        drag.exec(Qt.DropAction.CopyAction)

app = QApplication([])
files = Files("files")
files.setWindowFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint)
files.setGeometry(0, 0, 60, 40)
files.setWindowTitle("File manager")
files.show()
app.exec()
"""
"""A file manager: a corner of the screen from which paths are dragged."""


@contextmanager
def file_manager(display: str, *paths: Path) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", SOURCE, *map(str, paths)],
        env={**os.environ, "DISPLAY": display},
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(lambda: is_shown(display, "^File manager$"))
            yield
        finally:
            process.kill()


def drag(display: str, x: int, y: int) -> None:
    """From the file manager's corner to this point of the screen."""
    xdotool(display, "mousemove", "20", "20")
    xdotool(display, "mousedown", "1")
    for step in range(1, 13):
        xdotool(display, "mousemove", str(20 + (x - 20) * step // 12), str(20 + (y - 20) * step // 12))
        time.sleep(0.05)  # a hand is no faster, and each window on the way is asked
    time.sleep(0.5)
    xdotool(display, "mouseup", "1")


@pytest.fixture
def leases(tmp_path: Path) -> Path:
    folder = tmp_path / "leases"
    for year in ("2024", "2025"):
        (folder / year).mkdir(parents=True)
        (folder / year / "notes.txt").write_text(f"The lease of {year} ends in June.", encoding="utf-8")
    return folder


def drop_on(opened: Any, folder: Path) -> None:
    # By then the page knows that it is in a window.
    opened.page.get_by_role("button", name="Add folder").first.wait_for()
    opened.page.wait_for_load_state("networkidle")
    with file_manager(opened.display, folder):
        drag(opened.display, 700, 500)
        opened.page.get_by_role("dialog", name="Watch this folder?").wait_for()


def documents(page: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("fetch('/api/documents').then(answer => answer.json())")["documents"]
    return found


def test_a_dropped_folder_is_watched_by_its_path(open_window: Any, leases: Path) -> None:
    with open_window() as opened:
        drop_on(opened, leases)
        opened.page.get_by_text(str(leases), exact=True).wait_for()
        opened.page.get_by_role("button", name="Watch the folder").click()
        wait_for(lambda: len(documents(opened.page)) == 2)
        assert {document["path"] for document in documents(opened.page)} == {
            str(leases / year / "notes.txt") for year in ("2024", "2025")
        }


def test_the_files_of_a_dropped_folder_are_added_once_and_told_apart(open_window: Any, leases: Path) -> None:
    with open_window() as opened:
        drop_on(opened, leases)
        opened.page.get_by_role("button", name="Add their files once").click()
        wait_for(lambda: len(documents(opened.page)) == 2)
        assert {document["filename"] for document in documents(opened.page)} == {
            "notes (leases › 2024).txt",
            "notes (leases › 2025).txt",
        }
        folders = opened.page.evaluate("fetch('/api/folders').then(answer => answer.json())")
        assert folders == {"folders": []}


def test_what_was_deleted_is_gone_though_the_window_is_closed_before_its_undo_ends(
    open_window: Any, leases: Path, tmp_path: Path
) -> None:
    with open_window() as opened:
        drop_on(opened, leases)
        opened.page.get_by_role("button", name="Add their files once").click()
        wait_for(lambda: [one["status"] for one in documents(opened.page)] == ["ready", "ready"])
        opened.page.evaluate("location.hash = '#/documents'")
        row = opened.page.get_by_role("row").filter(has_text="2024")
        row.hover()
        row.get_by_role("button", name="More about").click()
        opened.page.get_by_role("menuitem", name="Delete").click()
        opened.page.get_by_role("button", name="Undo").wait_for()
        assert len(documents(opened.page)) == 2
        opened.close()
    with closing(sqlite3.connect(tmp_path / "data" / "localchat.db")) as database:
        left = database.execute("SELECT filename FROM documents").fetchall()
    assert left == [("notes (leases › 2025).txt",)]
