"""Nobody but our own page and programs with the token gets in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

TOKEN = "a-token-of-this-launch"


@pytest.fixture
def guarded(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(token=TOKEN).test_client()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "localhost.evil"])
def test_a_foreign_host_is_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/api/status", headers={"Host": host})
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["error"] == "ForbiddenOrigin"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:5000", "localhost:1", "[::1]:5000", "[::1]"])
def test_loopback_hosts_are_served(client: FlaskClient, host: str) -> None:
    assert client.get("/api/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "https://localhost", "http://127.0.0.1"]
)
def test_a_foreign_origin_is_refused(client: FlaskClient, origin: str) -> None:
    answer = client.post("/api/chat", json={"message": "hi"}, headers={"Origin": origin, "Host": "localhost"})
    assert answer.status_code == 403


def test_our_own_origin_is_served(client: FlaskClient) -> None:
    headers = {"Origin": "http://localhost:5000", "Host": "localhost:5000"}
    assert client.get("/api/health", headers=headers).status_code == 200


def test_a_foreign_page_cannot_even_read_with_no_origin(client: FlaskClient) -> None:
    assert client.get("/api/conversations", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Cookie": "localchat-token-80=wrong"},
        {"Cookie": f"localchat-token-81={TOKEN}"},
        {"Authorization": "Bearer ä"},
    ],
)
def test_without_the_token_nothing_under_api_answers(guarded: FlaskClient, headers: dict[str, str]) -> None:
    answer = guarded.get("/api/status", headers=headers)
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["error"] == "NotAuthorized"


def test_an_unknown_address_under_api_needs_the_token_too(guarded: FlaskClient) -> None:
    assert guarded.get("/api/nothing").status_code == 401


def test_health_needs_no_token(guarded: FlaskClient) -> None:
    assert guarded.get("/api/health").status_code == 200


def test_a_program_sends_the_token_as_bearer(guarded: FlaskClient) -> None:
    assert guarded.get("/api/settings", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_the_page_trades_the_token_in_its_address_for_a_cookie_no_script_can_read(guarded: FlaskClient) -> None:
    answer = guarded.get(f"/?token={TOKEN}")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert guarded.get("/api/settings").status_code == 200


def test_an_old_token_in_the_address_is_refused(guarded: FlaskClient) -> None:
    assert guarded.get("/?token=of-yesterday").status_code == 401


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/nothing", "/nothing"])
def test_every_answer_carries_the_policy_errors_included(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_no_foreign_page_is_given_leave_to_read(client: FlaskClient) -> None:
    assert not [name for name, _ in client.get("/api/health").headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/../pyproject.toml", "/%2e%2e/pyproject.toml", "/assets/../../data/localchat.db"])
def test_no_path_leaves_the_page_folder(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_refusal_of_head_has_no_body(guarded: FlaskClient) -> None:
    answer = guarded.head("/api/status")
    assert (answer.status_code, answer.data) == (401, b"")
