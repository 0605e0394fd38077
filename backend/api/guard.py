"""Who may ask, and what the page may do: Host, Origin and token checks, and the security headers.

Other programs on this computer and any web page that is open in a browser can reach a loopback port. Host stops DNS
rebinding, Origin stops foreign pages, the token stops other users and programs.
"""

from __future__ import annotations

import hmac
from typing import Final

from flask import Flask, Request, Response, redirect, request

from backend.errors import ForbiddenOrigin, NotAuthorized

COOKIE: Final = "localchat-token"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "frame-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; object-src 'none'; "
    "frame-ancestors 'self'"
)

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def install(app: Flask, token: str | None) -> None:
    """Checks each request before its view and adds the headers to each response, errors included."""

    @app.before_request
    def check() -> Response | None:
        _check_host(request)
        _check_origin(request)
        if token is None:
            return None
        if request.path == "/" and "token" in request.args:
            return _sign_in(token)
        if request.path.startswith("/api/") and request.path != "/api/health" and not _carries(request, token):
            raise NotAuthorized(
                "The launch token is missing or old. Open LocalChat again, or the address that `localchat serve` "
                "printed; programs send it as `Authorization: Bearer TOKEN`."
            )
        return None

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _check_host(request: Request) -> None:
    host = request.environ.get("HTTP_HOST", "")
    if host.rsplit(":", 1)[0] not in LOOPBACK and host not in LOOPBACK:
        raise ForbiddenOrigin("LocalChat answers only at 127.0.0.1 and localhost.")


def _check_origin(request: Request) -> None:
    """A browser names the page that asks; only ours may. A program sends no Origin."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise ForbiddenOrigin("Another page asked. Only LocalChat's own page may use this server.")
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.path.startswith("/api/"):
        raise ForbiddenOrigin("Another page asked. Only LocalChat's own page may use this server.")


def _sign_in(token: str) -> Response:
    """Trades the token in the address for a cookie, so that it stays in no history and no Referer."""
    if not hmac.compare_digest(request.args["token"].encode(), token.encode()):
        raise NotAuthorized("This address is of an earlier start. Open LocalChat again.")
    response = redirect("/")
    # Cookies are shared by all ports of a host, so each port has a name of its own.
    response.set_cookie(cookie_name(request), token, httponly=True, samesite="Strict")
    return response  # type: ignore[return-value]


def cookie_name(request: Request) -> str:
    return f"{COOKIE}-{request.environ.get('SERVER_PORT', '')}"


def _carries(request: Request, token: str) -> bool:
    authorization = request.headers.get("Authorization", "")
    given = authorization.removeprefix("Bearer ") if authorization else request.cookies.get(cookie_name(request), "")
    return hmac.compare_digest(given.encode(), token.encode())
