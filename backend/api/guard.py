"""Who may ask, and what the page may do: Host, Origin and token checks, and the security headers.

Other programs on this computer and any web page that is open in a browser can reach a loopback port. Host stops DNS
rebinding, Origin stops foreign pages, the token stops other users and programs.

Plain WSGI: it stands before the page's files too, which are served before Flask is imported.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from backend.errors import ForbiddenOrigin, LocalChatError, NotAuthorized

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

COOKIE: Final = "localchat-token"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})

DIAGRAM: Final = "/diagram/"
"""The frame that draws diagrams, and its two scripts. Its document is sandboxed, so it asks for them as origin null."""

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


class Guard:
    """Checks each request before `app` sees it, and adds the headers to each response, errors included.

    token: what every request under /api must carry, but for /api/health; None asks for none.
    """

    def __init__(self, app: WSGIApplication, token: str | None) -> None:
        self._app = app
        self._token = token

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            given = {name.lower() for name, _ in headers}
            added = [(name, value) for name, value in SECURITY_HEADERS.items() if name.lower() not in given]
            return start_response(status, [*headers, *added], *rest)

        try:
            _check_host(environ)
            _check_origin(environ)
            if self._token is not None:
                path = environ["PATH_INFO"]
                if path == "/" and (given := parse_qs(environ.get("QUERY_STRING", "")).get("token")):
                    return _sign_in(environ, start, given[0], self._token)
                if path.startswith("/api/") and path != "/api/health" and not _carries(environ, self._token):
                    raise NotAuthorized(
                        "The launch token is missing or old. Open LocalChat again, or the address that `localchat "
                        "serve` printed; programs send it as `Authorization: Bearer TOKEN`."
                    )
        except LocalChatError as error:
            return refuse(error, environ, start)
        return self._app(environ, start)


def refuse(error: LocalChatError, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """An error in the shape that all of them have, with no Flask to make it."""
    body = json.dumps({"error": error.code, "message": error.message}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(f"{error.status} {HTTPStatus(error.status).phrase}", headers)
    # What answers HEAD has no body; on a connection that is kept, one would be taken for the next answer.
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _check_host(environ: WSGIEnvironment) -> None:
    host = environ.get("HTTP_HOST", "")
    if host.rsplit(":", 1)[0] not in LOOPBACK and host not in LOOPBACK:
        raise ForbiddenOrigin("LocalChat answers only at 127.0.0.1 and localhost.")


def _check_origin(environ: WSGIEnvironment) -> None:
    """A browser names the page that asks; only ours may. A program sends no Origin."""
    origin = environ.get("HTTP_ORIGIN")
    if origin == "null" and environ["PATH_INFO"].startswith(DIAGRAM) and environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
        return
    if origin is not None and origin != f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST'].removesuffix(':80')}":
        raise ForbiddenOrigin("Another page asked. Only LocalChat's own page may use this server.")
    if environ.get("HTTP_SEC_FETCH_SITE") == "cross-site" and environ["PATH_INFO"].startswith("/api/"):
        raise ForbiddenOrigin("Another page asked. Only LocalChat's own page may use this server.")


def _sign_in(environ: WSGIEnvironment, start_response: StartResponse, given: str, token: str) -> Iterable[bytes]:
    """Trades the token in the address for a cookie, so that it stays in no history and no Referer."""
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise NotAuthorized("This address is of an earlier start. Open LocalChat again.")
    cookie = f"{cookie_name(environ)}={token}; HttpOnly; Path=/; SameSite=Strict"
    start_response("302 Found", [("Location", "/"), ("Set-Cookie", cookie), ("Content-Length", "0")])
    return []


def cookie_name(environ: WSGIEnvironment) -> str:
    """Cookies are shared by all ports of a host, so each port has a name of its own."""
    return f"{COOKIE}-{environ.get('SERVER_PORT', '')}"


def _carries(environ: WSGIEnvironment, token: str) -> bool:
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    given = authorization.removeprefix("Bearer ") if authorization else _cookie(environ)
    # WSGI hands bytes over as latin-1.
    return hmac.compare_digest(given.encode("latin-1", "replace"), token.encode())


def _cookie(environ: WSGIEnvironment) -> str:
    try:
        morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(cookie_name(environ))
    except CookieError:
        return ""
    return morsel.value if morsel else ""
