"""The window's own dialogs for one file: where to write a backup, and which one to read."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.chatting import wait_for
from tests.desktop.test_window import links, open_window, xdotool

__all__ = ["links", "open_window"]

pytestmark = pytest.mark.e2e

ASK = """path => {
    window.events = null;
    fetch(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: '{"ask": true}'})
        .then(response => response.text()).then(text => { window.events = text });
}"""


def answer(display: str, title: str, text: str | None) -> None:
    """Types a path into the dialog and confirms it; None cancels it."""
    wait_for(lambda: dialogs(display, title))
    [dialog] = dialogs(display, title)
    xdotool(display, "windowfocus", dialog)
    time.sleep(0.5)  # Qt takes keys only once its dialog has come to rest.
    if text is None:
        # To whatever has the focus: the key goes down and the window is gone before it comes up.
        xdotool(display, "key", "Escape")
    else:
        xdotool(display, "key", "ctrl+a")
        xdotool(display, "type", text)
        xdotool(display, "key", "Return")
    # Or the next one would be looked for while this one is still there.
    wait_for(lambda: dialog not in dialogs(display, title))


def dialogs(display: str, title: str) -> list[str]:
    try:
        return xdotool(display, "search", "--onlyvisible", "--name", title).split()
    except subprocess.CalledProcessError:  # it finds none
        return []


def said(page: Any) -> str:
    wait_for(lambda: page.evaluate("window.events"))
    return str(page.evaluate("window.events"))


def test_a_backup_goes_where_the_dialog_says_and_is_read_from_there(open_window: Any, tmp_path: Path) -> None:
    file = tmp_path / "chosen.zip"
    with open_window() as opened:
        opened.page.evaluate(ASK, "/api/backup")
        answer(opened.display, "Save", str(file))
        assert str(file) in said(opened.page)
        assert file.is_file()
        opened.page.evaluate(ASK, "/api/restore")
        answer(opened.display, "Open", str(file))
        assert '"restart":true' in said(opened.page)
        opened.page.evaluate(ASK, "/api/restore")
        answer(opened.display, "Open", None)
        assert '"cancelled":true' in said(opened.page)
