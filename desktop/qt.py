"""What the Qt window does beyond pywebview's: goes nowhere else, grants nothing, opens without a white flash."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QDropEvent, QGuiApplication
from PySide6.QtWebEngineCore import (
    QWebEngineDownloadRequest,
    QWebEngineNavigationRequest,
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineSettings,
)
from PySide6.QtWidgets import QFileDialog, QMenu

from desktop.browser import open_link

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


class MainThread(QObject):
    """Runs functions on the thread that made it, where the window lives, when its loop gets to them."""

    _called = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._called.connect(lambda function: function(), Qt.ConnectionType.QueuedConnection)

    def run(self, function: Callable[[], object]) -> None:
        """From any thread; returns at once."""
        self._called.emit(function)


class NewWindow(QWebEnginePage):
    """Stands in for each new window that a link or a script asks for; none opens."""

    def __init__(self, profile: Any, origin: str) -> None:
        super().__init__(profile)
        self._origin = origin

    def acceptNavigationRequest(self, url: Any, kind: object, main_frame: bool) -> bool:  # noqa: ARG002, N802
        assert isinstance(url, QUrl)
        if not same_origin(url, self._origin):
            open_link(url.toString())
        return False


class Drops(QObject):
    """Tells of what is dropped on a widget, before the page in it does: a page never learns where a file lies."""

    def __init__(self, widget: Any, tell: Callable[[list[Path]], None]) -> None:
        super().__init__(widget)
        self._tell = tell
        widget.installEventFilter(self)

    def eventFilter(self, _widget: QObject, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self._tell([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        return False


def same_origin(url: QUrl, origin: str) -> bool:
    """Compares scheme, host and port, as browsers do."""
    own = QUrl(origin)
    return (url.scheme(), url.host(), url.port()) == (own.scheme(), own.host(), own.port())


def start_engine() -> None:
    """Starts Chromium, which reads its flags when the first profile is made.

    That must be before pywebview makes the window: it adds --use-fake-ui-for-media-stream, with which Chromium hands
    out the microphone and the camera without asking anybody, us included.
    """
    QWebEngineProfile()


def guard(native: Any, origin: str) -> None:
    """Keeps the window at `origin`; links elsewhere open in the user's browser."""
    page = native.webview.page()

    def check(request: QWebEngineNavigationRequest) -> None:
        url = request.url()
        if same_origin(url, origin) or (not request.isMainFrame() and url.scheme() in {"about", "blob"}):
            return
        request.reject()
        if request.navigationType() == QWebEngineNavigationRequest.NavigationType.LinkClickedNavigation:
            open_link(url.toString())

    page.navigationRequested.connect(check)
    page.nav_handler = NewWindow(page.profile(), origin)


def refuse_permissions(native: Any) -> None:
    """No microphone, camera, place or screen: pywebview's own handler grants the first two unasked.

    Copying is the exception, for the page's copy buttons; pasting by script stays refused.
    """
    page = native.webview.page()
    page.settings().setAttribute(QWebEngineSettings.WebAttribute.JavascriptCanAccessClipboard, True)  # noqa: FBT003, Qt takes no name
    page.featurePermissionRequested.disconnect(page.onFeaturePermissionRequested)
    page.permissionRequested.connect(lambda permission: permission.deny())


def offer_downloads(native: Any) -> None:
    """A download asks where to put the file; pywebview's own handler speaks Qt 5."""

    def ask(download: QWebEngineDownloadRequest) -> None:
        chosen, _ = QFileDialog.getSaveFileName(native, "", str(Path.home() / download.downloadFileName()))
        if not chosen:
            download.cancel()
            return
        download.setDownloadDirectory(str(Path(chosen).parent))
        download.setDownloadFileName(Path(chosen).name)
        download.accept()

    native.profile.downloadRequested.connect(ask)


def offer_editing(native: Any) -> None:
    """A right click offers cut, copy and paste, and nothing of a browser."""
    action = QWebEnginePage.WebAction
    view = native.webview

    def show_menu(at: Any) -> None:
        menu = QMenu(view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for kind in (action.Cut, action.Copy, action.Paste, action.SelectAll):
            if view.page().action(kind).isEnabled():
                menu.addAction(view.page().action(kind))
        if menu.actions():
            menu.popup(view.mapToGlobal(at))

    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    view.customContextMenuRequested.connect(show_menu)


def watch_drops(native: Any, tell: Callable[[list[Path]], None]) -> None:
    """`tell` is called on the main thread with the paths of each drop."""
    Drops(native.webview, tell)


def paint(native: Any, colour: str) -> None:
    """The colour of everything that the page has not painted yet."""
    native.webview.page().setBackgroundColor(QColor(colour))


def system_is_dark() -> bool:
    """What the desktop prefers; needs the running QApplication."""
    return bool(QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark)


def bring_to_front(native: Any) -> None:
    """Un-minimizes, keeps a maximized window so, and takes the focus where the desktop lets it."""
    native.setWindowState((native.windowState() & ~Qt.WindowState.WindowMinimized) | Qt.WindowState.WindowActive)
    native.show()
    native.raise_()
    native.activateWindow()


def frame(native: Any) -> tuple[int, int, int, int, bool]:
    """(x, y, width, height, maximized) of the window when it is not maximized."""
    inner = native.normalGeometry()
    border = native.geometry().topLeft() - native.pos()
    maximized = native.isMaximized()
    return inner.x() - border.x(), inner.y() - border.y(), inner.width(), inner.height(), maximized
