"""Where the window was and how it looked, kept in `window.json` so that it comes back there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from desktop.instance import write_private

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE: Final = "window.json"
SMALLEST: Final = (360, 480)
USUAL: Final = (1180, 800)
GRIP: Final = 120
"""Pixels of the title bar that must be on a screen, so that the window can be taken hold of."""


@dataclass(frozen=True)
class Rectangle:
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class WindowState:
    """Pixels; `x` and `y` of the frame's corner, None: in the middle. `theme`: system, light or dark."""

    width: int = USUAL[0]
    height: int = USUAL[1]
    x: int | None = None
    y: int | None = None
    maximized: bool = False
    theme: str = "system"

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What was saved; the usual state where nothing, or nonsense, was."""
        try:
            saved = json.loads((folder / FILE).read_text(encoding="utf-8"))
            state = cls(**saved)
            numbers = (state.width, state.height, state.x or 0, state.y or 0)
        except (OSError, ValueError, TypeError):
            return cls()
        return state if all(isinstance(number, int) for number in numbers) else cls()

    def save(self, folder: Path) -> None:
        """Raises OSError where the folder cannot be written."""
        write_private(folder / FILE, json.dumps(asdict(self)))

    def fitted(self, screens: Sequence[Rectangle]) -> Self:
        """The same state on the screens that are there now: no larger than one, and with its title bar in reach.

        `screens`: the primary one first.
        """
        on = next((screen for screen in screens if self._reachable(screen)), None)
        room = on or screens[0]
        fitted = replace(
            self,
            width=max(SMALLEST[0], min(self.width, room.width)),
            height=max(SMALLEST[1], min(self.height, room.height)),
        )
        return fitted if on else replace(fitted, x=None, y=None)

    def _reachable(self, screen: Rectangle) -> bool:
        if self.x is None or self.y is None:
            return False
        visible = min(self.x + self.width, screen.x + screen.width) - max(self.x, screen.x)
        return visible >= GRIP and screen.y <= self.y <= screen.y + screen.height - GRIP
