"""What LocalChat adds to the engine it asks: speed, first token, our CPU, and how soon a stop reaches the engine.

    python -m tests.benchmarks.chat_stream [--rounds 5]

Each figure stands beside the engine asked directly by the same client in the same run. The engine of the first part is
the stand-in for Ollama in a process of its own; that of the second is llama.cpp's own server with the built-in model.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = """
import json, sys, time
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn
work = json.loads(sys.argv[1])
tokens = work["said"] or [f" word{n % 97}" for n in range(work["tokens"])]
stand_in = StandIn(answer=Answer(tokens=tokens, tokens_per_second=work["rate"], first_token_seconds=work["first"]))
stand_in.start()
print(stand_in.host, flush=True)
seen = 0
while True:
    time.sleep(0.001)
    if len(stand_in.left) > seen:
        seen += 1
        print(stand_in.left[-1], flush=True)
"""


@dataclass
class Measured:
    """Seconds from sending to the first token and to the end; `tokens` as the engine counted them."""

    first: float
    total: float
    tokens: int

    @property
    def rate(self) -> float:
        return self.tokens / self.total


def read(url: str, path: str, body: dict[str, object], headers: dict[str, str] | None = None) -> Measured:
    """One answer, read by the plainest client there is; the same for the engine and for us."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=300)
    sent = time.perf_counter()
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **(headers or {})})
    response = connection.getresponse()
    first, last = 0.0, b""
    for line in response:
        if not first and b'"content":' in line and b'"content":""' not in line and b'"content":null' not in line:
            first = time.perf_counter() - sent
        if b'"done":true' in line or b"completion_tokens" in line:
            last = line
    total = time.perf_counter() - sent
    connection.close()
    end = json.loads(last.removeprefix(b"data: "))
    usage = end.get("usage") or {}
    return Measured(first, total, end.get("eval_count") or usage["completion_tokens"])


