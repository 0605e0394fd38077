"""Long conversations in the page: to open, to jump, to scroll, and what the page keeps of answers that were closed.

    python -m tests.benchmarks.page_long [--rounds 3]

The conversations are written through the store: 500 messages of which each answer has some 4,000 characters of markdown
of every kind, 2,000 messages of some 700, and 100 conversations of one long answer. The page is the real one in
Debian's Chromium. Opening: from the new address to the last answer being rendered. Jump: from the scroll position to
the turn in the middle of the view being rendered. Scrolling: 240 px a frame. Memory: what the script keeps and the
number of nodes after garbage collection, the 10th conversation against the 110th that was opened. What the engine has
compiled is told apart: it grows with use for a while, whatever the page keeps.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import CDPSession, Page, sync_playwright

from backend.stores.conversations import Conversations
from backend.stores.database import Database
from tests.benchmarks.chat_stream import localchat, stand_in
from tests.benchmarks.page_stream import RECORD, markdown
from tests.e2e.conftest import FLAGS

LONG, MANY, SINGLES = "Long messages", "Many messages", 100
RENDERED = """
    window.renderedIn_ = (turn) =>
        turn && !turn.closest('.later') && turn.matches('.turn') && !turn.querySelector('.prose.is-plain');
    window.middle_ = () => {
        const region = document.querySelector('.scroll').getBoundingClientRect();
        const [x, y] = [region.x + region.width / 2, region.y + region.height / 2];
        return document.elementFromPoint(x, y)?.closest('.turn, .portion');
    };
    window.until_ = (holds) => new Promise((resolve) => {
        const from = performance.now();
        const step = () => (holds() ? resolve(performance.now() - from) : requestAnimationFrame(step));
        step();
        setTimeout(() => resolve(NaN), 20000);
    });
    window.longest_ = 0;
    new PerformanceObserver((list) => {
        for (const task of list.getEntries()) window.longest_ = Math.max(window.longest_, task.duration);
    }).observe({ type: 'longtask' });
"""
OPEN = """(id) => {
    location.hash = '#/c/' + id;
    const turns = document.getElementsByClassName('turn');
    return until_(() => turns.length > 1 && renderedIn_(turns[turns.length - 1]));
}"""
JUMP = """() => {
    const region = document.querySelector('.scroll');
    region.scrollTop = region.scrollHeight / 2;
    return until_(() => renderedIn_(middle_()));
}"""
SCROLL = """(frames) => new Promise((resolve) => {
    const region = document.querySelector('.scroll');
    const step = () => { region.scrollTop -= 240; --frames > 0 ? requestAnimationFrame(step) : resolve(); };
    requestAnimationFrame(step);
})"""


def fill(data: Path) -> None:
    store = Conversations(Database(data / "localchat.db"))
    text = "".join(markdown(60_000))
    write(store, LONG, [text[at : at + 4_000] for at in range(0, 150_000, 600)][:250])
    write(store, MANY, [text[at : at + 700] for at in range(0, 150_000, 150)][:1000])
    for one in range(SINGLES + 10):
        write(store, f"Single {one}", [text[one * 500 : one * 500 + 12_000]])


def write(store: Conversations, title: str, answers: list[str]) -> None:
    identity, parent = None, None
    for number, answer in enumerate(answers):
        turn = store.begin_turn(identity, parent, f"Question {number}?", model="tiny", sources=[], title=title)
        store.finish(turn.answer_id, "done", answer, "")
        identity, parent = turn.conversation_id, turn.answer_id


@dataclass(frozen=True)
class Kept:
    """MB of the script's own things, MB of compiled code, and nodes, once what is not used is gone."""

    things: float
    code: float
    nodes: float


def kept(cdp: CDPSession) -> Kept:
    pieces: list[str] = []
    cdp.on("HeapProfiler.addHeapSnapshotChunk", lambda event: pieces.append(event["chunk"]))
    for _ in range(3):
        cdp.send("HeapProfiler.collectGarbage")
        time.sleep(0.3)
    cdp.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    snapshot = json.loads("".join(pieces))
    meta, values = snapshot["snapshot"]["meta"], snapshot["nodes"]
    fields, types = meta["node_fields"], meta["node_types"][0]
    sizes: Counter[str] = Counter()
    for at in range(0, len(values), len(fields)):
        sizes[types[values[at + fields.index("type")]]] += values[at + fields.index("self_size")]
    metrics = {one["name"]: float(one["value"]) for one in cdp.send("Performance.getMetrics")["metrics"]}
    # "native" is the browser's own and not in the script's heap.
    things = sum(size for kind, size in sizes.items() if kind not in ("code", "native"))
    return Kept(things / 1e6, sizes["code"] / 1e6, metrics["Nodes"])


def open_page(page: Page, url: str) -> None:
    page.goto("about:blank")
    page.goto(url)
    page.wait_for_function("document.documentElement.dataset.ready === 'true'")
    page.evaluate(RENDERED)
    time.sleep(1.5)


def conversation(page: Page, url: str, identity: str, turns: int, rounds: int) -> None:
    opened, jumped, longest, frames = [], [], [], []
    for _ in range(rounds):
        open_page(page, url)
        opened.append(page.evaluate(OPEN, identity))
        time.sleep(1)
        longest.append(page.evaluate("longest_"))
        jumped.append(page.evaluate(JUMP))
        time.sleep(1)
        page.evaluate(RECORD)
        page.evaluate(SCROLL, 240)
        frames += page.evaluate("window.frames_")
    frames.sort()
    print(
        f"{turns:5} messages   open {statistics.median(opened):4.0f} ms   longest task while opening "
        f"{statistics.median(longest):3.0f} ms   to the middle {statistics.median(jumped):4.0f} ms   scrolling: p99 "
        f"{frames[int(len(frames) * 0.99)]:4.1f}, longest {frames[-1]:4.1f} ms",
        flush=True,
    )


def memory(page: Page, url: str, singles: list[str]) -> None:
    open_page(page, url)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    before = Kept(0, 0, 0)
    for number, identity in enumerate(singles):
        page.evaluate(OPEN, identity)
        if number == len(singles) - SINGLES - 1:
            before = kept(cdp)
    after = kept(cdp)
    print(
        f"{SINGLES} answers opened and closed: kept {before.things:.2f} → {after.things:.2f} MB "
        f"({after.things / before.things - 1:+.1%}), compiled code {before.code:.2f} → {after.code:.2f} MB, nodes "
        f"{before.nodes:,.0f} → {after.nodes:,.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        stand_in(1, None) as (host, _),
        localchat(host, fill) as (url, _process),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        listed = page.request.get(f"{url}/api/conversations").json()["conversations"]
        ids = {one["title"]: one["id"] for one in listed}
        conversation(page, url, ids[LONG], 500, options.rounds)
        conversation(page, url, ids[MANY], 2000, options.rounds)
        memory(page, url, [ids[f"Single {one}"] for one in range(SINGLES + 10)])
        browser.close()


if __name__ == "__main__":
    main()
