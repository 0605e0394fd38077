"""For everyone: every state passes axe; zoom, forced colours, less motion; what a screen reader has and is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Begin
from tests.e2e.pages import ask, go, last_answer, wait_until_written
from tests.e2e.states import conversation, misplaced, shell
from tests.e2e.test_accessibility import violations
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

STORY = [f"{word} " for n in range(60) for word in f"This is sentence {n} of a story.".split()]


def states(page: Page, ollama: StandIn) -> Iterator[str]:
    return chain(conversation(page, ollama), shell(page))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 420])
def test_every_state_passes_axe(
    begin: Begin, theme: Literal["light", "dark"], width: int, ollama_stand_in: StandIn
) -> None:
    found: dict[str, list[str]] = {}
    with begin("chromium", theme=theme, width=width, OLLAMA_HOST=ollama_stand_in.host) as session:
        for state in states(session.page, ollama_stand_in):
            session.page.wait_for_timeout(300)
            found[state] = violations(session.page)
        session.complaints.clear()  # the refused question is one of them
    assert {state: rows for state, rows in found.items() if rows} == {}


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (640, 400), (320, 640)])
def test_nothing_is_lost_when_the_page_is_zoomed(
    begin: Begin, width: int, height: int, ollama_stand_in: StandIn
) -> None:
    """A window of 1280 × 800 at 200 % has the room of 640 × 400; 320 px are what WCAG asks for."""
    wrong: dict[str, list[str]] = {}
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        page.set_viewport_size({"width": width, "height": height})
        wrong["start"] = misplaced(page)
        for state in states(page, ollama_stand_in):
            page.wait_for_timeout(200)
            wrong[state] = misplaced(page)
        go(page, "#/")
        # Composer and bar leave room to read in.
        room = page.locator(".scroll").bounding_box()
        assert room is not None
        assert room["height"] >= height * 0.4
        session.complaints.clear()
    assert {state: rows for state, rows in wrong.items() if rows} == {}


def test_less_motion_is_none(begin: Begin, ollama_stand_in: StandIn) -> None:
    moving: dict[str, Any] = {}
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        page.emulate_media(reduced_motion="reduce")
        page.evaluate(
            """() => {
                window.moved = [];
                for (const kind of ["animationstart", "transitionrun"])
                    addEventListener(kind, event => moved.push(`${event.type} ${event.target.className}`), true);
            }"""
        )
        for state in states(page, ollama_stand_in):
            moving[state] = page.evaluate("[...window.moved.splice(0), ...document.getAnimations().map(String)]")
        session.complaints.clear()
    assert {state: rows for state, rows in moving.items() if rows} == {}


def colours(page: Page, selector: str) -> int:
    """How many colours are seen along the middle of an element, from left to right."""
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(page.locator(selector).first.screenshot())) as picture:
        row = picture.convert("RGB")
        seen = [row.getpixel((x, row.height // 2)) for x in range(row.width)]
    return len(set(seen))


FOCUS = """() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const around = getComputedStyle(element.closest('.composer, .input, label') ?? element);
    const shown = one => (one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) >= 1);
    return shown(style) || shown(around);
}"""


def test_with_forced_colours_focus_selection_and_meters_are_seen(begin: Begin, ollama_stand_in: StandIn) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        page.emulate_media(forced_colors="active")
        ollama_stand_in.answer = Answer(tokens=("Some", " words."))
        ask(page, "Fill the meter")
        wait_until_written(page)
        expect(page.get_by_text(re.compile(r"of [\d,]+ tokens"))).to_be_visible()
        assert colours(page, ".meter-bar") >= 3  # used, free, and the ground between
        blind = []
        page.get_by_role("textbox", name="Message").focus()
        for _ in range(25):
            page.keyboard.press("Tab")
            if not page.evaluate("document.activeElement === document.body") and not page.evaluate(FOCUS):
                blind.append(page.evaluate("document.activeElement.outerHTML.slice(0, 160)"))
        assert blind == []
        # What is chosen differs from what is not, by more than a colour that is taken away.
        different = """([chosen, other]) => {
            const of = selector => {
                const style = getComputedStyle(document.querySelector(selector));
                return [style.backgroundColor, style.color, style.outlineStyle, style.fontWeight].join();
            };
            return of(chosen) !== of(other);
        }"""
        page.keyboard.press("Control+k")
        expect(page.get_by_role("option").first).to_be_visible()
        assert page.evaluate(
            different, ["[role=option][aria-selected=true]", "[role=option]:not([aria-selected=true])"]
        )
        page.keyboard.press("Escape")
        go(page, "#/settings")
        page.wait_for_timeout(500)
        assert page.evaluate(different, ["nav a[aria-current=page]", "nav a:not([aria-current])"])
        assert page.evaluate(different, [".segments label:has(:checked)", ".segments label:not(:has(:checked))"])
        switch = page.get_by_role("switch").first
        before = switch.screenshot()
        switch.click()
        assert switch.screenshot() != before
        go(page, "#/models")
        page.wait_for_timeout(800)
        assert colours(page, ".fit .tick") >= 2


def test_a_screen_reader_is_told_sentences_and_not_tokens(begin: Begin, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=STORY, tokens_per_second=60)
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        page.evaluate(
            """() => {
                window.told = [];
                const region = [...document.querySelectorAll("[aria-live=polite]")].at(-1);
                new MutationObserver(() => told.push(region.textContent)).observe(region,
                    {childList: true, characterData: true, subtree: true});
            }"""
        )
        ask(page, "Tell me a story")
        expect(last_answer(page)).to_contain_text("sentence 59 of a story.", timeout=60_000)
        wait_until_written(page)
        page.wait_for_timeout(500)
        told = [one for one in page.evaluate("told") if one]
        # No text that grows is a live region of its own.
        assert page.locator("article [aria-live], article[aria-live]").count() == 0
    assert told[0] == "An answer is being written."
    assert told[-1].endswith("The answer is complete.")
    assert 3 <= len(told) <= 12
    assert [one for one in told if not one.strip().endswith(".")] == []
    # Each sentence once, in their order.
    numbers = [int(n) for n in re.findall(r"sentence (\d+) of", " ".join(told))]
    assert numbers == list(range(60))


def tree(page: Page) -> list[dict[str, Any]]:
    """Chromium's own accessibility tree: role, name, and what is said of it."""
    cdp = page.context.new_cdp_session(page)
    nodes = cdp.send("Accessibility.getFullAXTree")["nodes"]
    cdp.detach()
    kept = []
    for node in nodes:
        if node.get("ignored"):
            continue
        said = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
        kept.append({"role": node["role"]["value"], "name": node.get("name", {}).get("value", ""), **said})
    return kept


