"""A server that speaks Ollama's wire protocol over real HTTP, as the transcripts of the real one show it.

For what a real Ollama cannot be made to do at will: fail in mid-answer, hang, speak at a given rate, stall in a pull.
tests/test_ollama_stand_in.py replays the transcripts against it.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from tests import ollama_script as script
from tests.ollama_http import Handler, Left, Refused, Server
from tests.ollama_script import MINILM, SMOLLM2, THINKING, TOOLS, Answer, Model, Remote

DEFAULT_WINDOW = 4096
PROGRESS_SECONDS = 0.06


@dataclass(frozen=True)
class Received:
    """One request: when it came (time.monotonic) and what it asked."""

    at: float
    method: str
    path: str
    body: Any


@dataclass
class StandIn:
    """The state of one server. Tests set it up, and read what it was asked.

    `answers` are used up one a chat; then comes `answer`. `left` are the times at which it noticed that a client had
    gone. Without `registry` a pull finds no network. `embedding_seconds` is what each text takes.
    """

    models: dict[str, Model] = field(default_factory=lambda: _by_name(SMOLLM2, TOOLS, THINKING, MINILM))
    answer: Answer = field(default_factory=Answer)
    answers: "deque[Answer]" = field(default_factory=deque)
    registry: dict[str, Remote] | None = None
    version: str = "0.24.0"
    count: Callable[[Sequence[Mapping[str, Any]]], int] = script.count_tokens
    requests: list[Received] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    embedding_seconds: float = 0.0
    loaded: dict[str, int] = field(default_factory=dict)
    url: str = ""

    @property
    def host(self) -> str:
        """As OLLAMA_HOST takes it."""
        return self.url.removeprefix("http://")

    def chats(self) -> list[Any]:
        """The bodies of the chat requests so far."""
        return [request.body for request in self.requests if request.path == "/api/chat"]

    def find(self, name: str) -> Model | None:
        return self.models.get(name if ":" in name.rpartition("/")[2] else f"{name}:latest")

    def start(self) -> "ThreadingHTTPServer":
        server = Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"ollama": self}))
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server


@pytest.fixture
def ollama_stand_in() -> Iterator[StandIn]:
    """A running stand-in, of this test alone."""
    stand_in = StandIn()
    server = stand_in.start()
    yield stand_in
    server.shutdown()
    server.server_close()


class _Handler(Handler):
    ollama: ClassVar[StandIn]

    def answer(self) -> None:
        routes = {
            ("GET", "/"): lambda _: self.send(b"Ollama is running", "text/plain; charset=utf-8"),
            ("GET", "/api/version"): lambda _: self.send_json({"version": self.ollama.version}),
            ("GET", "/api/tags"): lambda _: self.tags(),
            ("GET", "/api/ps"): lambda _: self.ps(),
            ("POST", "/api/show"): lambda body: self.send_json(self.model(body).shown()),
            ("POST", "/api/chat"): self.chat,
            ("POST", "/api/embed"): self.embed,
            ("POST", "/api/pull"): self.pull,
            ("DELETE", "/api/delete"): self.delete,
        }
        route = routes.get((self.command, self.path))
        try:
            body = self.body()
            self.ollama.requests.append(Received(time.monotonic(), self.command, self.path, body))
            if route is None:
                self.send(b"404 page not found", "text/plain", HTTPStatus.NOT_FOUND)
            else:
                route(body)
        except Refused as refused:
            self.send_json({"error": str(refused)}, refused.status)
        except (Left, ConnectionError):
            self.ollama.left.append(time.monotonic())
            self.close_connection = True

    def tags(self) -> None:
        self.send_json({"models": [model.listed() for model in self.ollama.models.values()]})

    def ps(self) -> None:
        rows = []
        for name, window in self.ollama.loaded.items():
            row = self.ollama.models[name].listed()
            del row["modified_at"]
            rows.append({**row, "expires_at": script.now(), "size_vram": 0, "context_length": window})
        self.send_json({"models": rows})

    def delete(self, body: Any) -> None:
        name = self.model(body).name
        del self.ollama.models[name]
        self.ollama.loaded.pop(name, None)
        self.send(b"")

    def embed(self, body: Any) -> None:
        model = self.model(body, 'model "{}" not found, try pulling it first')
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        counts = [2 + len(script.TOKEN.findall(text)) for text in texts]
        if body.get("truncate") is False and max(counts, default=0) > model.context_length:
            raise Refused(400, script.OVERFLOW)
        self.wait(len(texts) * self.ollama.embedding_seconds)
        answer: dict[str, Any] = {"model": body["model"], "embeddings": []}
        if texts:
            answer["embeddings"] = [script.vector(text, model.embedding_length) for text in texts]
            read = sum(min(count, model.context_length) for count in counts)
            answer |= {"total_duration": 14_592_400, "load_duration": 10_758_529, "prompt_eval_count": read}
        self.send_json(answer)

    def chat(self, body: Any) -> None:
        if not isinstance(body.get("messages", []), list):
            kind = type(body["messages"]).__name__.replace("str", "string")
            field_name = "Go struct field ChatRequest.messages of type []api.Message"
            raise Refused(400, f"json: cannot unmarshal {kind} into {field_name}")
        model, options = self.model(body), body.get("options") or {}
        think = _think(model, body)
        window = _window(model, options)
        if not body.get("messages"):
            self.load(model, body, window)
            return
        prompt = self.ollama.count(script.as_seen(model, body["messages"]))
        if prompt > window and body.get("truncate") is False:
            raise Refused(400, script.OVERFLOW)
        answer = self.ollama.answers.popleft() if self.ollama.answers else self.ollama.answer
        if answer.refuse:
            raise Refused(*answer.refuse)
        self.ollama.loaded[model.name] = window
        prompt = min(prompt, window)
        pieces = script.spoken(answer, think=think)
        limit = _limit(options, window - prompt if body.get("shift") is False else None, len(pieces))
        end = script.last_line(body["model"], "length" if limit < len(pieces) else "stop", prompt, limit)
        if body.get("stream") is False:
            self.say_at_once(answer, pieces[:limit], end)
        else:
            self.say(answer, tuple(pieces[:limit]), end)

    def load(self, model: Model, body: Mapping[str, Any], window: int) -> None:
        """A chat with no messages loads the model, or with `keep_alive` 0 unloads it."""
        reason = "unload" if body.get("keep_alive") in (0, "0", "0s") else "load"
        if reason == "unload":
            self.ollama.loaded.pop(model.name, None)
        else:
            self.ollama.loaded[model.name] = window
        answer = script.last_line(body["model"], reason, 0, 0)
        self.send_json({key: answer[key] for key in ("model", "created_at", "message", "done", "done_reason")})

    def say_at_once(self, answer: Answer, pieces: list[tuple[str, str]], end: dict[str, Any]) -> None:
        self.wait(answer.first_token_seconds)
        if answer.breaks:
            raise Refused(500, answer.error or script.RUNNER_DIED)
        for kind, text in pieces:
            end["message"][kind] = end["message"].get(kind, "") + text
        self.send_json(end)

    def say(self, answer: Answer, pieces: tuple[tuple[str, str], ...], end: dict[str, Any]) -> None:
        self.wait(answer.first_token_seconds)
        self.begin_stream()
        said = pieces[: answer.until] if answer.breaks else pieces
        if answer.tokens_per_second is None:
            self.wfile.write(script.rendered(end["model"], said))
        else:
            self.say_slowly(end["model"], said, 1 / answer.tokens_per_second)
        if answer.cut:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif answer.hang:
            self.wait(float("inf"))
        else:
            self.write_line({"error": answer.error} if answer.error else end)
            self.end_stream()

    def say_slowly(self, model: str, pieces: tuple[tuple[str, str], ...], seconds: float) -> None:
        started = time.monotonic()
        for number, (kind, text) in enumerate(pieces):
            self.wait(started + number * seconds - time.monotonic())
            self.wfile.write(script.chunk(script.chat_line(model, kind, text)))

    def pull(self, body: Any) -> None:
        name = body.get("model", "")
        if not name or " " in name:
            raise Refused(400, "invalid model name")
        lines = self.pull_lines(name)
        if body.get("stream") is False:
            *_, last = lines
            if "error" in last:
                self.send(script.line(last), "application/json", HTTPStatus.INTERNAL_SERVER_ERROR)
            else:
                self.send_json(last)
            return
        self.begin_stream()
        for line in lines:
            self.write_line(line)
        self.end_stream()

    def pull_lines(self, name: str) -> Iterator[dict[str, Any]]:
        yield {"status": "pulling manifest"}
        registry = self.ollama.registry
        if registry is None:
            yield {
                "error": f'pull model manifest: Get "https://registry.ollama.ai/v2/library/{name}": {script.OFFLINE}'
            }
            return
        remote = registry.get(name)
        if remote is None:
            yield {"error": "pull model manifest: file does not exist"}
            return
        yield from self.download(remote)
        yield {"status": "verifying sha256 digest"}
        if remote.corrupt:
            wanted = f"want sha256:{remote.model.digest}, got sha256:{'0' * 64}"
            yield {"error": f"digest mismatch, file must be downloaded again: {wanted}"}
            return
        yield {"status": "writing manifest"}
        self.ollama.models[remote.model.name] = remote.model
        yield {"status": "success"}

    def download(self, remote: Remote) -> Iterator[dict[str, Any]]:
        digest, total = remote.model.digest, remote.model.size
        row = {"status": f"pulling {digest[:12]}", "digest": f"sha256:{digest}", "total": total}
        stall = total if remote.stall_at is None else remote.stall_at
        while remote.received < total:
            remote.received = int(min(remote.received + remote.bytes_per_second * PROGRESS_SECONDS, stall))
            self.wait(PROGRESS_SECONDS if remote.received < total else 0)
            yield {**row, "completed": remote.received}
        yield {**row, "completed": total}

    def model(self, body: Any, missing: str = "model '{}' not found") -> Model:
        name = body.get("model", "")
        model = self.ollama.find(name)
        if model is None:
            raise Refused(404, missing.format(name))
        return model


def _think(model: Model, body: Mapping[str, Any]) -> bool:
    """Whether the answer thinks first. Raises Refused where the model cannot do what is asked of it."""
    name = body["model"]
    if "completion" not in model.capabilities:
        raise Refused(400, f'"{name}" does not support chat')
    if body.get("tools") and "tools" not in model.capabilities:
        raise Refused(400, f"registry.ollama.ai/library/{model.name} does not support tools")
    if body.get("think") and "thinking" not in model.capabilities:
        raise Refused(400, f'"{name}" does not support thinking')
    return "thinking" in model.capabilities and body.get("think") is not False


def _window(model: Model, options: Mapping[str, Any]) -> int:
    """The context size that is used: never more than the model was trained for, in silence."""
    window = options.get("num_ctx", DEFAULT_WINDOW)
    if not isinstance(window, int):
        raise Refused(500, 'option "num_ctx" must be of type integer')
    return min(window, model.context_length)


def _limit(options: Mapping[str, Any], room: int | None, tokens: int) -> int:
    """How many tokens are said: of `num_predict`, the room left in a window that does not shift, and what there is."""
    asked = options.get("num_predict", -1)
    limits = [tokens]
    if asked > 0:
        limits.append(asked)
    if room is not None:
        limits.append(max(room, 1))
    return min(limits)


def _by_name(*models: Model) -> dict[str, Model]:
    return {model.name: model for model in models}
