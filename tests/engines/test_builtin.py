"""The built-in engine with its real model in its real child process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from backend.engines.base import ChatMessage, ChatRequest
from backend.engines.builtin import FILE, MODEL, WINDOW, BuiltinEngine
from backend.errors import ContextOverflow, EngineUnavailable, GenerationError
from backend.pipeline.prompt import estimate
from backend.services.child import command, environment
from tests.chatting import wait_for
from tests.conftest import ROOT, SOON

GGUF = ROOT / "models" / FILE


@pytest.fixture(scope="module")
def engine() -> Iterator[BuiltinEngine]:
    engine = BuiltinEngine(GGUF, command("builtin-engine"), environment())
    yield engine
    engine.stop()


def question(text: str, max_tokens: int = 16) -> ChatRequest:
    return ChatRequest(MODEL, [ChatMessage("user", text)], WINDOW, max_tokens=max_tokens, temperature=0)


def test_it_answers_and_counts(engine: BuiltinEngine) -> None:
    deltas = list(
        engine.chat(question("The Eiffel tower is 330 metres tall. How tall is the Eiffel tower?", max_tokens=30))
    )
    assert "330" in "".join(delta.text for delta in deltas)
    usage = deltas[-1].usage
    assert usage is not None
    assert usage.prompt_tokens > 20
    assert usage.completion_tokens > 3


def test_close_from_another_thread_ends_it_and_frees_the_slot(engine: BuiltinEngine) -> None:
    answer = engine.chat(question("Write a very long story about the sea.", max_tokens=2000))
    pieces = iter(answer)
    next(pieces)
    threading.Timer(0.1, answer.close).start()
    began = time.monotonic()
    list(pieces)
    assert time.monotonic() - began < SOON

    def idle() -> bool:
        return not any(slot["is_processing"] for slot in engine.client().get("/slots").json())

    assert wait_for(idle, 2 * SOON) < SOON


def test_a_prompt_over_the_window_is_refused_and_not_cut(engine: BuiltinEngine) -> None:
    with pytest.raises(ContextOverflow):
        list(engine.chat(question("word " * (WINDOW + 100))))


def test_a_child_that_is_killed_in_mid_answer_is_an_error_and_the_next_answer_starts_a_new_one(
    engine: BuiltinEngine,
) -> None:
    pieces = iter(engine.chat(question("Write a very long story.", max_tokens=2000)))
    next(pieces)
    first = engine.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    with pytest.raises(GenerationError):
        list(pieces)
    assert list(engine.chat(question("Hello")))
    assert engine.pid != first


def test_strangers_on_this_computer_cannot_ask_the_child(engine: BuiltinEngine) -> None:
    client = engine.client()
    answer = client.post("/v1/chat/completions", headers={"Authorization": "Bearer wrong"}, json={"messages": []})
    assert answer.status_code == 401


def test_a_missing_model_file_is_a_clear_error(tmp_path: Path) -> None:
    engine = BuiltinEngine(tmp_path / FILE, command("builtin-engine"), environment())
    assert engine.status().running is False
    with pytest.raises(EngineUnavailable, match="missing"):
        list(engine.chat(question("Hello")))


def test_a_damaged_model_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"GGUF" + b"\0" * 1000)
    engine = BuiltinEngine(tmp_path / FILE, command("builtin-engine"), environment())
    with pytest.raises(EngineUnavailable, match="could not be started"):
        list(engine.chat(question("Hello")))


def test_the_child_ends_when_its_parent_is_killed() -> None:
    script = f"""
import sys, time
from pathlib import Path
from backend.engines.builtin import BuiltinEngine
from backend.services.child import command, environment
engine = BuiltinEngine(Path({str(GGUF)!r}), command("builtin-engine"), environment())
engine.client()
print(engine.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_for(lambda: not alive(child), 2 * SOON) < SOON


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


SAMPLES = {
    "prose": "The tenancy is concluded for a fixed term. Until that day ordinary notice is excluded for both parties. "
    * 9,
    "german": "Das Mietverhältnis wird auf bestimmte Zeit geschlossen, eine ordentliche Kündigung ist ausgeschlossen. "
    * 9,
    "code": "def stock_volume(final_pct: float, final_ml=250):\n    return final_pct * final_ml / 32.0  # C1 V1\n" * 9,
    "numbers": "| 2023 | 1,450.00 | 310.25 | -17 % |\n" * 20,
    "russian": "Договор аренды заключён на определённый срок и не может быть расторгнут. " * 9,
    "chinese": "租赁合同为固定期限，在此之前双方均不得以普通通知终止合同。" * 9,
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_estimate_of_tokens_is_near_the_real_count(engine: BuiltinEngine, kind: str) -> None:
    """Too low costs a second try, too high wastes the window; SmolLM2 has the smallest vocabulary we meet."""
    text = SAMPLES[kind]
    nothing = engine.count([ChatMessage("user", "")])
    real = engine.count([ChatMessage("user", text)])
    assert nothing is not None
    assert real is not None
    ratio = estimate(text) / (real - nothing)
    assert 0.4 < ratio < 2.0, f"estimated {estimate(text)}, really {real - nothing}"
    if kind in ("prose", "code", "numbers"):
        assert ratio >= 0.95, f"estimated {estimate(text)}, really {real - nothing}"
