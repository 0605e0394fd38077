"""What an answer may hold: diagrams drawn in their frame, hostile ones too, and input that is odd or far too much."""

from __future__ import annotations

import pytest
from playwright.sync_api import Request, expect

from tests.e2e.conftest import Begin
from tests.e2e.pages import ask, last_answer, wait_until_written
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

GOOD = "```mermaid\nflowchart LR\n  A[Question] --> B{Found?}\n  B -->|yes| C[Answer]\n  B -->|no| D[Say so]\n```"
HOSTILE = (
    '```mermaid\nflowchart TD\n  A-->B\n  click A callback "x"\n  click B "javascript:parent.ran=1" "y"\n```',
    '```mermaid\nflowchart TD\n  A["<img src=x onerror=parent.ran=2>"]-->B["<script>parent.ran=3</script>"]\n```',
    '```mermaid\n%%{init: {"securityLevel": "loose", "htmlLabels": true, "themeCSS": '
    '"* {background: url(https://leak.example/a)}"}}%%\nflowchart TD\n  A["<b onclick=alert(1)>x</b>"]-->B\n```',
    '```mermaid\nflowchart TD\n  A@{ img: "https://leak.example/b.png", label: "x" }\n```',
    '```mermaid\nsequenceDiagram\n  participant A\n  links A: {"x": "javascript:parent.ran=4"}\n  A->>A: y\n```',
)


def test_a_diagram_is_drawn_and_its_source_can_be_shown(begin: Begin, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=["Like this:\n\n", *GOOD.splitlines(keepends=True), "\n\nThat is all."])
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        assert page.locator("iframe").count() == 0
        ask(page, "Draw it")
        wait_until_written(page)
        answer = last_answer(page)
        picture = answer.get_by_role("img", name="Diagram (flowchart)")
        expect(picture).to_be_visible(timeout=60_000)
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
        frame = page.locator("iframe")
        assert frame.get_attribute("sandbox") == "allow-scripts"
        toggle = answer.get_by_role("button", name="Show the source of the diagram")
        toggle.click()
        expect(answer.locator("pre")).to_contain_text("flowchart LR")
        expect(picture).to_be_hidden()
        toggle.click()
        expect(picture).to_be_visible()


def test_a_diagram_that_cannot_be_drawn_stays_code_with_a_sentence(begin: Begin, ollama_stand_in: StandIn) -> None:
    huge = "```mermaid\nflowchart TD\n" + "\n".join(f"  N{n}-->N{n + 1}" for n in range(3000)) + "\n```"
    text = f"```mermaid\nflowchart LR\n  A --> [[[\n```\n\n{huge}\n\n{GOOD}\n\nEnd."
    ollama_stand_in.answer = Answer(tokens=[text[at : at + 400] for at in range(0, len(text), 400)])
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        ask(page, "Draw them")
        wait_until_written(page)
        answer = last_answer(page)
        # The one after those that failed is drawn all the same.
        expect(answer.get_by_role("img", name="Diagram (flowchart)")).to_be_visible(timeout=60_000)
        expect(answer.get_by_text("could not be drawn as a diagram")).to_have_count(2)
        expect(answer.locator("pre").first).to_contain_text("A --> [[[")
        assert answer.locator(".drawing").count() == 1


def test_a_hostile_diagram_runs_nothing_and_loads_nothing(begin: Begin, ollama_stand_in: StandIn) -> None:
    text = "\n\n".join(HOSTILE) + f"\n\n{GOOD}\n\nEnd."
    ollama_stand_in.answer = Answer(tokens=[text[at : at + 50] for at in range(0, len(text), 50)])
    asked: set[str] = set()
    refused: set[str] = set()
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page

        def note(request: Request) -> None:
            asked.add(request.url)

        def note_refusal(request: Request) -> None:
            if request.failure == "csp":  # stopped by the policy before anything was sent
                refused.add(request.url)

        page.on("request", note)
        page.on("requestfailed", note_refusal)
        origin = page.evaluate("location.origin")
        ask(page, "Do your worst")
        wait_until_written(page)
        answer = last_answer(page)
        drawn = "figure.diagram, figure:has(.diagram-trouble)"
        expect(answer.locator(drawn)).to_have_count(len(HOSTILE) + 1, timeout=60_000)
        assert page.evaluate("window.ran") is None
        assert answer.locator("svg:not(.icon), script, style, foreignObject").count() == 0
        assert [url for url in asked - refused if not url.startswith((origin, "data:", "blob:"))] == []
        session.complaints.clear()  # the frame's policy may have had to refuse something, which is what it is for


def test_far_too_much_stays_usable(begin: Begin, ollama_stand_in: StandIn) -> None:
    """Two million characters on a line, ten thousand rows, three hundred levels, formulas that multiply."""
    table = "| a | b |\n|---|---|\n" + "".join(f"| {n} | x{n} |\n" for n in range(10_000))
    deep = "".join(f"{'  ' * level}- level {level}\n" for level in range(300))
    formulas = "$$\\def\\a{\\a\\a}\\a$$\n\n$$\\rule{9999em}{9999em}$$\n\n\\(\\def\\b#1{#1#1}\\b{\\b{\\b{x}}}\\)"
    text = "\n\n".join(["word " * 400_000, table, deep, ">" * 300 + " deep", formulas, "The end of it."])
    ollama_stand_in.answer = Answer(tokens=[text[at : at + 100_000] for at in range(0, len(text), 100_000)])
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        ask(page, "Too much")
        expect(last_answer(page)).to_contain_text("The end of it.", timeout=90_000)
        wait_until_written(page)
        assert page.evaluate("document.querySelectorAll('*').length") < 10_000
        expect(last_answer(page).get_by_role("button", name="Show more rows (300 of 10,000)")).to_be_attached()
        ollama_stand_in.answer = Answer(tokens=("Still", " here."))
        ask(page, "Are you there?")
        expect(last_answer(page)).to_contain_text("Still here.", timeout=60_000)
