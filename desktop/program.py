"""LocalChat in this process: the server, and the services behind it."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from typing import TYPE_CHECKING, Any, Final

from backend.api.front import Later, front
from backend.errors import LocalChatError, from_storage
from desktop.instance import Address
from desktop.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask

    from backend.config import Config
    from backend.services.desktop import Desktop

log = logging.getLogger(__name__)

FORM_BYTES: Final = 16 * 1024**2
"""What multipart adds to the files; above it waitress refuses at once what the app would refuse after reading it."""

STOP_SECONDS: Final = 1.5

PAGE_SECONDS: Final = 3.0
"""How long the API waits at most for the page to be there before it is put together."""


class Program:
    """Listens from the constructor on (raises OSError when the port is taken) and answers from `start` on."""

    def __init__(self, config: Config, host: str = "127.0.0.1", port: int = 0) -> None:
        self._config = config
        self._server = Server(host, port)
        self._services: Any = None
        self._api = Later()
        self._changing = threading.Lock()
        self._stopped = False

    @property
    def address(self) -> Address:
        return Address(self._server.url, self._config.token, os.getpid())

    def start(self, desktop: Desktop | None = None, *, log_to_stderr: bool = False) -> None:
        """Serves: the page at once, the API when it has been put together.

        With a `desktop` the page goes first (Flask, pydantic and the rest take half a second, which its window would
        have to wait for); without one nobody waits for a page. Raises StorageError and its kind when the data folder is
        not usable; nothing is served then.
        """
        create_api = self._serve_page(log_to_stderr=log_to_stderr)
        if desktop is not None:
            self._api.asked.wait(PAGE_SECONDS)
        if create_api is not None:
            self._put_together(create_api, desktop)

    def start_or_tell(self, desktop: Desktop) -> None:
        """`start` for the window: a data folder that cannot be used becomes the page that it shows."""
        try:
            self.start(desktop)
        except LocalChatError as error:
            log.warning("LocalChat cannot start: %s", error.message)
            self._server.start(failure_page(error.message))
        except Exception:
            # The window waits for this server: it must answer, whatever went wrong.
            log.exception("LocalChat cannot start")
            self._server.start(failure_page("Something inside LocalChat is broken. The log in the data folder tells."))

    def _serve_page(self, *, log_to_stderr: bool) -> Callable[[], Flask] | None:
        """What makes the API; None when `stop` came before. Raises StorageError."""
        from backend import open_data
        from desktop import log as logs

        with self._changing:
            if self._stopped:
                return None
            logs.configure(self._config.data, stderr=log_to_stderr)
            self._keep_temporary_files_beside_the_data()
            create_api = open_data(self._config)
            app = front(self._api, self._config.page, self._config.token)
            self._server.start(app, self._config.max_upload + FORM_BYTES)
        return create_api

    def _put_together(self, create_api: Callable[[], Flask], desktop: Desktop | None) -> None:
        """The API behind the page. What fails here is a fault of ours; the page then says so at every request."""
        with self._changing:
            if self._stopped:
                return
            try:
                api = create_api()
            except Exception:
                log.exception("LocalChat cannot start")
                self._api.fail(LocalChatError("LocalChat cannot start. The log in the data folder tells why."))
                return
            self._services = api.extensions["localchat"]
            self._services.desktop = desktop
            self._api.give(api)

    def theme(self) -> str:
        """system, light or dark, as the user chose."""
        return str(self._services.settings.get("theme", "system")) if self._services else "system"

    def stop(self) -> None:
        """Takes no more requests, ends the open ones, then the services; within two seconds, and more than once."""
        self._api.asked.set()
        ready = self._changing.acquire(timeout=STOP_SECONDS)
        try:
            self._stopped = True
            self._api.fail(LocalChatError("LocalChat is closing."))
            self._server.stop()
            if self._services is not None:
                self._services.close()
        finally:
            if ready:
                self._changing.release()

    def _keep_temporary_files_beside_the_data(self) -> None:
        """Uploads wait in temporary files until they are whole; /tmp is often memory, and too small for them.

        What an earlier run left there goes: the data folder is ours alone.
        """
        folder = self._config.data / "tmp"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise from_storage(error) or error from error
        tempfile.tempdir = str(folder)


def failure_page(message: str) -> Callable[..., Iterable[bytes]]:
    """A WSGI app that answers everything with one sentence, where the real one could not start."""
    from html import escape

    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        "<title>LocalChat</title><style>body{font:15px/24px system-ui,sans-serif;max-width:32rem;margin:20vh auto;"
        f"padding:0 16px}}h1{{font-size:18px}}</style><h1>LocalChat cannot start</h1><p>{escape(message)}</p>"
    ).encode()
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]

    def app(_environ: object, start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
        start_response("500 Internal Server Error", headers)
        return [body]

    return app
