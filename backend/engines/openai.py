"""Any OpenAI-compatible server: chat over `/v1/chat/completions`, streamed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from backend.engines.base import ChatDelta, ChatMessage, ChatRequest, Usage
from backend.errors import ContextOverflow, EngineError, EngineUnavailable, GenerationError, ModelNotFound

if TYPE_CHECKING:
    import httpx


class OpenAIAnswer:
    """One answer under way; see `ChatStream`."""

    def __init__(self, client: httpx.Client, request: ChatRequest) -> None:
        from backend.engines import transport

        self._client = client
        self._request = request
        self._upstream = transport.Upstream()

    def close(self) -> None:
        self._upstream.close()

    def __iter__(self) -> Iterator[ChatDelta]:
        import httpx

        from backend.engines import transport

        whole = False
        try:
            with self._client.stream(
                "POST", "/v1/chat/completions", json=self._body(), extensions={"upstream": self._upstream}
            ) as response:
                if response.status_code != 200:
                    raise _refused(response, self._request.model)
                whole = yield from _deltas(transport.lines(response.iter_raw()))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if not self._upstream.closed:
                raise EngineUnavailable(
                    "The engine does not answer. Start it, or choose another model.", "builtin_silent"
                ) from error
        except (httpx.HTTPError, ValueError) as error:
            if not self._upstream.closed:
                raise _broken() from error
        else:
            if not whole and not self._upstream.closed:
                raise _broken()

    def _body(self) -> dict[str, Any]:
        request = self._request
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": message.role, "content": _content(message)} for message in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.max_tokens is not None:
            body["max_tokens"] = request.max_tokens
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.schema is not None:
            named = {"name": "answer", "strict": True, "schema": dict(request.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return body


def _content(message: ChatMessage) -> str | list[dict[str, Any]]:
    """Plain text; with pictures the parts that OpenAI's chat completions take, each picture as a data URI."""
    if not message.images:
        return message.content
    pictures = [f"data:{image.media_type};base64,{b64encode(image.data).decode()}" for image in message.images]
    return [
        {"type": "text", "text": message.content},
        *({"type": "image_url", "image_url": {"url": picture}} for picture in pictures),
    ]


def _deltas(lines: Iterable[bytes]) -> Generator[ChatDelta, None, bool]:
    """The deltas in lines of server-sent events; returns whether the end was said."""
    finish = "stop"
    for line in lines:
        if line == b"data: [DONE]":
            return True
        if not line.startswith(b"data: "):
            continue
        part = from_json(line[6:])
        if "error" in part:
            words = _message(part["error"])
            raise GenerationError(f"The engine could not go on: {words}.", "engine_failed", words=words)
        for choice in part.get("choices", ()):
            finish = choice.get("finish_reason") or finish
            delta = choice.get("delta", {})
            text, thinking = delta.get("content") or "", delta.get("reasoning_content") or ""
            if text or thinking:
                yield ChatDelta(text=text, thinking=thinking)
        if part.get("usage"):
            yield ChatDelta(usage=_usage(part, finish))
    return False


def _usage(part: dict[str, Any], finish: str) -> Usage:
    """`timings` (milliseconds) is llama.cpp's own; other servers send only the counts."""
    usage, timings = part["usage"], part.get("timings") or {}
    return Usage(
        prompt_tokens=usage.get("prompt_tokens", 0),
        completion_tokens=usage.get("completion_tokens", 0),
        prompt_seconds=timings.get("prompt_ms", 0) / 1e3,
        completion_seconds=timings.get("predicted_ms", 0) / 1e3,
        finish=finish,
    )


def _refused(response: httpx.Response, model: str) -> EngineError:
    response.read()
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        error = response.text
    message = _message(error)
    if isinstance(error, dict) and error.get("type") == "exceed_context_size_error":
        return ContextOverflow(
            "The question is longer than the model's context window. Shorten it.", "question_over_window"
        )
    if response.status_code == 404:
        return ModelNotFound(f"{model} is not on this server. Choose another model.", "model_gone", model=model)
    if response.status_code == 503:
        return EngineUnavailable("The engine is still loading its model. Try again in a moment.", "engine_loads")
    return GenerationError(f"The engine refused the question: {message}.", "engine_failed", words=message)


def _message(error: Any) -> str:
    return str(error.get("message", error) if isinstance(error, dict) else error).strip().rstrip(".")[:500]


def _broken() -> GenerationError:
    return GenerationError(
        "The engine stopped in the middle of the answer. What it wrote is kept; try again.", "engine_stopped"
    )
