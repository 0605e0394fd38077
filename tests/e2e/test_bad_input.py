"""Names, texts and files that nobody would write by hand: nothing runs, nothing breaks the layout, nothing is lost."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Begin
from tests.e2e.pages import ask, drop, fetch, go, last_answer, wait_until_read, wait_until_written
from tests.e2e.states import misplaced
from tests.exports import simple_chatgpt_item
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

NAMES = (
    "<img src=x onerror='window.ran=1'><script>window.ran=2</script>",
    "\u202egnp.exe.lease \u202d\u2067",
    "\u2069\u202e turned around",
    "x" * 190,
    "Z\u0351\u0352\u0353" * 40,
    "{{constructor.constructor('window.ran=3')()}} ${window.ran=4}",
    "\u200b\u200d\ufeff \U0001f469\u200d\U0001f469\u200d\U0001f467 \u0000\u0007 end",
)


@pytest.mark.parametrize("width", [1280, 320])
def test_hostile_names_stay_text_in_their_place(begin: Begin, width: int, ollama_stand_in: StandIn) -> None:
    with begin("chromium", width=width, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        for name in NAMES:
            made = fetch(page, "/api/conversations", {"title": name})
            assert "id" in made, made
            fetch(page, f"/api/conversations/{made['id']}", {"tags": [name[:40]]}, "PATCH")
            preset = fetch(page, "/api/presets", {"name": name[:60], "system_prompt": name})
            assert "id" in preset, preset
        page.reload()
        expect(page.get_by_role("textbox", name="Message")).to_be_visible()
        wrong = {"start": misplaced(page)}
        for preset in fetch(page, "/api/presets", method="GET")["presets"]:
            page.get_by_role("button", name=re.compile("^Preset")).click()
            page.get_by_role("menuitemcheckbox").filter(has_text=preset["name"][:12].strip()).first.click()
            wrong[f"preset {preset['name'][:12]!r}"] = misplaced(page)
        go(page, "#/settings")
        page.wait_for_timeout(500)
        wrong["settings"] = misplaced(page)
        for one in fetch(page, "/api/conversations", method="GET")["conversations"]:
            go(page, f"#/c/{one['id']}")
            wrong[f"title {one['title'][:12]!r}"] = misplaced(page)
            page.keyboard.press("Control+k")
            expect(page.get_by_role("option").first).to_be_visible()
            wrong[f"palette {one['title'][:12]!r}"] = misplaced(page)
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
        assert page.evaluate("window.ran") is None
        assert page.locator("img[onerror], h1 script, nav script").count() == 0
    assert {name: rows for name, rows in wrong.items() if rows} == {}


RUN_ON = """([selector, words]) => {
    const text = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
    while (text.nextNode()) {
        const at = text.currentNode.data.lastIndexOf(words);
        if (at < 0) continue;
        const range = new Range();
        return [...words].map((_, index) => {
            range.setStart(text.currentNode, at + index);
            range.setEnd(text.currentNode, at + index + 1);
            return range.getBoundingClientRect().left;
        });
    }
    return [];
}"""


def test_what_follows_a_name_is_not_turned_round_by_it(begin: Begin) -> None:
    with begin("chromium") as session:
        page = session.page
        for name in NAMES[1:3]:
            made = fetch(page, "/api/conversations", {"title": name})
            page.reload()
            page.locator(f"[data-conversation='{made['id']}']").focus()
            page.keyboard.press("Delete")
            expect(page.locator(".toast")).to_contain_text("deleted")
            places = page.evaluate(RUN_ON, [".toast", "deleted"])
            assert len(places) == 7
            assert places == sorted(places), f"after {name!r}"
            page.get_by_role("button", name="Undo").click()
            expect(page.locator(".toast")).to_have_count(0)


def test_texts_that_are_no_texts(begin: Begin, ollama_stand_in: StandIn, tmp_path: Path) -> None:
    """Halves of surrogate pairs in question and answer, signs that turn the direction, and a file of broken UTF-8."""
    ollama_stand_in.answer = Answer(tokens=("Half \ufffd of it, ", "\u202eturned ", "\u0000 nul. The end."))
    broken = tmp_path / "broken.txt"
    broken.write_bytes(b"The caf\xe9 is open \xff\xfe\xc3( until ten. \xf0\x9f\x98" * 40)
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        page.get_by_role("textbox", name="Message").evaluate(
            """field => {
                field.value = "What is \\ud800 this?";
                field.dispatchEvent(new Event("input", {bubbles: true}));
            }"""
        )
        page.get_by_role("textbox", name="Message").press("Enter")
        expect(last_answer(page)).to_contain_text("The end.")
        wait_until_written(page)
        assert ollama_stand_in.chats()[-1]["messages"][-1]["content"] == "What is \ufffd this?"
        page.reload()
        expect(last_answer(page)).to_contain_text("The end.")
        # An engine that says half of a pair itself says what no text can be: it is told as a fault of the engine.
        ollama_stand_in.answer = Answer(tokens=("Whole, ", "half \ud83d"))
        ask(page, "And now?")
        expect(last_answer(page)).to_contain_text("What it wrote is kept")
        drop(page, broken)
        wait_until_read(page, "broken.txt")


def test_two_megabytes_without_a_space_in_them(begin: Begin, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=["x" * 100_000] * 20 + ["end"])
    with begin("chromium", width=420, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        ask(page, "One word, please")
        expect(page.get_by_role("button", name="Copy answer")).to_be_attached(timeout=90_000)
        wait_until_written(page)
        assert misplaced(page) == []
        ollama_stand_in.answer = Answer(tokens=("Still", " here."))
        ask(page, "Are you there?")
        expect(last_answer(page)).to_contain_text("Still here.", timeout=60_000)


def choose(page: Page, path: Path) -> None:
    go(page, "#/settings")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import conversations…").click()
    chooser.value.set_files(path)


def test_an_export_cut_in_half_gives_what_is_whole(begin: Begin, tmp_path: Path) -> None:
    items = [simple_chatgpt_item(f"id-{n}", f"Question {n}", f"Answer {n}", title=f"Talk {n}") for n in range(20)]
    text = json.dumps(items)
    half = tmp_path / "conversations.json"
    half.write_text(text[: len(text) // 2], encoding="utf-8")
    with begin("chromium") as session:
        page = session.page
        choose(page, half)
        report = page.get_by_role("status").filter(has_text="conversations.json")
        expect(report).to_contain_text(re.compile(r"\d+ conversations imported"))
        expect(report).to_contain_text("What was not understood")
        report.get_by_text(re.compile("What was not understood")).click()
        expect(report).to_contain_text("cut off")
        page.get_by_role("link", name="Talk 0", exact=True).click()
        expect(page.get_by_text("Answer 0")).to_be_visible()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of twelve megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("this system does not let us mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_disk_that_fills_up_during_an_import_is_said_and_the_page_goes_on(
    begin: Begin, small_disk: Path, ollama_stand_in: StandIn, tmp_path: Path
) -> None:
    words = "a few words of a long conversation "
    items = [simple_chatgpt_item(f"id-{n}", f"Question {n}", words * 8_000, title=f"Talk {n}") for n in range(60)]
    export = tmp_path / "conversations.json"
    export.write_text(json.dumps(items), encoding="utf-8")
    paper = tmp_path / "paper.txt"
    paper.write_text("A paper that is too large. " * 600_000, encoding="utf-8")
    with begin("chromium", LOCALCHAT_DATA=str(small_disk / "data"), OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        choose(page, export)
        expect(page.get_by_role("alert").filter(has_text=re.compile("disk", re.IGNORECASE)).first).to_be_visible(
            timeout=90_000
        )
        drop(page, paper)
        go(page, "#/documents")
        expect(page.get_by_text(re.compile("disk", re.IGNORECASE)).first).to_be_visible(timeout=60_000)
        # What cannot be kept is not taken, and stays with who wrote it; nothing stands still.
        go(page, "")
        box = page.get_by_role("textbox", name="Message")
        box.fill("Is there room?")
        box.press("Enter")
        page.wait_for_timeout(1500)
        wait_until_written(page)
        kept = page.get_by_role("article").count()
        assert kept or box.input_value() == "Is there room?"
        session.complaints.clear()  # the refusals, of which the console tells too
