"""The documents page with many documents: to open it, to filter, to jump, to scroll; and a long document's text.

    python -m tests.benchmarks.documents_page [--documents 10000] [--rounds 3] [--pictures FOLDER]

The documents are written through the store's own table, without passages. The page is the real one in Debian's
Chromium. Opening: from the new address to the first rows being there. Jump: from the scroll position to the row in the
middle of the view being there, with its page from the server. Scrolling: 240 px a frame. The raw limit of the same run
is an empty list of the same height that is scrolled in the same way, and SQLite asked for the same page directly.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Page, sync_playwright

from backend.stores.database import Database
from tests.benchmarks.chat_stream import localchat_over
from tests.benchmarks.page_stream import RECORD
from tests.e2e.conftest import FLAGS, ready

ROUNDS = 40
"""Of each request that is measured."""

KINDS = ("pdf", "docx", "md", "xlsx", "eml")
WORDS = ("Lease", "Offer", "Minutes", "Report", "Annex", "Invoice", "Protocol", "Letter")
FAULTS = (
    ("EncryptedDocument", "The file is encrypted. Its password opens it.", "password_needed"),
    ("DamagedDocument", "The file is damaged or incomplete. Save it again with the program that made it.", None),
)
WATCH = """
    window.longest_ = 0;
    new PerformanceObserver((list) => {
        for (const task of list.getEntries()) window.longest_ = Math.max(window.longest_, task.duration);
    }).observe({ type: 'longtask' });
    window.until_ = (holds) => new Promise((resolve) => {
        const from = performance.now();
        const step = () => (holds() ? resolve(performance.now() - from) : requestAnimationFrame(step));
        step();
        setTimeout(() => resolve(NaN), 20000);
    });
    window.middle_ = () => {
        const region = document.querySelector('.scroll').getBoundingClientRect();
        const [x, y] = [region.x + region.width / 2, region.y + region.height / 2];
        return document.elementFromPoint(x, y)?.closest('[data-row]')?.querySelector('.pick');
    };
