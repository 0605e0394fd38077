"""The Flask app: every blueprint, and errors as JSON."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import Response, current_app, request
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from backend import errors

if TYPE_CHECKING:
    from flask import Flask

    from backend.services import Services

log = logging.getLogger(__name__)


def install(app: Flask, services: Services) -> None:
    from backend.api import (
        asking,
        backup,
        chat,
        checking,
        collections,
        conversations,
        documents,
        embedder,
        folders,
        models,
        pictures,
        presets,
        search,
        settings,
        system,
        transfer,
    )

    app.extensions["localchat"] = services
    for module in (
        asking,
        backup,
        chat,
        checking,
        collections,
        conversations,
        documents,
        embedder,
        folders,
        models,
        pictures,
        presets,
        search,
        settings,
        system,
        transfer,
    ):
        app.register_blueprint(module.blueprint)
    app.add_url_rule("/", "nothing", _nothing)
    app.add_url_rule("/<path:path>", "nothing", _nothing)
    app.register_error_handler(errors.LocalChatError, _ours)
    app.register_error_handler(HTTPException, _werkzeugs)
    app.register_error_handler(Exception, _unexpected)


def _nothing(path: str = "") -> Response:
    """Answers for every address that is neither a file of the page (`front`) nor a view."""
    if not path:
        raise errors.NotFound("The page is not built. Run `python3 build_scripts/dev.py setup`.")
    if not path.startswith("api/"):
        raise errors.NotFound("There is nothing at this address.")
    # This rule takes every GET, so it answers for the addresses that know only other methods.
    if set(current_app.url_map.bind("").allowed_methods(f"/{path}")) - {"GET", "HEAD", "OPTIONS"}:
        raise errors.MethodNotAllowed(f"{request.method} is not possible at this address.")
    raise errors.NotFound("There is no such address in the API. GET /api/docs lists them.")


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
    body = to_json(error.kept)
    return Response(body, status=error.status, mimetype="application/json")
