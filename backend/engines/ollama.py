"""The user's own Ollama, through the `ollama` package.

What it says on the wire, and what it keeps silent about, stands in docs/engines.md. Two fields keep it honest:
`truncate: false` refuses a prompt that does not fit instead of cutting it, `shift: false` ends an answer where the
window is full instead of forgetting its beginning.
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json, to_json

from backend.engines.base import ChatDelta, ChatMessage, ChatRequest, EngineStatus, ModelInfo, PullProgress, Usage
from backend.errors import (
    ContextOverflow,
    Details,
    EngineError,
    EngineUnavailable,
    GenerationError,
    ModelNotFound,
    PullError,
)

if TYPE_CHECKING:
    from ollama import Client

    from backend.engines.transport import Upstream

    class HonestClient(Client):
        upstream: Upstream


MARKS: Final = re.compile(r"\[(img(?:-\d+)?)\]")
"""What Ollama puts where a picture stands; in a text it would take the place of one, or refuse the prompt."""

STATUS_SECONDS = 3.0
"""What `status` found is believed this long: a question must not wait for it."""

STOPPED: Final = "Ollama stopped in the middle of the answer. What it wrote is kept; try again."
CUT: Final = "Ollama ended the download before it was whole. Pull again: it goes on where it was."


class OllamaEngine:
    """`host` as OLLAMA_HOST is written: host, host:port or a URL."""

    name = "ollama"

    def __init__(self, host: str) -> None:
        self.host = host
        self._status: tuple[float, EngineStatus] | None = None
        self._shown: dict[str, dict[str, Any]] = {}
        self._client: HonestClient | None = None

    def client(self, upstream: Upstream) -> HonestClient:
        """The package's client for one request. What is costly in it (1 ms for TLS alone) is made once."""
        if self._client is None:
            self._client = _honest_client(self.host)
        client = copy.copy(self._client)
        client.upstream = upstream
        return client

    def status(self, *, fresh: bool = False) -> EngineStatus:
        """Whether it answers, and its models with what they can do. Never raises."""
        now = time.monotonic()
        if not fresh and self._status and now - self._status[0] < STATUS_SECONDS:
            return self._status[1]
        status = self._ask_status()
        self._status = (time.monotonic(), status)
        return status

    def forget(self) -> None:
        """The next `status` asks again."""
        self._status = None

    def chat(self, request: ChatRequest) -> OllamaAnswer:
        return OllamaAnswer(self, request)

    def count(self, messages: Sequence[ChatMessage]) -> int | None:  # noqa: ARG002 - Ollama has no way to count
        return None

    def pull(self, model: str) -> OllamaPull:
        return OllamaPull(self, model)

    def delete(self, model: str) -> None:
        """Raises ModelNotFound, EngineUnavailable."""
        from backend.engines.transport import Upstream

        try:
            self.client(Upstream()).delete(model)
        except Exception as error:
            raise _translated(error, model, self.host) from error
        self.forget()

    def _ask_status(self) -> EngineStatus:
        import httpx

        from backend.engines import transport

        address = address_of(self.host)
        try:
            with transport.client(address, read_seconds=10) as http:
                version = http.get("/api/version").raise_for_status().json()["version"]
                tags = http.get("/api/tags").raise_for_status().json()["models"] or []
                loaded = {row["name"]: row for row in http.get("/api/ps").raise_for_status().json()["models"] or []}
                models = tuple(self._model(http, tag, loaded.get(tag["name"])) for tag in tags)
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            message, reason = "Ollama does not answer. Start it, or install it from ollama.com.", "ollama_silent"
            if not isinstance(error, httpx.TransportError):
                message = "Something else than Ollama answers at this address. Check the address in the settings."
                reason = "ollama_other"
            details = Details(reason, {"address": address})
            return EngineStatus(self.name, "Ollama", running=False, address=address, message=message, details=details)
        return EngineStatus(
            self.name, f"Ollama {version}", running=True, address=address, version=version, models=models
        )

    def _model(self, http: Any, tag: dict[str, Any], loaded: dict[str, Any] | None) -> ModelInfo:
        """`show` is asked once for each digest: it is slow, and its answer belongs to the digest."""
        digest = tag.get("digest", tag["name"])
        if digest not in self._shown:
            answer = http.post("/api/show", json={"model": tag["name"]})
            self._shown[digest] = answer.json() if answer.status_code == 200 else {}
        shown = self._shown[digest]
        info = shown.get("model_info") or {}
        details = tag.get("details") or {}
        return ModelInfo(
            name=tag["name"],
            engine=self.name,
            size=tag.get("size", 0),
            parameters=details.get("parameter_size", ""),
            quantization=details.get("quantization_level", ""),
            context_window=int(info.get(f"{info.get('general.architecture')}.context_length", 0)),
            capabilities=tuple(shown.get("capabilities") or ()),
            digest=digest,
            loaded=loaded is not None,
            loaded_bytes=loaded["size"] if loaded else 0,
        )


