"""The window: pywebview around the page, remembered where it was, closed to every other origin."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from backend.errors import LocalChatError
from desktop import browser
from desktop.browser import open_link
from desktop.geometry import SMALLEST, Rectangle, WindowState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktop.instance import Address

log = logging.getLogger(__name__)

TITLE: Final = "LocalChat"
PAPER: Final = {"light": "#fdfdfc", "dark": "#181b1a"}
"""The page's own ground (--paper), shown until the page has painted."""


class Window:
    """Shows the page at `address`. `theme` (system, light or dark) is asked at closing, for the next start.

    It is also what the services may ask of the desktop (`backend.services.desktop.Desktop`).
    """

    def __init__(self, address: Address, folder: Path, theme: Callable[[], str] | None = None) -> None:
        self._address = address
        self._folder = folder
        self._state = WindowState.load(folder)
        self._theme = theme or (lambda: self._state.theme)
        self._dialog = threading.Lock()
        self._dropped: list[Path] = []
        self._window: Any = None
        self._main_thread: Any = None
        self._failure: Exception | None = None

    def run(self) -> None:
        """Shows the window and returns when it has been closed; for the main thread only."""
        _prepare_environment()
        if _is_qt():
            from desktop import qt_names

            qt_names.install()
        import webview

        webview.settings["ALLOW_FILE_URLS"] = False
        if port := os.environ.get("LOCALCHAT_DEBUG_PORT"):
            # For tests only, which drive the window through it. Chromium listens on 127.0.0.1.
            webview.settings["REMOTE_DEBUGGING_PORT"] = int(port)
        window = self._window = webview.create_window(TITLE, self._address.page, min_size=SMALLEST, text_select=True)
        window.events.initialized += self._place
        window.events.before_show += self._prepare
        window.events.closing += self._remember
        if not _is_qt():
            window.events.before_load += self._return_home
        # Private: the token's cookie and everything else of the browser engine stay in memory.
        webview.start(gui="qt" if _is_qt() else None, private_mode=True)
        self._main_thread = None
        if self._failure:
            raise self._failure

    def show(self) -> None:
        """Brings the window to the front; from any thread."""
        if not _is_qt():
            self._window.restore()
            self._window.show()
        elif self._main_thread is not None:
            from desktop import qt

            self._main_thread.run(lambda: qt.bring_to_front(self._window.native))

    def pick_files(self, *, folder: bool) -> list[Path]:
        """Files (or one folder) from the native dialog. Blocks until it closes; from any thread but the main one."""
        from webview import FileDialog

        kind = FileDialog.FOLDER if folder else FileDialog.OPEN
        with self._dialog:
            return [Path(name) for name in self._window.create_file_dialog(kind, allow_multiple=not folder) or ()]

    def dropped(self) -> list[Path]:
        """What was dropped on the window last, told once; from any thread."""
        paths, self._dropped = self._dropped, []
        return paths

    def save_file(self, name: str) -> Path | None:
        """Where to write a file, from the native dialog. Blocks until it closes; from any thread but the main one."""
        from webview import FileDialog

        with self._dialog:
            return _one(self._window.create_file_dialog(FileDialog.SAVE, save_filename=name))

    def open_file(self, kind: str, pattern: str) -> Path | None:
        """One file from the native dialog. Blocks until it closes; from any thread but the main one."""
        from webview import FileDialog

        with self._dialog:
            return _one(self._window.create_file_dialog(FileDialog.OPEN, file_types=(f"{kind} ({pattern})",)))

    def open_folder(self, folder: Path) -> None:
        """Shows a folder in the system's file manager; from any thread."""
        browser.open_folder(folder)

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression in the page; from any thread but the main one."""
        return self._window.run_js(script)

    def close(self) -> None:
        """Ends `run`; from any thread, and more than once."""
        if not _is_qt():
            self._window.destroy()
        elif self._main_thread is not None:
            self._main_thread.run(self._window.native.close)

    def _place(self) -> None:
        """Before the window is made, when the screens are known."""
        if _is_qt():
            from desktop import qt

            qt.start_engine()
        screens = [Rectangle(one.x, one.y, one.width, one.height) for one in self._window.gui.get_screens()]
        state = self._state.fitted(screens)
        window = self._window
        window.initial_width, window.initial_height, window.maximized = state.width, state.height, state.maximized
        if state.x is not None and state.y is not None:
            # pywebview counts from the primary screen's corner.
            window.initial_x, window.initial_y = state.x - screens[0].x, state.y - screens[0].y
        window.background_color = PAPER["dark" if self._is_dark() else "light"]

    def _is_dark(self) -> bool:
        if self._state.theme == "system" and _is_qt():
            from desktop import qt

            return qt.system_is_dark()
        return self._state.theme == "dark"

    def _prepare(self) -> None:
        """On the main thread, when the window has been made and before it is shown."""
        # Set here because pywebview sets its own while it makes the window.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.close())
        try:
            if _is_qt():
                self._prepare_qt()
        except Exception as error:  # noqa: BLE001, pywebview would swallow it and show the window unguarded
            self._failure = error
            self.close()

    def _prepare_qt(self) -> None:
        from desktop import qt

        native = self._window.native
        self._main_thread = qt.MainThread()
        qt.guard(native, self._address.url)
        qt.refuse_permissions(native)
        qt.offer_downloads(native)
        qt.offer_editing(native)
        qt.watch_drops(native, self._keep_dropped)
        qt.paint(native, self._window.background_color)

    def _keep_dropped(self, paths: list[Path]) -> None:
        self._dropped = paths

    def _remember(self) -> None:
        try:
            if _is_qt():
                from desktop import qt

                x, y, width, height, maximized = qt.frame(self._window.native)
            else:
                one = self._window
                x, y, width, height, maximized = one.x, one.y, one.width, one.height, False
            WindowState(width, height, x, y, maximized, self._theme()).save(self._folder)
        except (OSError, LocalChatError):
            log.warning("the window's place was not saved", exc_info=True)

    def _return_home(self) -> None:
        """Where there is no Qt to forbid it beforehand, a page of another origin is left as soon as it loads."""
        url = self._window.get_current_url() or ""
        if url.startswith("http") and not url.startswith(f"{self._address.url}/"):
            self._window.load_url(self._address.page)
            open_link(url)


def _one(chosen: str | Sequence[str] | None) -> Path | None:
    """pywebview's backends say one name or a list of one."""
    if not chosen:
        return None
    return Path(chosen if isinstance(chosen, str) else chosen[0])


def _is_qt() -> bool:
    return sys.platform == "linux"


def _prepare_environment() -> None:
    # Chromium refuses to run its sandbox as root. Any value switches it off, so it is set for root alone.
    if sys.platform == "linux" and os.geteuid() == 0:
        os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")
