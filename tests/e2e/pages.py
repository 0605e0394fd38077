"""What a user does on the page, in words."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

PAGES = ("", "#/documents", "#/models", "#/search", "#/evaluation", "#/settings")


def ask(page: Page, question: str) -> None:
    box = page.get_by_role("textbox", name="Message")
    box.fill(question)
    box.press("Enter")


def last_answer(page: Page) -> Locator:
    return page.get_by_role("article").last


def source_panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Source")


def wait_until_written(page: Page) -> None:
    expect(page.get_by_role("button", name="Stop")).to_have_count(0, timeout=60_000)


def go(page: Page, route: str) -> None:
    page.evaluate("route => { location.hash = route }", route or "#/")
    page.wait_for_timeout(300)


def drop(page: Page, *paths: Path) -> None:
    """Files let go over the window, as a file manager does it."""
    files = [{"name": path.name, "data": base64.b64encode(path.read_bytes()).decode()} for path in paths]
    page.evaluate(
        """files => {
            const transfer = new DataTransfer();
            for (const {name, data} of files)
                transfer.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], name));
            const how = {dataTransfer: transfer, bubbles: true, cancelable: true};
            for (const kind of ["dragenter", "dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(kind, how));
        }""",
        files,
    )


def wait_until_read(page: Page, name: str) -> None:
    """Until the document stands in the list with its passages."""
    go(page, "#/documents")
    expect(page.get_by_role("row").filter(has=page.get_by_role("link", name=name))).to_be_visible(timeout=90_000)


def fetch(page: Page, path: str, body: Any = None, method: str = "POST") -> Any:
    """JSON that the page itself asks for, with its cookie."""
    return page.evaluate(
        """async ([path, body, method]) => (await fetch(path, {method, headers: {"Content-Type": "application/json"},
            body: body === null ? undefined : JSON.stringify(body)})).json()""",
        [path, body, "GET" if body is None and method == "POST" else method],
    )
