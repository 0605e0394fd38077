"""What goes into the frozen program: the lists that localchat.spec hands to PyInstaller, and why.

Without them the folder is 1.5 GB: Qt alone brings 3D, charts, multimedia and a second web stack.
"""

import re
import sys
from pathlib import Path

Entry = tuple[str, str, str]  # name in the bundle, file it comes from, kind: as PyInstaller lists them

PACKAGES_WITH_DATA = [
    "docx",
    "pptx",
    "docutils",
    "lancedb",
    "xllamacpp",
]

WHOLE_PACKAGES = [
    # Parsers and languages that docutils loads by name.
    "docutils.parsers.rst",
    "docutils.readers",
    "docutils.languages",
    "docutils.writers",
    "backend",
    "desktop",
    "lance_namespace_urllib3_client",
    "snowballstemmer",
]

HIDDEN_IMPORTS = {
    "linux": [
        "webview.platforms.qt",
        "PySide6.QtCore",
        "PySide6.QtGui",
        "PySide6.QtNetwork",
        "PySide6.QtPrintSupport",
        "PySide6.QtWebChannel",
        "PySide6.QtWebEngineCore",
        "PySide6.QtWebEngineWidgets",
        "PySide6.QtWidgets",
    ],
    "darwin": ["webview.platforms.cocoa"],
    "win32": ["webview.platforms.winforms", "webview.platforms.edgechromium"],
}.get(sys.platform, [])

EXCLUDED_MODULES = [
    # Other windows: a build machine that has GTK would drag all of it in.
    "gi",
    "tkinter",
    "webview.platforms.android",
    "webview.platforms.cef",
    "webview.platforms.gtk",
    # What builds and tests LocalChat.
    "mypy",
    "onnx",
    "playwright",
    "pytest",
    "safetensors",
    "setuptools",
    "uv",
    # Conversion and training beside the runtime.
    "onnxruntime.quantization",
    "onnxruntime.tools",
    "onnxruntime.transformers",
    # Optional partners of numpy and Arrow.
    "IPython",
    "matplotlib",
    "pandas",
    "pyarrow.flight",
    "scipy",
    "sympy",
    "torch",
]

# The window is one QtWebEngine view in a QtWidgets window; Quick and Qml are what WebEngine itself links.
QT_MODULES = {
    "Core",
    "DBus",
    "Gui",
    "Network",
    "OpenGL",
    "Positioning",
    "PrintSupport",
    "Qml",
    "QmlMeta",
    "QmlModels",
    "QmlWorkerScript",
    "Quick",
    "QuickWidgets",
    "Svg",
    "WaylandClient",
    "WebChannel",
    "WebChannelQuick",
    "WebEngineCore",
    "WebEngineWidgets",
    "Widgets",
    "XcbQpa",
}
QT_PLUGINS = {
    "iconengines",
    "imageformats",
    "networkinformation",
    "platforminputcontexts",
    "platforms",
    "platformthemes",
    "styles",
    "tls",
    "wayland-decoration-client",
    "wayland-graphics-integration-client",
    "wayland-shell-integration",
    "xcbglintegrations",
}
LANGUAGES = {"de", "en", "en-GB", "en-US", "es", "fr", "zh", "zh-CN"}

QT_LIBRARY = re.compile(r"(?:lib)?Qt6(\w+?)(?:\.so|\.dll|\.dylib|\.framework|$)")
QT_BINDING = re.compile(r"PySide6/Qt(\w+)\.")
QT_PLUGIN = re.compile(r"/plugins/([\w-]+)/")
QT_WORDS = re.compile(r"/translations/(?:qtwebengine_locales/([\w-]+)\.pak|\w+?_(\w+)\.qm)$")
# The theme plugin of GTK, screens without a window system, a keyboard of its own; Arrow Flight is a network protocol;
# the rest is for compiling against Arrow.
UNWANTED = re.compile(
    r"/qml/|/libqgtk3\.|/libq(?:eglfs|linuxfb|minimal|minimalegl|vkkhrdisplay|vnc)\.|virtualkeyboard"
    r"|libarrow_flight|libarrow_python_flight|pyarrow/(?:include|tests|src)/"
    r"|/examples/|\.pyi$|\.pyx$|\.pxd$|\.debug\.pak$|devtools_resources"
)
# Opened by name: by NSS, and by the program's own start.
OPENED_BY_NAME = re.compile(r"lib(?:softokn3|freebl3|freeblpriv3|nssckbi|python3\.\d+)\.so")
SYSTEM_LIBRARY = re.compile(r"^lib[^/]+\.so(?:\.\d+)*$")


def is_wanted(name: str) -> bool:
    """Whether a file belongs into the bundle; `name` is its path there."""
    path = name.replace("\\", "/")
    if UNWANTED.search(path):
        return False
    for pattern, allowed in (
        (QT_LIBRARY, QT_MODULES),
        (QT_BINDING, QT_MODULES),
        (QT_PLUGIN, QT_PLUGINS),
        (QT_WORDS, LANGUAGES),
    ):
        found = pattern.search(path)
        if found and next(filter(None, found.groups())) not in allowed:
            return False
    return True


def without_orphans(binaries: list[Entry]) -> list[Entry]:
    """The binaries without system libraries that none of the others needs.

    PyInstaller follows every plugin of Qt before `is_wanted` drops most of them: GTK, CUPS and half of GNOME remain.
    """
    needed_by = {name: _needs(source) for name, source, _ in binaries}
    kept = {name for name in needed_by if not SYSTEM_LIBRARY.match(name) or OPENED_BY_NAME.match(name)}
    found = kept
    while found:
        found = {name for user in found for name in needed_by[user] if name in needed_by} - kept
        kept |= found
    return [entry for entry in binaries if entry[0] in kept]


def _needs(binary: str) -> set[str]:
    """The libraries that a binary is linked with, as they are named in the bundle."""
    from PyInstaller.depend.bindepend import get_imports  # type: ignore[import-untyped]

    return {Path(name).name for name, _ in get_imports(binary)}