class OllamaAnswer:
    """One answer under way; see `ChatStream`."""

    def __init__(self, engine: OllamaEngine, request: ChatRequest) -> None:
        from backend.engines.transport import Upstream

        self._engine = engine
        self._request = request
        self._upstream = Upstream()

    def close(self) -> None:
        self._upstream.close()

    def __iter__(self) -> Iterator[ChatDelta]:
        request = self._request
        options: dict[str, Any] = {"num_ctx": request.window}
        if request.max_tokens is not None:
            options["num_predict"] = request.max_tokens
        if request.temperature is not None:
            options["temperature"] = request.temperature
        messages = [_message(message) for message in request.messages]
        client = self._engine.client(self._upstream)
        last = False
        try:
            parts: Any = client.chat(
                request.model,
                messages,
                stream=True,
                options=options,
                think=request.think,
                format=dict(request.schema) if request.schema is not None else None,
            )
            for part in parts:
                message = part["message"]
                last = part["done"]
                yield ChatDelta(message.get("content", ""), message.get("thinking", ""), _usage(part) if last else None)
        except Exception as error:
            if self._upstream.closed:
                return
            self._engine.forget()
            raise _translated(error, request.model, self._engine.host) from error
        if not last and not self._upstream.closed:
            self._engine.forget()
            raise GenerationError(STOPPED, "engine_stopped")


class OllamaPull:
    """A model on its way; iterate for its progress, `close` leaves it (what is here stays for the next try)."""

    def __init__(self, engine: OllamaEngine, model: str) -> None:
        from backend.engines.transport import Upstream

        self._engine = engine
        self._model = model
        self._upstream = Upstream()

    def close(self) -> None:
        self._upstream.close()

    def __iter__(self) -> Iterator[PullProgress]:
        client = self._engine.client(self._upstream)
        status = ""
        try:
            # Ollama takes a registry without TLS only when it is told so; whoever types http:// has said it.
            insecure = self._model.startswith("http://")
            parts: Any = client.pull(self._model, insecure=insecure, stream=True)
            for part in parts:
                status = part["status"]
                yield PullProgress(status, part.get("digest"), part.get("completed"), part.get("total"))
        except Exception as error:
            if self._upstream.closed:
                return
            raise _translated_pull(error, self._model, self._engine.host) from error
        finally:
            self._engine.forget()
        if status != "success" and not self._upstream.closed:
            raise PullError(CUT, "pull_cut")


def _message(message: ChatMessage) -> dict[str, Any]:
    """As the package takes it: bytes become base64, while a text that happens to name a file would be opened."""
    sent: dict[str, Any] = {"role": message.role, "content": MARKS.sub(r"[ \1]", message.content)}
    if message.images:
        sent["images"] = [image.data for image in message.images]
    return sent


