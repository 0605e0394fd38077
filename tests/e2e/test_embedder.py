"""Another embedder in the settings: what it costs, how far it is, taken back, and gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Begin
from tests.e2e.pages import drop, go, wait_until_read
from tests.ollama_script import NOMIC, SMOLLM2
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_an_embedder_is_chosen_watched_and_taken_back(begin: Begin, ollama_stand_in: StandIn, tmp_path: Path) -> None:
    ollama_stand_in.models = {model.name: model for model in (SMOLLM2, NOMIC)}
    file = tmp_path / "lease.md"
    file.write_text(
        "\n\n".join(f"## Clause {number}\n\nThe lease of house {number} ends in March." for number in range(40)),
        encoding="utf-8",
    )
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        drop(page, file)
        wait_until_read(page, "lease.md")
        go(page, "#/settings/embedder")
        select = page.get_by_label("Embedder", exact=True)
        expect(select.locator("option")).to_have_text(["MiniLM, built in", "nomic-embed-text:latest"])
        ollama_stand_in.embedding_seconds = 0.1
        select.select_option("nomic-embed-text:latest")
        dialog = page.get_by_role("dialog", name="Change the embedder?")
        expect(dialog).to_contain_text("Passages to embed anew: 40. It takes about")
        # Nothing is changed by asking.
        dialog.get_by_role("button", name="Cancel").click()
        expect(select).to_have_value("builtin")
        select.select_option("nomic-embed-text:latest")
        dialog.get_by_role("button", name="Change").click()
        expect(page.get_by_role("status").filter(has_text="of 40 passages")).to_be_visible()
        expect(select).to_be_disabled()
        page.locator(".copying").get_by_role("button", name="Cancel").click()
        expect(page.locator(".copying")).to_have_count(0)
        expect(select).to_have_value("builtin")

        ollama_stand_in.embedding_seconds = 0.0
        select.select_option("nomic-embed-text:latest")
        dialog.get_by_role("button", name="Change").click()
        before = page.locator(".setting").filter(has=page.get_by_role("button", name="Go back"))
        expect(before).to_contain_text("MiniLM, built in")
        expect(select).to_have_value("ollama/nomic-embed-text:latest")

        # Its engine goes: the search says so, in words that help.
        del ollama_stand_in.models[NOMIC.name]
        go(page, "#/search")
        page.get_by_label("Question").fill("When does the lease of house 7 end?")
        expect(
            page.get_by_text("Searched by words alone. The embedder nomic-embed-text:latest is not in Ollama any more.")
        ).to_be_visible()
        expect(page.get_by_role("listitem").filter(has_text="house 7").first).to_be_visible()

        go(page, "#/settings/embedder")
        before.get_by_role("button", name="Go back").click()
        expect(select).to_have_value("builtin")
        before.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(before).to_have_count(0)
