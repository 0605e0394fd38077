"""The conversations of a JSON file, one after the other, without the file ever being in memory as a whole.

A list is read item by item; of an object, the list under "conversations". Python's own decoder is given a window of
the text and widens it until an item is whole: it reads 100 MB/s, so that a library for it would be the slower part.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, Final, Protocol

from backend.errors import InvalidRequest

WINDOW: Final = 512 * 1024
MOST_ITEM: Final = 96 * 1024**2
"""Characters of one conversation; no person wrote a longer one, and it is what has to be in memory."""

SPACE: Final = " \t\n\r"
LIST: Final = "conversations"

NOT_JSON: Final = "is not JSON: it is damaged, or another kind of file."
CUT_OFF: Final = "ends in the middle: it was cut off, or is damaged. What came before that is imported."


class Unreadable(InvalidRequest):
    """The file cannot be read from here on. Its message follows the file's name."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def items(file: Readable) -> Iterator[Any]:
    """Raises Unreadable when the text is no JSON, ends early, or an item is too long; OSError as the file does."""
    return _Items(file).read()


class _Items:
    def __init__(self, file: Readable) -> None:
        self._file = file
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._at = 0
        self._ended = False
        self._decoder = json.JSONDecoder(parse_int=_integer, parse_constant=lambda _: None)

    def read(self) -> Iterator[Any]:
        first = self._peek()
        if first == "[":
            self._at += 1
            yield from self._list()
        elif first == "{":
            self._at += 1
            yield from self._object()
        else:
            raise Unreadable(NOT_JSON)
        if self._peek():
            raise Unreadable(NOT_JSON)

    def _list(self) -> Iterator[Any]:
        """What follows a "[", up to its "]"."""
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            if self._either(",", "]") == "]":
                return

    def _object(self) -> Iterator[Any]:
        """The items of the list under LIST; an object without one is an item itself."""
        fields: dict[str, Any] = {}
        listed = False
        if self._peek() == "}":
            self._at += 1
            return
        while True:
            key = self._value()
            if not isinstance(key, str):
                raise Unreadable(NOT_JSON)
            self._expect(":")
            if key == LIST and self._peek() == "[":
                self._at += 1
                listed = True
                yield from self._list()
            else:
                fields[key] = self._value()
            if self._either(",", "}") == "}":
                break
        if not listed:
            yield fields

    def _value(self) -> Any:
        """The next whole value. A number is whole only when something follows it."""
        if not self._peek():
            raise Unreadable(CUT_OFF)
        size = WINDOW
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            except json.JSONDecodeError:
                if self._ended:
                    raise Unreadable(CUT_OFF) from None
            except RecursionError:
                raise Unreadable("is nested deeper than any export. It was read up to there.") from None
            if len(self._text) - self._at > MOST_ITEM:
                raise Unreadable("holds a conversation of more than 96 MB, or is damaged. It was read up to there.")
            self._more(size)
            # Twice as much each time, so that a long item is not begun again a thousand times.
            size *= 2

    def _expect(self, sign: str) -> None:
        self._either(sign, sign)

    def _either(self, one: str, other: str) -> str:
        found = self._peek()
        if not found:
            raise Unreadable(CUT_OFF)
        if found not in (one, other):
            raise Unreadable("is not valid JSON. It was read up to there.")
        self._at += 1
        return found

    def _peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._more(WINDOW)

    def _more(self, size: int) -> None:
        data = self._file.read(size)
        self._ended = not data
        self._text = self._text[self._at :] + self._utf8.decode(data, final=not data)
        self._at = 0


def _integer(digits: str) -> int | float:
    """Python refuses to read a number of thousands of digits, with another error than that for bad JSON."""
    return int(digits) if len(digits) < 30 else float(digits)
