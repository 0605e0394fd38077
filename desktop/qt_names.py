"""Stands in for QtPy, through which pywebview imports Qt, with PySide6 alone behind it.

QtPy lets one program run on four bindings. For that it copies every name of every Qt module, and PySide6, which makes
its classes when they are first asked for, then makes all of them: a sixth of a second of the start (0.88 → 0.76 s to a
bare window), for a binding that we have chosen anyway. pywebview asks for a dozen names; they are looked up when asked.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtNetwork, QtWebChannel, QtWebEngineCore, QtWebEngineWidgets, QtWidgets


def install() -> None:
    """Before pywebview's Qt module is imported."""
    top = ModuleType("qtpy")
    vars(top).update(PYSIDE6=True, PYQT6=False, QtCore=QtCore)
    # QtPy keeps these names where Qt 5 had them; Qt 6 moved some to the second module.
    places: dict[str, tuple[Any, ...]] = {
        "QtCore": (QtCore,),
        "QtGui": (QtGui,),
        "QtNetwork": (QtNetwork,),
        "QtWebChannel": (QtWebChannel,),
        "QtWebEngineCore": (QtWebEngineCore,),
        "QtWebEngineWidgets": (QtWebEngineWidgets, QtWebEngineCore),
        "QtWidgets": (QtWidgets, QtGui),
    }
    sys.modules["qtpy"] = top
    for name, modules in places.items():
        sys.modules[f"qtpy.{name}"] = modules[0] if len(modules) == 1 else _Names(f"qtpy.{name}", modules)


class _Names(ModuleType):
    """The names of several modules, in that order."""

    def __init__(self, name: str, modules: tuple[Any, ...]) -> None:
        super().__init__(name)
        self._modules = modules

    def __getattr__(self, name: str) -> Any:
        for module in self._modules:
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(name)