def has(nodes: list[dict[str, Any]], role: str, name: str, **said: Any) -> bool:
    return any(
        node["role"] == role and re.search(name, node["name"]) and all(node.get(k) == v for k, v in said.items())
        for node in nodes
    )


def nameless(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What takes the focus and has no name; a part of a page that is only jumped to needs none."""
    jumped_to = ("RootWebArea", "generic")
    return [node for node in nodes if node.get("focusable") and not node["name"] and node["role"] not in jumped_to]


def test_the_tree_that_chromium_hands_to_a_screen_reader(begin: Begin, ollama_stand_in: StandIn) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        nodes = tree(page)
        assert has(nodes, "navigation", "Conversations and pages")
        assert has(nodes, "main", "^Conversation$")
        assert has(nodes, "textbox", "^Message$", focused=True, multiline=True)
        assert has(nodes, "button", "^Send$", disabled=True)
        assert has(nodes, "heading", "^New conversation$", level=1)
        seen = {"start": nameless(nodes)}
        for state in states(page, ollama_stand_in):
            page.wait_for_timeout(400)
            nodes = tree(page)
            seen[state] = nameless(nodes)
            if state == "streaming":
                assert has(nodes, "heading", "^Answer, being written$", level=2)
                assert has(nodes, "article", "", busy=True)
                assert has(nodes, "button", "^Stop$")
                assert has(nodes, "link", "Show me an answer being written")
            elif state == "failed":
                assert has(nodes, "alert", "") or has(nodes, "status", "")
            elif state == "menu of models":
                assert has(nodes, "menu", "")
                assert has(nodes, "menuitemcheckbox", "smollm2:135m", checked="true")
            elif state == "palette":
                assert has(nodes, "dialog", "Commands and search", modal=True)
                assert has(nodes, "combobox", "Search, or run a command", focused=True)
                assert has(nodes, "option", "", selected=True)
            elif state == "shortcuts":
                assert has(nodes, "dialog", "^Keyboard shortcuts$", modal=True)
            elif state.startswith("#/"):
                assert has(nodes, "heading", f"^{state[2:].capitalize()}$", level=1)
                assert has(nodes, "link", f"^{state[2:].capitalize()}") or has(nodes, "link", state[2:].capitalize())
        session.complaints.clear()
    assert {state: rows for state, rows in seen.items() if rows} == {}
