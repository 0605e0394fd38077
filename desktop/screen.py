"""Can a window be shown here, and if not, why? Asked before Qt is loaded: where it cannot, it ends the process."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path


def trouble() -> str | None:
    """The reason why no window can be shown, in a sentence; None when one can."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return None
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        return "There is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set."
    return _missing_library() or _unreachable_display()


def _missing_library() -> str | None:
    qt = importlib.util.find_spec("PySide6")
    if qt is None or qt.origin is None or importlib.util.find_spec("webview") is None:
        return "The window's own libraries (pywebview, PySide6) are not installed."
    plugins = Path(qt.origin).parent / "Qt" / "plugins" / "platforms"
    plugin = plugins / ("libqwayland.so" if os.environ.get("WAYLAND_DISPLAY") else "libqxcb.so")
    if not plugin.exists():
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return f"A system library that the window needs is missing: {error}."
    return None


def _unreachable_display() -> str | None:
    """Asks the X server itself, with the user's own credentials.

    The connection stays open: a server without clients resets itself, and would throw out Qt, which comes next.
    """
    if os.environ.get("WAYLAND_DISPLAY"):
        return None
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    if xcb.xcb_connection_has_error(connection):
        return f"The screen {os.environ['DISPLAY']} does not answer."
    return None
