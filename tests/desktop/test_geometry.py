"""The window comes back where it was, or where it can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop.geometry import FILE, SMALLEST, Rectangle, WindowState

if TYPE_CHECKING:
    from pathlib import Path

SCREEN = Rectangle(0, 0, 1920, 1080)


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    state = WindowState(900, 700, 40, 50, maximized=True, theme="dark")
    state.save(tmp_path)
    assert WindowState.load(tmp_path) == state


@pytest.mark.parametrize("text", ["", "{", "[]", '{"width": "wide"}', '{"unknown": 1}', '{"x": "left"}'])
def test_nonsense_gives_the_usual_window(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert WindowState.load(tmp_path) == WindowState()


def test_a_window_that_fits_stays_as_it_is() -> None:
    state = WindowState(900, 700, 40, 50)
    assert state.fitted([SCREEN]) == state


def test_a_window_on_a_second_screen_stays_there() -> None:
    state = WindowState(900, 700, 2000, 100)
    assert state.fitted([SCREEN, Rectangle(1920, 0, 1280, 1024)]) == state


@pytest.mark.parametrize(("x", "y"), [(2500, 100), (-880, 100), (100, -40), (100, 1060), (1850, 100)])
def test_a_window_out_of_reach_goes_to_the_middle(x: int, y: int) -> None:
    fitted = WindowState(900, 700, x, y).fitted([SCREEN])
    assert (fitted.x, fitted.y, fitted.width, fitted.height) == (None, None, 900, 700)


def test_a_window_is_no_larger_than_the_screen_and_no_smaller_than_usable() -> None:
    large = WindowState(4000, 3000, 0, 0).fitted([SCREEN])
    assert (large.width, large.height) == (1920, 1080)
    tiny = WindowState(10, 10, 0, 0).fitted([SCREEN])
    assert (tiny.width, tiny.height) == SMALLEST
