"""What an OpenAI-compatible server is sent, over a real socket: it writes down the question and answers one word."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from backend.engines.base import ChatImage, ChatMessage, ChatRequest
from backend.engines.openai import OpenAIAnswer
from tests.pictures import base64, picture


@pytest.fixture
def server() -> Iterator[tuple[str, list[Any]]]:
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b'data: {"choices": [{"delta": {"content": "Red."}}]}\n\ndata: [DONE]\n\n')

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
            """Say nothing: the test's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_pictures_go_as_data_uris_beside_the_words(server: tuple[str, list[Any]]) -> None:
    address, asked = server
    data = picture("JPEG")
    messages = [
        ChatMessage("system", "Be brief."),
        ChatMessage("user", "Which colour?", (ChatImage("image/jpeg", data),)),
    ]
    with httpx.Client(base_url=address, trust_env=False) as client:
        said = "".join(delta.text for delta in OpenAIAnswer(client, ChatRequest("m", messages, 4096)))
    assert said == "Red."
    assert asked[0]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Which colour?"},
                {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{base64(data)}"}},
            ],
        },
    ]


def test_a_schema_goes_as_the_form_of_the_response(server: tuple[str, list[Any]]) -> None:
    address, asked = server
    schema = {"type": "object", "properties": {"ends": {"type": "string"}}, "required": ["ends"]}
    request = ChatRequest("m", [ChatMessage("user", "When?")], 4096, schema=schema)
    with httpx.Client(base_url=address, trust_env=False) as client:
        list(OpenAIAnswer(client, request))
        list(OpenAIAnswer(client, ChatRequest("m", [ChatMessage("user", "When?")], 4096)))
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    assert [body.get("response_format") for body in asked] == [form, None]