@contextmanager
def stand_in(
    tokens: int, rate: float | None, first: float = 0.0, said: Sequence[str] = ()
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """An engine in a process of its own that says so many words, or those in `said`."""
    work = json.dumps({"tokens": tokens, "rate": rate, "first": first, "said": said})
    process = subprocess.Popen([sys.executable, "-c", STAND_IN, work], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.wait()


@contextmanager
def localchat(ollama: str, fill: Callable[[Path], None] | None = None) -> Iterator[tuple[str, psutil.Process]]:
    """`localchat serve` over a fresh data folder, or one that `fill` has put something into."""
    import os

    with tempfile.TemporaryDirectory() as data:
        if fill:
            fill(Path(data))
        process = subprocess.Popen(
            [sys.executable, "-m", "desktop", "serve", "--port", "0", "--no-token", "--data", data],
            env={**os.environ, "OLLAMA_HOST": ollama},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        try:
            address = next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
            yield address.rstrip("/"), psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(10)


OURS = {"message": "Go on", "use_rag": False}


def direct(window: int = 8192) -> dict[str, object]:
    message = {"role": "user", "content": "Go on"}
    return {"model": "smollm2:135m", "messages": [message], "options": {"num_ctx": window}}


def through_ollama(rounds: int) -> None:
    with stand_in(3000, 1000) as (host, _), localchat(host) as (url, process):
        engine = f"http://{host}"
        read(url, "/api/chat", OURS)
        ratios, cpu = [], []
        for _ in range(max(2, rounds // 2)):
            bare = read(engine, "/api/chat", direct())
            used = sum(process.cpu_times()[:2])
            ours = read(url, "/api/chat", OURS)
            cpu.append((sum(process.cpu_times()[:2]) - used) / ours.total)
            ratios.append(ours.rate / bare.rate)
        show("1,000 tokens/s: ours ÷ direct", statistics.median(ratios), "≥ .99")
        show("1,000 tokens/s: our CPU, share of a core", statistics.median(cpu), "≤ .20")

    with stand_in(2000, None) as (host, _), localchat(host) as (url, _process):
        read(url, "/api/chat", OURS)
        pairs = [
            (read(f"http://{host}", "/api/chat", direct()), read(url, "/api/chat", OURS)) for _ in range(rounds * 4)
        ]
        bare_rate = statistics.median(bare.rate for bare, _ in pairs)
        our_rate = statistics.median(ours.rate for _, ours in pairs)
        show("2,000 tokens at once: direct, tokens/s", bare_rate)
        show("2,000 tokens at once: ours, tokens/s", our_rate)
        show("2,000 tokens at once: ours ÷ direct", our_rate / bare_rate, "≥ .35")

    # As an engine does: a pause for the prompt, then words one by one.
    with stand_in(8, 200, 0.05) as (host, _), localchat(host) as (url, _process):
        read(url, "/api/chat", OURS)
        pairs = [
            (read(f"http://{host}", "/api/chat", direct()), read(url, "/api/chat", OURS)) for _ in range(rounds * 10)
        ]
        beyond = [(ours.first - bare.first) * 1000 for bare, ours in pairs]
        show("first token beyond the engine's own, ms, p50", statistics.median(beyond), "≤ 3")

    with stand_in(100_000, 100) as (host, engine_process), localchat(host) as (url, _process):
        assert engine_process.stdout is not None
        for how in ("leave", "stop"):
            times = [until_engine_stops(url, engine_process, how) for _ in range(rounds)]
            show(f"{how} → the engine stops, ms, worst of {rounds}", max(times) * 1000, "≤ 300")


def until_engine_stops(url: str, engine: subprocess.Popen[str], how: str) -> float:
    """Seconds between leaving or stopping an answer and the engine noticing."""
    assert engine.stdout is not None
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        with client.stream("POST", "/api/chat", json=OURS) as response:
            lines = (line for line in response.iter_lines() if line.startswith("data: "))
            started = json.loads(next(lines)[6:])
            for _ in range(10):
                next(lines)
            began = time.monotonic()
            if how == "stop":
                client.post(f"/api/chat/{started['message_id']}/stop").raise_for_status()
        return float(engine.stdout.readline()) - began


def through_the_built_in_engine(rounds: int) -> None:
    from backend import create_app
    from backend.config import Config
    from backend.engines.builtin import MODEL, BuiltinEngine
    from desktop.server import Server

    with tempfile.TemporaryDirectory() as folder:
        config = Config(data=Path(folder), models=ROOT / "models", page=ROOT, ollama_host="127.0.0.1:9")
        app = create_app(config)
        services = app.extensions["localchat"]
        server = Server()
        server.start(app)
        try:
            engine: BuiltinEngine = services.models.active().engine
            client = engine.client()
            address, headers = str(client.base_url), {"Authorization": client.headers["Authorization"]}
            question = "Write a story about the sea."
            bare_body = {
                "model": MODEL,
                "messages": [{"role": "user", "content": question}],
                "max_tokens": 100,
                "temperature": 0,
                "stream": True,
                "stream_options": {"include_usage": True},
            }
            our_body = {"message": question, "use_rag": False, "options": {"max_tokens": 100, "temperature": 0}}
            read(server.url, "/api/chat", our_body)
            ratios = []
            for _ in range(rounds):
                bare = read(address, "/v1/chat/completions", bare_body, headers)
                ours = read(server.url, "/api/chat", our_body)
                # From the first token on: the two prompts differ by our system message.
                ratios.append(
                    ((ours.tokens - 1) / (ours.total - ours.first)) / ((bare.tokens - 1) / (bare.total - bare.first))
                )
            show("built-in engine: ours ÷ llama.cpp's server", statistics.median(ratios), "≥ .95")
        finally:
            server.stop()
            services.close()


def show(what: str, value: float, target: str = "") -> None:
    print(f"{what:55} {value:12,.3f}   {target}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    through_ollama(rounds)
    through_the_built_in_engine(rounds)


if __name__ == "__main__":
    main()
