"""Backup and restore from the settings, over a restart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Begin
from tests.e2e.pages import fetch, go
from tests.e2e.test_accessibility import violations

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_a_backup_is_written_and_restored_at_the_next_start(begin: Begin, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with begin("chromium", **home) as session:
        page = session.page
        fetch(page, "/api/conversations", {"title": "Before"})
        go(page, "#/settings")
        page.get_by_role("button", name="Back up…").click()
        expect(page.get_by_text(re.compile("^Backed up and read back"))).to_be_visible()
        [file] = tmp_path.glob("LocalChat-*.zip")
        expect(page.get_by_text(str(file))).to_be_visible()

        fetch(page, "/api/conversations", {"title": "After"})
        page.get_by_role("button", name="Restore…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Path of the backup").fill(str(tmp_path / "nothing.zip"))
        dialog.get_by_role("button", name="Restore").click()
        expect(page.get_by_role("alert")).to_contain_text("nothing.zip cannot be restored. There is no file")
        session.complaints.clear()  # The browser's own, of the answer 422.

        page.get_by_role("button", name="Restore…").click()
        dialog.get_by_label("Path of the backup").fill(str(file))
        dialog.get_by_role("button", name="Restore").click()
        waits = page.get_by_text(re.compile("Quit LocalChat and start it again"))
        expect(waits).to_contain_text("0 documents and 1 conversation.")
        assert violations(page) == []
        page.get_by_role("button", name="Keep what is here").click()
        expect(waits).to_have_count(0)

        page.get_by_role("button", name="Restore…").click()
        dialog.get_by_role("button", name="Restore").click()
        expect(waits).to_be_visible()
    with begin("chromium", **home) as session:
        page = session.page
        expect(page.get_by_role("link", name="Before")).to_be_visible()
        expect(page.get_by_role("link", name="After")).to_have_count(0)
