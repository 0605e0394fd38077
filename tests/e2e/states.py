"""States of the page that axe, zoom and forced colours are tried on, and what is measured in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from tests.e2e.pages import ask, go, last_answer
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

STREAMING = Answer(
    tokens=("## Heading\n\nSome **text** of an answer. ", "| a | b |\n|---|---|\n| 1 | 2 |\n\nAnd"), hang=True
)
COMPLETE = Answer(
    tokens=("A word, `code`, [a link](https://example.org).\n\n```python\nprint('x')\n```\n\n- [ ] task\n",)
)
BROKEN = Answer(tokens=("Half of", " it"), error="an error was encountered while running the model")


def conversation(page: Page, ollama: StandIn) -> Iterator[str]:
    """Goes through the states of a conversation; yields the name of each while it stands."""
    stop = page.get_by_role("button", name="Stop")
    ollama.answers.append(STREAMING)
    ask(page, "Show me an answer being written")
    expect(last_answer(page)).to_contain_text("And")
    yield "streaming"
    stop.click()
    expect(stop).to_have_count(0)
    yield "stopped"
    ollama.answers.append(BROKEN)
    ask(page, "Break")
    expect(page.get_by_role("button", name="Write again").first).to_be_visible()
    expect(stop).to_have_count(0)
    yield "failed"
    ollama.answers.append(COMPLETE)
    ask(page, "Show me a whole one")
    expect(last_answer(page).locator("pre")).to_be_visible()
    expect(stop).to_have_count(0)
    page.get_by_role("button", name=re.compile("tokens, .* a second")).last.click()
    yield "details of an answer"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Edit question").last.click()
    expect(page.get_by_role("textbox", name="Edit question")).to_be_visible()
    yield "question being edited"
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Model: ")).click()
    expect(page.get_by_role("menuitemcheckbox").first).to_be_visible()
    yield "menu of models"
    page.keyboard.press("Escape")
    page.get_by_role("main").get_by_role("button", name=re.compile("^More about")).click()
    expect(page.get_by_role("menu")).to_be_visible()
    yield "menu of the conversation"
    page.keyboard.press("Escape")
    page.keyboard.press("F2")
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "dialog"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    ollama.answers.append(Answer(refuse=(500, "model requires more system memory than is available")))
    ask(page, "A question that is refused")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(stop).to_have_count(0)
    yield "refused"


def shell(page: Page) -> Iterator[str]:
    """What lies over every page, and the other pages."""
    drawer = page.get_by_role("button", name="Show conversations")
    if drawer.is_visible():
        drawer.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        yield "drawer"
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    yield "palette"
    page.keyboard.press("Escape")
    page.keyboard.press("Control+/")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    yield "shortcuts"
    page.keyboard.press("Escape")
    for route in ("#/documents", "#/models", "#/search", "#/settings"):
        go(page, route)
        page.wait_for_timeout(700)
        yield route
    page.get_by_role("button", name="New preset…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "preset"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


CONTROLS = """exempt => {
    const wrong = {small: [], cut: []};
    const controls = 'button, a[href], input, select, textarea, summary, [role=option], [role=menuitem], [role=tab]';
    const over = [...document.querySelectorAll('[role=dialog], [role=menu]')].at(-1);
    for (const element of (over ?? document).querySelectorAll(controls)) {
        if (element.closest(exempt) || element.closest('[hidden], .sr, [inert]') || element.type === 'file') continue;
        if (element.disabled && element.type === 'checkbox') continue;
        const target = element.closest('label') ?? element;
        const how = {opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true};
        if (!target.checkVisibility(how)) continue;
        const box = target.getBoundingClientRect();
        if (!box.width || !box.height) continue;
        const what = (element.ariaLabel || element.textContent || element.id || element.className).trim().slice(0, 60);
        if (box.width < 23.5 || box.height < 23.5)
            wrong.small.push(`${what}: ${box.width.toFixed(1)} x ${box.height.toFixed(1)}`);
        if (box.left < -0.5 || box.right > innerWidth + 0.5) wrong.cut.push(`${what}: ${box.left} to ${box.right}`);
        // Cut by what is round it, sideways: nothing scrolls there to bring it back.
        for (let round = target.parentElement; round; round = round.parentElement) {
            const how = getComputedStyle(round).overflowX;
            const edge = round.getBoundingClientRect();
            if (how === 'auto' || how === 'scroll') break;
            if (how !== 'visible' && (box.left < edge.left - 1 || box.right > edge.right + 1)) {
                wrong.cut.push(`${what}: in ${round.className}`);
                break;
            }
        }
    }
    return wrong;
}"""
EXEMPT = ".prose p a, .prose li a, .prose td a, .cite, .note-mark, .note-back, .skip"
"""Targets in running text, and what shows only when it has the focus."""


def misplaced(page: Page) -> list[str]:
    """Controls that are too small to hit, or cut off at a side; and a page that scrolls sideways."""
    found = page.evaluate(CONTROLS, EXEMPT)
    wrong = [*(f"small: {one}" for one in found["small"]), *(f"cut: {one}" for one in found["cut"])]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("the page scrolls sideways")
    return wrong
