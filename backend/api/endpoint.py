"""What an endpoint takes and gives: parsed by pydantic before the view, and written down for the OpenAPI document.

flask-openapi3 does the same and was tried: its import alone takes half a second of a start that has one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response, request
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from werkzeug.exceptions import BadRequest

from backend.errors import InvalidRequest, MalformedRequest, TooLarge, UnsupportedType

View = Callable[..., Response]


@dataclass(frozen=True)
class Contract:
    """Types of an endpoint.

    `returns` is a pydantic model or a dataclass, `events` the union of what a stream may send; `files` marks a
    multipart upload.
    """

    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    returns: Any = None
    events: Any = None
    files: bool = False


def endpoint(
    *,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    returns: Any = None,
    events: Any = None,
    files: bool = False,
    largest: int | None = None,
    optional: bool = False,
) -> Callable[[Callable[..., Any]], View]:
    """Hands the view its parsed `body` and `query`, and turns the model or dataclass that it returns into JSON.

    `largest`: bytes of the body, where it may hold a file; `optional`: a request without any is one with none of its
    values. Raises MalformedRequest (not JSON), UnsupportedType (another content type), TooLarge, InvalidRequest (a
    value is wrong).
    """

    def decorate(view: Callable[..., Any]) -> View:
        @wraps(view)
        def wrapper(**kwargs: Any) -> Response:
            if body is not None:
                without = optional and not request.content_length
                kwargs["body"] = _parse(body, {} if without else _json(largest))
            if query is not None:
                kwargs["query"] = _parse(query, request.args.to_dict())
            result = view(**kwargs)
            if isinstance(result, Response):
                return result
            # A page that is gone back to would show answers of before from the browser's cache.
            return Response(to_json(result), mimetype="application/json", headers={"Cache-Control": "no-store"})

        wrapper.contract = Contract(body, query, returns, events, files)  # type: ignore[attr-defined]
        return wrapper

    return decorate


def _json(largest: int | None) -> Any:
    if not request.is_json:
        raise UnsupportedType("Send JSON, with the header Content-Type: application/json.")
    if largest is not None and (request.content_length is None or request.content_length > largest):
        raise TooLarge(f"The request is larger than {largest // 1000:,} kB, which is the most that is taken here.")
    try:
        return request.get_json()
    # Python gives up on JSON that is nested thousands deep.
    except (BadRequest, RecursionError) as error:
        raise MalformedRequest("The request is not valid JSON.") from error


def _parse(model: type[BaseModel], value: Any) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the request"
        raise InvalidRequest(f"{where}: {first['msg']}.") from error
