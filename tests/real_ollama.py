"""A real Ollama under test: its program, its models without any network, and a registry to pull from.

A pytest plugin. Every server listens on a port of loopback that the system chose, has a models folder and a home of its
own, and runs in a process group that is ended as a whole: its runners outlive it otherwise.
"""

import hashlib
import os
import re
import runpy
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from build_scripts import ollama
from build_scripts.models import CHAT_FILE, MODELS

REGISTRY = Path(__file__).resolve().parents[2] / "shared" / "ollama" / "registry.py"
START_SECONDS = 20.0
STOP_SECONDS = 5.0
CHAT_MODEL, TOOLS_MODEL, THINKING_MODEL = "smollm2:135m", "smollm2-tools:latest", "smollm2-think:latest"
PARAMETERS = {"stop": ["<|im_end|>", "<|im_start|>"], "temperature": 0, "seed": 1}
TURN = "<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n"
ANSWER = "<|im_start|>assistant\n"
# A template that uses .Tools or .Think is what gives a model that capability.
TEMPLATES = {
    CHAT_MODEL: "{{ range .Messages }}" + TURN + "{{ end }}" + ANSWER,
    TOOLS_MODEL: "{{ if .Tools }}<|im_start|>system\nTools: {{ range .Tools }}{{ . }}{{ end }}<|im_end|>\n{{ end }}"
    "{{ range .Messages }}" + TURN + "{{ end }}" + ANSWER,
    THINKING_MODEL: "{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}"
    + TURN
    + "{{ end }}"
    "" + ANSWER + "{{ if .Think }}<think>\n{{ end }}",
}


@dataclass
class Ollama:
    """A running `ollama serve`. `host` is what OLLAMA_HOST takes."""

    host: str
    folder: Path
    process: "subprocess.Popen[bytes]"
    client: httpx.Client

    @property
    def models_folder(self) -> Path:
        return self.folder / "models"

    @property
    def log(self) -> str:
        return (self.folder / "serve.log").read_text(encoding="utf-8", errors="replace")

    def create(self, *names: str) -> None:
        """Make models out of the bundled SmolLM2, each with its template of TEMPLATES."""
        gguf = MODELS / CHAT_FILE
        with gguf.open("rb") as file:
            digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        if self.client.head(f"/api/blobs/{digest}").status_code != httpx.codes.OK:
            self.client.post(f"/api/blobs/{digest}", content=gguf.read_bytes()).raise_for_status()
        for name in names:
            model = {"model": name, "files": {gguf.name: digest}, "template": TEMPLATES[name], "parameters": PARAMETERS}
            answer = self.client.post("/api/create", json={**model, "stream": False}).raise_for_status().json()
            assert answer == {"status": "success"}

    def names(self) -> list[str]:
        """The models it holds."""
        return [model["name"] for model in self.client.get("/api/tags").raise_for_status().json()["models"]]


@contextmanager
def serve(folder: Path) -> Iterator[Ollama]:
    """Run Ollama with its models and its home in `folder`; its whole process group ends with the block."""
    environ = {**os.environ, "OLLAMA_HOST": "127.0.0.1:0", "OLLAMA_MODELS": str(folder / "models"), "HOME": str(folder)}
    log = folder / "serve.log"
    with log.open("wb") as output:
        command = [str(ollama.PROGRAM), "serve"]
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=output, start_new_session=True)
    try:
        host = _listening(process, log)
        with httpx.Client(base_url=f"http://{host}", timeout=60, trust_env=False) as client:
            yield Ollama(host, folder, process, client)
    finally:
        end_group(process)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End a process that leads a group, and whatever it started."""
    for end in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, end)
            process.wait(STOP_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
    process.wait(STOP_SECONDS)


def _listening(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """The address in the log: with port 0 the system chooses one, and none is bound, closed and bound again."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(rb"Listening on (127\.0\.0\.1:\d+)", log.read_bytes()):
            return found[1].decode()
        time.sleep(0.02)
    raise AssertionError(f"Ollama did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


@pytest.fixture(scope="session")
def ollama_program() -> Path:
    """The built program, or a skip with the reason."""
    if reason := ollama.why_not():
        pytest.skip(reason)
    if not ollama.PROGRAM.exists():
        pytest.skip("a real Ollama is not built yet: python3 build_scripts/dev.py test ollama")
    return ollama.PROGRAM


@pytest.fixture(scope="session")
def real_ollama(ollama_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ollama]:
    """One server for all tests, with CHAT_MODEL, TOOLS_MODEL and THINKING_MODEL. Do not delete these or stop it."""
    with serve(tmp_path_factory.mktemp("ollama")) as running:
        running.create(*TEMPLATES)
        yield running


@pytest.fixture
def empty_ollama(ollama_program: Path, tmp_path: Path) -> Iterator[Ollama]:
    """A server of one's own that holds no model: to pull into, to kill."""
    folder = tmp_path / "ollama"
    folder.mkdir()
    with serve(folder) as running:
        yield running


@pytest.fixture
def ollama_registry(real_ollama: Ollama) -> Iterator[Callable[..., str]]:
    """Start a registry that serves the models of `real_ollama`: `start(kb_per_s=0, corrupt=False, cut_after=None)`.

    Returns the name under which CHAT_MODEL is pulled from it, with `insecure`.
    """
    if not REGISTRY.is_file():
        pytest.skip("the loopback registry (../shared/ollama/registry.py) is not on this machine")
    handler = runpy.run_path(str(REGISTRY))["handler"]
    with ExitStack() as stack:

        def start(kb_per_s: float = 0, *, corrupt: bool = False, cut_after: int | None = None) -> str:
            server = ThreadingHTTPServer(
                ("127.0.0.1", 0), handler(real_ollama.models_folder, kb_per_s * 1000, corrupt, cut_after)
            )
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            return f"http://127.0.0.1:{server.server_port}/library/{CHAT_MODEL}"

        yield start