"""
OPEN = "() => { location.hash = '#/documents'; return until_(() => document.querySelectorAll('.pick').length > 10); }"
JUMP = """() => {
    const region = document.querySelector('.scroll');
    region.scrollTop = region.scrollHeight / 2;
    return until_(middle_);
}"""
FILTER = """() => {
    const field = document.querySelector('.toolbar input');
    field.value = 'annex 77';
    field.dispatchEvent(new Event('input', {bubbles: true}));
    return until_(() => document.querySelector('.docs').ariaRowCount < 1000);
}"""
SCROLL = """([selector, frames]) => new Promise((resolve) => {
    const region = document.querySelector(selector);
    const step = () => { region.scrollTop += 240; --frames > 0 ? requestAnimationFrame(step) : resolve(); };
    requestAnimationFrame(step);
})"""
EMPTY = """() => {
    const region = document.createElement('div');
    region.id = 'bare';
    region.style.cssText = 'position:fixed;inset:0;overflow:auto;z-index:99;background:#fff';
    region.append(document.createElement('div'));
    region.firstChild.style.cssText =
        'height:360000px;background:repeating-linear-gradient(#fff 0 35px,#ccc 35px 36px)';
    document.body.append(region);
}"""
DIRECT = "SELECT * FROM documents ORDER BY added_at DESC, id LIMIT 100 OFFSET 5000"


def fill(data: Path, documents: int) -> None:
    database = Database(data / "localchat.db")
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    with database.write() as db:
        for number in range(documents):
            failed = number % 97 == 3
            code, message, reason = FAULTS[number % 2] if failed else (None, None, None)
            db.execute(
                "INSERT INTO documents (id, sha256, filename, size, status, error_code, error_message, error_details,"
                " pages, passages, added_at, answers) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    f"{number:032x}",
                    f"{number:064x}",
                    f"{WORDS[number % 8]} {number}, copy of the files of the year.{KINDS[number % 5]}",
                    number * 977 % 9_000_000 + 900,
                    "failed" if failed else "ready",
                    code,
                    message,
                    json.dumps({"reason": reason, "values": {"filename": f"{number}"}}) if reason else None,
                    None if number % 5 == 2 else number % 300 + 1,
                    0 if failed else number % 700 + 1,
                    (begin + timedelta(minutes=97 * number)).isoformat(timespec="microseconds"),
                    not failed,
                ),
            )
    database.close()


def frames(page: Page, selector: str) -> list[float]:
    page.evaluate(RECORD)
    page.evaluate(SCROLL, [selector, 240])
    found: list[float] = page.evaluate("window.frames_")
    return sorted(found)


def told(values: list[float]) -> str:
    return (
        f"p50 {values[len(values) // 2]:4.1f}, p99 {values[int(len(values) * 0.99)]:5.1f}, longest {values[-1]:5.1f} ms"
    )


def measure(page: Page, url: str, rounds: int) -> None:
    figures: dict[str, list[float]] = {"open": [], "longest while opening": [], "to the middle": [], "filter": []}
    scrolled: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        page.goto("about:blank")
        page.goto(url)
        ready(page)
        time.sleep(1.5)
        page.evaluate(WATCH)
        figures["open"].append(page.evaluate(OPEN))
        time.sleep(1)
        figures["longest while opening"].append(page.evaluate("longest_"))
        page.evaluate("longest_ = 0")
        scrolled += frames(page, ".scroll")
        figures.setdefault("longest while scrolling", []).append(page.evaluate("longest_"))
        figures["to the middle"].append(page.evaluate(JUMP))
        figures["filter"].append(page.evaluate(FILTER))
        page.evaluate(EMPTY)
        bare += frames(page, "#bare")
    for name, values in figures.items():
        print(f"{name:24} {statistics.median(values):6.0f} ms")
    scrolled.sort()
    bare.sort()
    print(f"{'scrolling, a frame':24} {told(scrolled)}\n{'an empty list, a frame':24} {told(bare)}", flush=True)


def asked(url: str, process: psutil.Process, data: Path) -> None:
    """Over one connection, as the page does; the server's processor time too, which a busy machine does not stretch."""

    def times(ask: Any) -> float:
        taken = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            ask()
            taken.append(1000 * (time.perf_counter() - begin))
        return statistics.median(taken)

    with sqlite3.connect(data / "localchat.db") as db:
        direct = times(lambda: db.execute(DIRECT).fetchall())
    server = urlsplit(url)
    connection = http.client.HTTPConnection(server.hostname or "", server.port, timeout=60)
    for name, query in (
        ("newest", ""),
        ("by folder", "&by_folder=true"),
        ("by name", "&sort=name"),
        ("words", "&q=annex"),
    ):
        address = f"/api/documents?limit=100&offset={0 if 'q=' in query else 5000}{query}"

        def get(address: str = address) -> bytes:
            connection.request("GET", address)
            return connection.getresponse().read()

        before = sum(process.cpu_times()[:2])
        ours = times(get)
        spent = 1000 * (sum(process.cpu_times()[:2]) - before) / ROUNDS
        print(
            f"a page of the list, {name:9} {ours:5.1f} ms, {spent:4.1f} ms of processor, bare SQLite {direct:4.1f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as made:
        data = Path(made)
        fill(data, options.documents)
        with localchat_over(data, "127.0.0.1:1") as (url, process), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            ready(page)
            asked(url, process, data)
            measure(page, url, options.rounds)
            if options.pictures:
                looks: list[tuple[Literal["light", "dark"], int]] = [
                    ("light", 1280),
                    ("dark", 1280),
                    ("light", 420),
                    ("dark", 420),
                ]
                for theme, width in looks:
                    page.emulate_media(color_scheme=theme)
                    page.set_viewport_size({"width": width, "height": 800})
                    page.goto("about:blank")
                    page.goto(f"{url}/#/documents")
                    page.wait_for_selector(".pick")
                    time.sleep(1)
                    page.screenshot(path=options.pictures / f"many-{theme}-{width}.png")
            browser.close()


if __name__ == "__main__":
    main()
