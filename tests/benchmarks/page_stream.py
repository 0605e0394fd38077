"""How smooth the page stays while an answer streams in: frames, script time, and the same page with nothing to do.

    python -m tests.benchmarks.page_stream [--rate 200] [--seconds 40]

The engine is the stand-in for Ollama; it writes markdown of every kind at `--rate` tokens a second. The page is the
real one in Debian's Chromium. A frame's length is the time between two requestAnimationFrame callbacks; beside it stand
the frames of the same page at rest, in the same run, which is what the machine gives.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import time

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.chat_stream import localchat, stand_in
from tests.conftest import ROOT
from tests.e2e.conftest import FLAGS
from tests.e2e.pages import ask, wait_until_written

RECORD = """() => {
    window.frames_ = [];
    let last = performance.now();
    const next = () => { window.running_ = requestAnimationFrame(step); };
    const step = (now) => { window.frames_.push(now - last); last = now; next(); };
    cancelAnimationFrame(window.running_);
    window.running_ = requestAnimationFrame((now) => { last = now; next(); });
}"""
REST_SECONDS = 5
MATH_AND_TABLE = """
## Areas

The area is $\\pi r^2$, and for a ring

$$
A = \\pi \\left(R^2 - r^2\\right), \\qquad \\frac{dA}{dR} = 2 \\pi R
$$

| shape | area | round it |
| --- | ---: | :---: |
| circle | $\\pi r^2$ | 2πr |
| square | a² | 4a |

- [x] one
- [ ] *two*, with `code` and **more**

```python
def area(radius: float) -> float:
    return 3.14159 * radius ** 2  # good enough
```
"""


def markdown(tokens: int) -> list[str]:
    """Our own documentation, with math and tables between, cut as a vocabulary cuts: four letters, or one sign."""
    text = "\n\n".join(
        f"{path.read_text(encoding='utf-8')}\n{MATH_AND_TABLE}" for path in sorted(ROOT.glob("docs/*.md"))
    )
    cut = re.findall(r" ?\w{1,4}|\s|[^\w\s]", text)
    return (cut * (tokens // len(cut) + 1))[:tokens]


def measure(page: Page, seconds: float) -> tuple[list[float], float]:
    """Frames (ms) and script time (s) of so many seconds."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")

    def script() -> float:
        metrics = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
        return float(metrics["ScriptDuration"])

    before = script()
    page.evaluate(RECORD)
    time.sleep(seconds)
    frames: list[float] = page.evaluate("window.frames_")
    return frames, script() - before


def show(name: str, frames: list[float], script: float) -> None:
    ordered = sorted(frames)
    p99 = ordered[int(len(ordered) * 0.99)]
    over = sum(frame > 50 for frame in frames)
    print(
        f"{name:<28} {len(frames):5} frames   median {statistics.median(frames):5.1f}   p99 {p99:5.1f}   longest "
        f"{ordered[-1]:5.1f} ms   over 50 ms: {over}   script {script:5.2f} s",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=40)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        stand_in(0, options.rate, said=markdown(options.rate * options.seconds)) as (host, _),
        localchat(host) as (url, _process),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        page.wait_for_function("document.documentElement.dataset.ready === 'true'")
        time.sleep(2)
        show("at rest", *measure(page, REST_SECONDS))
        ask(page, "Go on")
        page.wait_for_selector("article")
        show(f"{options.rate} tokens/s", *measure(page, options.seconds - 1))
        wait_until_written(page)
        written: int = page.evaluate("[...document.querySelectorAll('article')].at(-1).innerText.length")
        print(f"{'characters written':<28} {written:,}")
        browser.close()


if __name__ == "__main__":
    main()
