"""What answers first: the guard, then the page's files, then the API.

None of it imports Flask, so the page is on its way while the API is still being put together (0.5 s of imports).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from whitenoise import WhiteNoise

from backend.api.guard import DIAGRAM, Guard, refuse

if TYPE_CHECKING:
    from pathlib import Path
    from wsgiref.headers import Headers

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from backend.errors import LocalChatError

HASHED: Final = "^/assets/"
"""Files whose names carry a hash of what is in them."""


DIAGRAM_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""The frame that draws diagrams. Mermaid writes styles into its SVG, which the page's own policy forbids; in exchange
this document has an opaque origin, reaches no network, loads no image and no font, and sends no form."""


PDF_WORKER: Final = "/assets/pdf.worker"
PDF_WORKER_POLICY: Final = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
"""The worker that reads PDF files: two formats of pictures in them are decoded by WebAssembly, which the page's own
policy refuses. A worker has no document, so there is nothing in it that a script could be written into."""


def front(api: WSGIApplication, page: Path, token: str | None) -> Guard:
    """`page`: the folder of the built page; without it every request is the API's to answer."""
    files = WhiteNoise(
        api,
        index_file=True,
        immutable_file_test=HASHED,
        allow_all_origins=False,
        add_headers_function=_add_headers,
    )
    if page.is_dir():
        files.add_files(page)
    return Guard(files, token)


def _add_headers(headers: Headers, _path: str, url: str) -> None:
    if url == "/":
        headers["Cache-Control"] = "no-store"  # it names the files of this version
    elif url.startswith(DIAGRAM):
        headers["Content-Security-Policy"] = DIAGRAM_POLICY
        # To a document whose origin is opaque, even our own files are of another origin.
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    elif url.startswith(PDF_WORKER):
        headers["Content-Security-Policy"] = PDF_WORKER_POLICY


class Later:
    """Stands in for an API that is still being made: who asks, waits.

    `asked` is set by the first request, which comes when the page runs.
    """

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._there = threading.Event()
        self._app: WSGIApplication | None = None
        self._error: LocalChatError | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.asked.set()
        self._there.wait()
        if self._app is None:
            assert self._error is not None
            return refuse(self._error, environ, start_response)
        return self._app(environ, start_response)

    def give(self, app: WSGIApplication) -> None:
        self._app = app
        self._there.set()

    def fail(self, error: LocalChatError) -> None:
        """Every request gets this error, unless `give` came first."""
        self._error = error
        self._there.set()