def _usage(part: dict[str, Any]) -> Usage:
    """Ollama's durations are in nanoseconds."""
    return Usage(
        prompt_tokens=part.get("prompt_eval_count", 0),
        completion_tokens=part.get("eval_count", 0),
        prompt_seconds=part.get("prompt_eval_duration", 0) / 1e9,
        completion_seconds=part.get("eval_duration", 0) / 1e9,
        finish=part.get("done_reason", "stop"),
    )


def address_of(host: str) -> str:
    """OLLAMA_HOST as people write it becomes a URL; 0.0.0.0 is where it listens, not where it is asked."""
    from ollama._client import _parse_host

    return str(_parse_host(host)).replace("://0.0.0.0", "://127.0.0.1")


def _honest_client(host: str) -> HonestClient:
    """The package's client over our transport; its chats are never cut in silence, its streams can be ended."""
    from ollama import Client, ResponseError

    from backend.engines import transport

    class Honest(Client):
        upstream: Upstream

        def _request(self, cls: Any, *args: Any, stream: bool = False, **kwargs: Any) -> Any:
            if args[1] == "/api/chat":
                kwargs["json"] = {**kwargs["json"], "truncate": False, "shift": False}
            return self._parts(*args, **kwargs) if stream else super()._request(cls, *args, **kwargs)

        def _parts(self, method: str, path: str, *, json: Any) -> Iterator[dict[str, Any]]:
            """As the package streams, but without httpx, which takes half a millisecond to send a request, and as plain
            dicts: a pydantic model is half of what a token costs."""
            url = self._client.base_url
            target = f"{url.raw_path.decode('ascii').rstrip('/')}{path}"
            exchange = transport.Exchange(
                method, url, target, body=to_json(json), headers=self._client.headers, upstream=self.upstream
            )
            with closing(exchange):
                if exchange.status >= 400:
                    raise ResponseError(exchange.response.read().decode(errors="replace"), exchange.status)
                for line in transport.lines(exchange.pieces()):
                    part: dict[str, Any] = from_json(line)
                    if "error" in part:
                        raise ResponseError(part["error"])
                    yield part

    return Honest(address_of(host), transport=transport.Transport(), timeout=None)  # type: ignore[return-value]


def _translated(error: Exception, model: str, host: str) -> EngineError:
    import httpx
    from ollama import ResponseError

    if isinstance(error, ResponseError):
        if error.status_code == 404:
            return ModelNotFound(
                f"{model} is not installed in Ollama. Pull it, or choose another model.",
                "model_not_pulled",
                model=model,
            )
        if "exceeds the context length" in error.error:
            return ContextOverflow(
                "The question is longer than the model's context window. Shorten it.", "question_over_window"
            )
        words = error.error.strip()
        return GenerationError(
            f"Ollama could not go on: {words}. What it wrote is kept; try again.", "engine_failed", words=words
        )
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, ConnectionError)):
        address = address_of(host)
        return EngineUnavailable(
            f"Ollama does not answer at {address}. Start it, or choose the built-in model.",
            "ollama_silent",
            address=address,
        )
    if isinstance(error, (httpx.HTTPError, ValueError)):
        return GenerationError(STOPPED, "engine_stopped")
    raise error


def _translated_pull(error: Exception, model: str, host: str) -> EngineError:
    from ollama import ResponseError

    if isinstance(error, ResponseError):
        text = error.error.strip()
        if "file does not exist" in text or "not found" in text:
            return PullError(
                f"There is no model {model} in the registry. Check how its name is written.",
                "pull_unknown",
                model=model,
            )
        if "no space left" in text:
            return PullError(
                "The disk is full. Free some space and pull again: it goes on where it was.", "pull_no_room"
            )
        return PullError(
            f"The download failed: {text}. Pull again: it goes on where it was.", "pull_failed", words=text
        )
    translated = _translated(error, model, host)
    if isinstance(translated, GenerationError):
        return PullError(CUT, "pull_cut")
    return translated
