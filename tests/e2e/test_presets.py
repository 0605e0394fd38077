"""Presets as their users meet them: made, chosen, used, changed, copied, exported, imported, deleted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Begin
from tests.e2e.pages import ask, fetch, go, last_answer, wait_until_written
from tests.e2e.test_accessibility import violations
from tests.ollama_script import SMOLLM2
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

THINKER = "smollm2-think:latest"


def choose(page: Page, menu: str, entry: str) -> None:
    page.get_by_role("button", name=menu, exact=True).click()
    page.get_by_role("menu").get_by_text(entry, exact=True).click()


def names(page: Page) -> list[str]:
    return [preset["name"] for preset in fetch(page, "/api/presets", method="GET")["presets"]]


def test_a_preset_is_made_chosen_used_and_remembered(begin: Begin, ollama_stand_in: StandIn) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        expect(page.get_by_role("button", name=re.compile("^Preset"))).to_have_count(0)

        go(page, "#/settings")
        page.get_by_role("button", name="New preset…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
        dialog.get_by_label("Name").fill("Latin")
        dialog.get_by_label("System prompt").fill("Answer in Latin.")
        expect(dialog).to_contain_text("16 of 20,000 characters")
        expect(dialog.get_by_label("Model").get_by_role("option", name=THINKER)).to_be_attached()
        dialog.get_by_label("Model").select_option(THINKER)
        dialog.get_by_label("Temperature").fill("1,5")
        assert violations(page) == []
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("listitem").filter(has_text="Latin")).to_contain_text(f"{THINKER} · temperature 1.5")

        go(page, "")
        choose(page, "Preset: none", "Latin")
        expect(page.get_by_role("button", name=f"Model: {THINKER}")).to_be_visible()
        ask(page, "Sky?")
        wait_until_written(page)
        expect(last_answer(page)).to_contain_text("The sky is blue.")
        sent = ollama_stand_in.chats()[-1]
        assert sent["messages"][0]["content"] == "Answer in Latin."
        assert (sent["model"], sent["options"]["temperature"]) == (THINKER, 1.5)

        page.reload()
        expect(page.get_by_role("button", name="Preset: Latin")).to_be_visible()
        # A model that is chosen beside it is for this conversation alone.
        choose(page, f"Model: {THINKER}", SMOLLM2.name)
        ask(page, "And the sea?")
        wait_until_written(page)
        assert ollama_stand_in.chats()[-1]["model"] == SMOLLM2.name
        assert fetch(page, "/api/settings", method="GET")["model"] is None

        choose(page, "Preset: Latin", "No preset")
        ask(page, "And now?")
        wait_until_written(page)
        assert "Latin" not in ollama_stand_in.chats()[-1]["messages"][0]["content"]
        page.reload()
        expect(page.get_by_role("button", name="Preset: none")).to_be_visible()


def test_presets_are_managed_in_the_settings(begin: Begin, ollama_stand_in: StandIn, tmp_path: Path) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        fetch(page, "/api/presets", {"name": "Law", "system_prompt": "Quote the clause.", "document_ids": ["gone"]})
        go(page, "#/settings")
        expect(page.get_by_text("1 of them is gone and skipped")).to_be_visible()

        choose(page, "More about Law", "Duplicate")
        expect(page.get_by_role("listitem").filter(has_text="Law 2")).to_be_visible()

        choose(page, "More about Law 2", "Edit…")
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("System prompt")).to_have_value("Quote the clause.")
        dialog.get_by_label("Name").fill("law")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_role("alert")).to_contain_text("Choose another name")
        session.complaints.clear()  # The browser's own, of the answer 409.
        dialog.get_by_label("Name").fill("Contracts")
        expect(dialog).to_contain_text("A deleted document")
        dialog.get_by_role("checkbox", name="A deleted document").click()
        expect(dialog).to_contain_text("All documents")
        dialog.get_by_role("button", name="Save").click()
        expect(page.get_by_role("listitem").filter(has_text="Contracts")).to_contain_text("Its own system prompt")

        choose(page, "More about Contracts", "Use for new conversations")
        expect(page.get_by_role("listitem").filter(has_text="Contracts")).to_contain_text("default")
        go(page, "")
        expect(page.get_by_role("button", name="Preset: Contracts")).to_be_visible()

        go(page, "#/settings")
        with page.expect_download() as download:
            choose(page, "More about Contracts", "Export to a file")
        file = tmp_path / "contracts.json"
        download.value.save_as(file)
        assert json.loads(file.read_text())["name"] == "Contracts"
        page.get_by_label("Import presets").set_input_files(file)
        expect(page.get_by_role("listitem").filter(has_text="Contracts 2")).to_be_visible()

        broken = tmp_path / "broken.json"
        broken.write_text("{")
        page.get_by_label("Import presets").set_input_files(broken)
        expect(page.get_by_role("alert")).to_contain_text("broken.json is not a preset of LocalChat")

        choose(page, "More about Contracts", "Delete…")
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.get_by_role("button", name="More about Contracts", exact=True)).to_have_count(0)
        assert names(page) == ["Contracts 2", "Law"]


def test_names_like_those_of_the_menu_and_markup_stay_words(begin: Begin, ollama_stand_in: StandIn) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        for name in ("No preset", "New preset…", "<img src=x onerror=alert(1)>"):
            fetch(page, "/api/presets", {"name": name})
        page.reload()
        page.get_by_role("button", name="Preset: none").click()
        expect(page.get_by_role("menuitemcheckbox")).to_have_count(5)
        page.get_by_role("menuitemcheckbox", name="<img src=x").click()
        expect(page.get_by_role("button", name="Preset: <img src=x onerror=alert(1)>")).to_be_visible()


def test_a_new_preset_from_the_composer_is_chosen_at_once_by_keyboard(begin: Begin, ollama_stand_in: StandIn) -> None:
    with begin("chromium", width=420, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        fetch(page, "/api/presets", {"name": "Law"})
        page.reload()
        page.get_by_role("button", name="Preset: none").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("End")
        page.keyboard.press("Enter")
        page.get_by_role("dialog").get_by_label("Name").focus()
        page.keyboard.type("Short")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Preset: Short")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
