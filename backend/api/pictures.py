"""The pictures of questions, as the page shows them."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.api.endpoint import endpoint
from backend.api.parts import parts

blueprint = Blueprint("pictures", __name__)


@blueprint.get("/api/pictures/<identity>")
@endpoint()
def get(identity: str) -> Response:
    """A picture of a question, as its bytes. It is one of four types that cannot run anything, and never an SVG."""
    image = parts().pictures.get(identity)
    kind = image.picture.media_type
    response = Response(image.data, content_type=kind)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Content-Disposition"] = f'inline; filename="picture.{kind.removeprefix("image/")}"'
    # What is deleted here should lie in no browser's cache either.
    response.headers["Cache-Control"] = "private, no-store"
    return response
