"""The stand-in for Ollama answers as the transcripts of the real one do, and fails on demand as nothing else can."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import SOON
from tests.ollama_script import RUNNER_DIED, SMOLLM2, Answer, Model, Remote
from tests.ollama_stand_in import StandIn

TRANSCRIPTS = Path(__file__).resolve().parents[2] / "shared" / "ollama"
PULLED = "http://127.0.0.1:5001/library/smollm2:135m"
TOKENS_PER_SECOND = 200_000
DESCRIBING = {"/api/tags", "/api/show", "/api/ps"}


def exchanges(*files: str) -> list[Any]:
    """What was recorded of the real Ollama, as pytest parameters; none where ../shared is not there."""
    recorded = []
    for file in files:
        path = TRANSCRIPTS / f"{file}.jsonl"
        rows = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        recorded += [row for row in map(json.loads, rows) if "lines" in row]
    return [pytest.param(exchange, id=exchange["name"]) for exchange in recorded]


def answered(*files: str) -> list[Any]:
    return [each for each in exchanges(*files) if each.values[0]["status"] == 200]


def refused(*files: str) -> list[Any]:
    return [each for each in exchanges(*files) if each.values[0]["status"] != 200]


def words(exchange: dict[str, Any]) -> list[Any]:
    return [json.loads(text) for _, text in exchange["lines"] if text.startswith("{")]


@pytest.fixture
def http(ollama_stand_in: StandIn) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ollama_stand_in.url, timeout=10, trust_env=False) as client:
        yield client


def replay(http: httpx.Client, exchange: dict[str, Any]) -> httpx.Response:
    request = exchange["request"]
    sent = {"content": request["raw"]} if "raw" in request else {"json": request.get("json")}
    return http.request(request["method"], request["path"], **(sent if request["method"] != "GET" else {}))


def same_head(answer: httpx.Response, exchange: dict[str, Any]) -> None:
    assert answer.status_code == exchange["status"], answer.text
    assert answer.headers.get("Content-Type") == exchange["headers"].get("Content-Type")


def shape(value: Any) -> Any:
    """The keys and types of a JSON value; of a list, those of its first item."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


