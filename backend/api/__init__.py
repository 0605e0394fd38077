"""Flask lives here: blueprints, the guard, errors as JSON, and the page's files."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from flask import Response, current_app, request, send_from_directory
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from backend import errors
from backend.api import guard

if TYPE_CHECKING:
    from flask import Flask

    from backend.services import Services

log = logging.getLogger(__name__)


def install(app: Flask, services: Services) -> None:
    from backend.api import chat, conversations, documents, models, search, settings, system

    guard.install(app, services.config.token)
    for module in (chat, conversations, documents, models, search, settings, system):
        app.register_blueprint(module.blueprint)
    app.add_url_rule("/", "page", _index)
    app.add_url_rule("/<path:path>", "files", _file)
    app.register_error_handler(errors.LocalChatError, _ours)
    app.register_error_handler(HTTPException, _werkzeugs)
    app.register_error_handler(Exception, _unexpected)


WARM_UP_SECONDS: Final = 1.5
"""After the page was asked for: until then the processor is for showing it."""


def _index() -> Response:
    services: Services = current_app.extensions["localchat"]
    services.models.warm_up(after=WARM_UP_SECONDS)
    response = send_from_directory(_page(), "index.html")
    response.headers["Cache-Control"] = "no-store"  # it names the files of this version
    return response


def _file(path: str) -> Response:
    if path.startswith("api/"):
        # This rule takes every GET, so it answers for the addresses that know only other methods.
        if set(current_app.url_map.bind("").allowed_methods(f"/{path}")) - {"GET", "HEAD", "OPTIONS"}:
            raise errors.MethodNotAllowed(f"{request.method} is not possible at this address.")
        raise errors.NotFound("There is no such address in the API. GET /api/docs lists them.")
    # Their names carry a hash of what is in them.
    max_age = 31_536_000 if path.startswith("assets/") else 0
    return send_from_directory(_page(), path, max_age=max_age)


def _page() -> str:
    services: Services = current_app.extensions["localchat"]
    if not (services.config.page / "index.html").is_file():
        raise errors.NotFound("The page is not built. Run `python3 build_scripts/dev.py setup`.")
    return str(services.config.page)


def _ours(error: errors.LocalChatError) -> Response:
    return _response(error)


def _werkzeugs(error: HTTPException) -> Response:
    """Errors that Werkzeug raises by itself get the same shape."""
    if isinstance(error, NotFound):
        return _response(errors.NotFound("There is nothing at this address."))
    if isinstance(error, MethodNotAllowed):
        return _response(errors.MethodNotAllowed(f"{request.method} is not possible at this address."))
    if isinstance(error, RequestEntityTooLarge):
        return _response(errors.TooLarge("The request is too large."))
    return _response(errors.MalformedRequest(error.description or "The request cannot be understood."))


def _unexpected(error: Exception) -> Response:
    known = errors.from_storage(error) if isinstance(error, OSError) else None
    if known is not None:
        return _response(known)
    log.exception("%s %s failed", request.method, request.path)
    body = {"error": "InternalError", "message": "Something went wrong inside LocalChat. The log has the details."}
    return Response(to_json(body), status=500, mimetype="application/json")


def _response(error: errors.LocalChatError) -> Response:
    body = to_json({"error": error.code, "message": error.message})
    return Response(body, status=error.status, mimetype="application/json")