@pytest.mark.parametrize("exchange", answered("chat", "truncation"))
def test_a_chat_is_answered_as_by_the_real_one(
    exchange: dict[str, Any], http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    recorded = words(exchange)
    messages = [piece["message"] for piece in recorded]
    thinking = [message["thinking"] for message in messages if "thinking" in message]
    tokens = [message["content"] for message in messages if message["content"]]
    end = [" and more"] if recorded[-1]["done_reason"] == "length" else []
    ollama_stand_in.answer = Answer(tokens=tokens + end * 2000, thinking=thinking)
    ollama_stand_in.count = lambda _: recorded[-1].get("prompt_eval_count", 0)

    answer = replay(http, exchange)

    same_head(answer, exchange)
    assert ("Content-Length" in answer.headers) == ("Content-Length" in exchange["headers"])
    said = [json.loads(line) for line in answer.text.splitlines()]
    assert shape(said[0]) == shape(recorded[0])
    # A window that is full to the last token is recorded without an eval_duration: nothing was timed.
    assert shape(recorded[-1]).items() <= shape(said[-1]).items()
    assert said[-1]["done_reason"] == recorded[-1]["done_reason"]
    if end:
        assert said[-1]["eval_count"] == recorded[-1]["eval_count"]
    assert said[-1].get("prompt_eval_count") == recorded[-1].get("prompt_eval_count")
    if len(recorded) < 20:  # a longer one was recorded with its middle left out
        assert [piece["message"] for piece in said[:-1]] == messages[:-1]


@pytest.mark.parametrize("exchange", refused("chat", "truncation", "embed", "models"))
def test_a_refusal_says_what_the_real_one_says(
    exchange: dict[str, Any], http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    if exchange["name"] == "embed, model missing":
        ollama_stand_in.models.clear()
    answer = replay(http, exchange)
    assert answer.status_code == exchange["status"]
    assert answer.json() == words(exchange)[0]


@pytest.mark.parametrize("exchange", exchanges("system"))
def test_an_ollama_without_models_looks_as_the_real_one(
    exchange: dict[str, Any], http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.models.clear()
    ollama_stand_in.version = "0.0.0"  # as the recorded one was built
    answer = replay(http, exchange)
    same_head(answer, exchange)
    assert answer.text == exchange["lines"][0][1]


@pytest.mark.parametrize(
    "exchange",
    [each for each in answered("models") if each.values[0]["request"]["path"] in DESCRIBING],
)
def test_models_are_described_as_by_the_real_one(
    exchange: dict[str, Any], http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    recorded = words(exchange)[0]
    if "models" in recorded:
        names = {row["name"] for row in recorded["models"]}
        if exchange["request"]["path"] == "/api/tags":
            ollama_stand_in.models = {name: ollama_stand_in.models[name] for name in names}
        ollama_stand_in.loaded = {row["name"]: row.get("context_length", 0) for row in recorded["models"]}
    answer = replay(http, exchange)
    same_head(answer, exchange)
    said = answer.json()
    if "models" in said:
        assert shape(said) == shape(recorded)
        assert {row["name"] for row in said["models"]} == {row["name"] for row in recorded["models"]}
        return
    assert set(said) <= set(recorded)
    assert said["capabilities"] == recorded["capabilities"]
    assert said["details"].keys() == recorded["details"].keys()
    assert said["model_info"].items() <= recorded["model_info"].items()


def test_a_deleted_model_is_gone(http: httpx.Client) -> None:
    answer = http.request("DELETE", "/api/delete", json={"model": "smollm2:135m"})
    assert (answer.status_code, answer.content) == (200, b"")
    gone = http.request("DELETE", "/api/delete", json={"model": "smollm2:135m"})
    assert (gone.status_code, gone.json()) == (404, {"error": "model 'smollm2:135m' not found"})


@pytest.mark.parametrize("exchange", answered("embed"))
def test_embeddings_have_the_shape_of_the_real_ones(exchange: dict[str, Any], http: httpx.Client) -> None:
    answer = replay(http, exchange)
    same_head(answer, exchange)
    recorded, said = words(exchange)[0], answer.json()
    assert said.keys() == recorded.keys()
    assert len(said["embeddings"]) == len(recorded["embeddings"])
    for made, real in zip(said["embeddings"], recorded["embeddings"], strict=True):
        assert f"{len(made)} numbers" in real[-1]


@pytest.mark.parametrize(
    ("name", "remote"),
    [
        ("pull, whole", Remote(SMOLLM2, bytes_per_second=1e9)),
        ("pull, already there", Remote(SMOLLM2)),
        ("pull, a blob is corrupt", Remote(SMOLLM2, corrupt=True)),
        ("pull, no such model in the registry", None),
        ("pull, invalid name", None),
        ("pull, no name", None),
        ("pull, no network", "offline"),
        ("pull, no network, not streamed", "offline"),
    ],
)
def test_a_pull_tells_what_the_real_one_tells(
    name: str, remote: Remote | str | None, http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    found = [e.values[0] for e in exchanges("pull") if e.values[0]["name"] == name]
    if not found:
        pytest.skip("the transcripts (../shared/ollama) are not on this machine")
    exchange = found[0]
    if remote != "offline":
        ollama_stand_in.registry = {PULLED: remote} if isinstance(remote, Remote) else {}
    answer = replay(http, exchange)
    same_head(answer, exchange)
    assert stages(map(json.loads, answer.text.splitlines())) == stages(words(exchange))


def stages(lines: Iterator[Any] | list[Any]) -> list[str]:
    """Statuses in order, each blob's progress as one, errors by their beginning."""
    told: list[str] = []
    for line in lines:
        stage = f"error: {line['error'][:22]}" if "error" in line else line["status"].partition(" ")[0]
        if not told or told[-1] != stage:
            told.append(stage)
    return told


def test_a_pull_that_was_left_goes_on_where_it_was(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    remote = Remote(Model("new:1b"), bytes_per_second=2e8)
    ollama_stand_in.registry = {"new:1b": remote}
    with http.stream("POST", "/api/pull", json={"model": "new:1b"}) as answer:
        lines = answer.iter_lines()
        assert json.loads(next(lines)) == {"status": "pulling manifest"}
        before = json.loads(next(lines))["completed"]
    wait_until_left(ollama_stand_in)
    again = [json.loads(line) for line in http.post("/api/pull", json={"model": "new:1b"}).text.splitlines()]
    assert again[1]["completed"] > before
    assert again[-1] == {"status": "success"}
    assert "new:1b" in ollama_stand_in.models


def test_a_stalled_pull_repeats_its_last_line(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.registry = {"new:1b": Remote(Model("new:1b"), stall_at=1000)}
    with http.stream("POST", "/api/pull", json={"model": "new:1b"}) as answer:
        lines = answer.iter_lines()
        next(lines)
        assert {json.loads(next(lines))["completed"] for _ in range(4)} == {1000}


def test_tokens_come_at_the_rate_that_was_set(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(["word "] * 20, tokens_per_second=100)
    started = time.monotonic()
    chat(http)
    assert 0.19 <= time.monotonic() - started < SOON


def test_an_error_in_mid_answer_is_its_last_line_under_status_200(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(until=2, error=RUNNER_DIED)
    answer = chat(http)
    assert answer.status_code == 200
    assert [json.loads(line) for line in answer.text.splitlines()][2:] == [{"error": RUNNER_DIED}]


def test_a_cut_answer_ends_without_its_last_chunk(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(until=2, cut=True)
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
        chat(http)


def test_an_answer_that_hangs_says_no_more_and_notices_the_client_leaving(
    http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = Answer(until=2, hang=True)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/api/chat", json=question(), timeout=0.3)
    wait_until_left(ollama_stand_in)


def test_it_notices_within_a_token_that_the_client_left(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(["word "] * 1000, tokens_per_second=20)
    with http.stream("POST", "/api/chat", json=question()) as answer:
        next(answer.iter_lines())
    left = time.monotonic()
    wait_until_left(ollama_stand_in)
    assert ollama_stand_in.left[0] - left < SOON


def test_answers_are_used_up_in_order_and_requests_are_kept(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answers.extend([Answer(["one"]), Answer(refuse=(500, "no room"))])
    assert b"one" in chat(http).content
    refused = chat(http)
    assert (refused.status_code, refused.json()) == (500, {"error": "no room"})
    assert b" sky" in chat(http).content
    assert [body["model"] for body in ollama_stand_in.chats()] == ["smollm2:135m"] * 3


def test_a_prompt_that_does_not_fit_is_cut_in_silence_unless_that_is_refused(http: httpx.Client) -> None:
    long = {
        "model": "smollm2:135m",
        "messages": [{"role": "user", "content": "word " * 3000}],
        "options": {"num_ctx": 2048},
    }
    assert json.loads(http.post("/api/chat", json=long).text.splitlines()[-1])["prompt_eval_count"] == 2048
    assert http.post("/api/chat", json={**long, "truncate": False}).status_code == 400


def test_an_empty_chat_loads_and_unloads(http: httpx.Client) -> None:
    loaded = http.post("/api/chat", json={"model": "smollm2:135m", "options": {"num_ctx": 2048}}).json()
    assert (loaded["done"], loaded["done_reason"]) == (True, "load")
    assert [row["context_length"] for row in http.get("/api/ps").json()["models"]] == [2048]
    http.post("/api/chat", json={"model": "smollm2:135m", "keep_alive": 0})
    assert http.get("/api/ps").json() == {"models": []}


def test_it_is_fast_enough_to_measure_others_with(ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(["token "] * 2000)
    assert max(measured_rate(ollama_stand_in) for _ in range(10)) > TOKENS_PER_SECOND


def measured_rate(stand_in: StandIn) -> float:
    """Tokens a second of one answer of 2,000, read from the bare socket."""
    body = json.dumps(question()).encode()
    head = f"POST /api/chat HTTP/1.1\r\nHost: {stand_in.host}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    address, _, port = stand_in.host.partition(":")
    with socket.create_connection((address, int(port))) as connection:
        started = time.perf_counter()
        connection.sendall(head + body)
        tail = b""
        while not tail.endswith(b"\r\n0\r\n\r\n"):
            tail = (tail + connection.recv(1 << 18))[-16:]
        return 2000 / (time.perf_counter() - started)


def question(text: str = "Why is the sky blue?") -> dict[str, Any]:
    return {"model": "smollm2:135m", "messages": [{"role": "user", "content": text}]}


def chat(http: httpx.Client) -> httpx.Response:
    return http.post("/api/chat", json=question())


def wait_until_left(stand_in: StandIn) -> None:
    deadline = time.monotonic() + 2
    while not stand_in.left:
        assert time.monotonic() < deadline, "the client's leaving was not noticed"
        time.sleep(0.005)
