"""The Markdown of an answer, as it streams → its finished sentences, with their places and the citations they carry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from backend.pipeline.sentences import END, ends_sentence

CITATION: Final = re.compile(r"[ \t]?\[(\d{1,2}(?:\s*[,;–-]\s*\d{1,2})*)\](?!\()|【(\d{1,2})[^】]{0,20}】")
CITATION_AT_END: Final = re.compile(rf"(?:{CITATION.pattern})\Z")
FENCE: Final = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
HEADING: Final = re.compile(r"[ ]{0,3}#{1,6}(?:\s|$)")
RULE: Final = re.compile(r"\s*(?:[-*_]\s*){3,}$|\s*\|?[\s:|-]+\|[\s:|-]*$")
BULLET: Final = re.compile(r"\s*(?:>\s*)*(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?|\s*(?:>\s*)+")
LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
MARKS: Final = re.compile(r"\*\*|__|~~|`|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
MATH_BLOCK: Final = re.compile(r"\s*(?:\$\$|\\\[)")
LIST_NUMBER: Final = re.compile(r"\d[.):]?")
"""Small models begin lists that they do not go on with; alone it says nothing that could be proved."""

LETTER: Final = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """`start` and `end`: offsets in the Markdown, without list marks at the front and citations at the end.

    `text` is what a reader sees, without marks and citations. `cited`: the numbers of its [1] [2], as written.
    """

    start: int
    end: int
    text: str
    cited: tuple[int, ...]


class AnswerSentences:
    """Takes the answer piece by piece; hands out each sentence once, when it is finished.

    Code, formulas, headings and the header of a table are left out; a row of a table is one sentence.
    """

    def __init__(self) -> None:
        self._text = ""
        self._at = 0
        self._fence = ""
        self._math = False
        self._in_table = False

    @property
    def in_code(self) -> bool:
        """Whether the lines that come now are code or a formula."""
        return bool(self._fence) or self._math

    def feed(self, piece: str) -> list[AnswerSentence]:
        self._text += piece
        return self._take(ended=False)

    def end(self) -> list[AnswerSentence]:
        """What is left, finished or not."""
        return self._take(ended=True)

    def _take(self, *, ended: bool) -> list[AnswerSentence]:
        found: list[AnswerSentence] = []
        while self._at < len(self._text):
            newline = self._text.find("\n", self._at)
            whole = newline >= 0
            if whole and not ended and self._may_be_header(newline):
                break
            if not whole and not ended:
                found.extend(self._unfinished_line())
                break
            end = newline if whole else len(self._text)
            found.extend(self._line(self._at, end))
            self._at = end + 1
        return found

    def _may_be_header(self, newline: int) -> bool:
        """A table's first row, whose next line must be seen before it is known to be its header."""
        row = self._text[self._at : newline].lstrip().startswith("|")
        return row and not self._fence and not self._in_table and "\n" not in self._text[newline + 1 :]

    def _line(self, start: int, end: int) -> list[AnswerSentence]:
        line_start = self._text.rfind("\n", 0, start) + 1
        line = self._text[line_start:end]
        begins = start == line_start
        if self._skips(line, begins=begins):
            return []
        stripped = line.strip()
        if begins and stripped.startswith("|"):
            return self._row(start, end, line)
        self._in_table = False
        if begins and (HEADING.match(line) or RULE.fullmatch(line)):
            return []
        return self._sentences(self._past_bullet(start, end) if begins else start, end, last=True)

    def _skips(self, line: str, *, begins: bool) -> bool:
        """Within code or a block of formulas, or at its edge."""
        fence = FENCE.match(line) if begins else None
        if self._fence:
            if fence and fence[1].startswith(self._fence):
                self._fence = ""
            return True
        if fence:
            self._fence = fence[1]
            return True
        if begins and MATH_BLOCK.match(line):
            closes = line.strip() not in {"$$", "\\["}
            self._math = not self._math and not closes
            return True
        if self._math:
            self._math = not line.strip().endswith(("$$", "\\]"))
            return True
        return False

    def _row(self, start: int, end: int, line: str) -> list[AnswerSentence]:
        if RULE.fullmatch(line):
            self._in_table = True
            return []
        following = self._text[end + 1 :].split("\n", 1)[0]
        if not self._in_table and (not following or RULE.fullmatch(following)):
            return []
        first = start + len(line) - len(line.lstrip())
        return self._sentence(first, end, line.strip().strip("|").replace("|", " ; "))

    def _unfinished_line(self) -> list[AnswerSentence]:
        """The sentences that are complete in a line that still grows."""
        start, end = self._at, len(self._text)
        line_start = self._text.rfind("\n", 0, start) + 1
        line = self._text[line_start:]
        if self._fence or self._math or line.lstrip()[:1] in {"#", "|", "`", "~", "$", "\\", ""}:
            return []
        begins = start == line_start
        if begins and len(line) < 4:
            return []
        return self._sentences(self._past_bullet(start, end) if begins else start, end, last=False)

    def _past_bullet(self, start: int, end: int) -> int:
        bullet = BULLET.match(self._text, start, end)
        return bullet.end() if bullet else start

    def _sentences(self, start: int, end: int, *, last: bool) -> list[AnswerSentence]:
        found: list[AnswerSentence] = []
        at = start
        window = self._text[:end]
        for match in END.finditer(window, start, end):
            if match.start() < at or not ends_sentence(window, match):
                continue
            stop = self._past_citations(match.end(), end)
            if not last and not self._is_settled(stop, end):
                break
            found.extend(self._sentence(at, stop))
            at = stop
        if last:
            found.extend(self._sentence(at, end))
        elif at > start:
            self._at = at
        return found

    def _past_citations(self, at: int, end: int) -> int:
        while match := CITATION.match(self._text, at, end):
            at = match.end()
        return at

    def _is_settled(self, at: int, end: int) -> bool:
        """Whether what follows shows that neither a citation nor the rest of an abbreviation comes."""
        rest = self._text[at:end].lstrip(" ")
        return bool(rest) and rest[0] not in "[【"

    def _sentence(self, start: int, end: int, text: str | None = None) -> list[AnswerSentence]:
        raw = self._text[start:end]
        cited = tuple(
            int(number) for match in CITATION.finditer(raw) for number in re.findall(r"\d+", match[1] or match[2])
        )
        shown = CITATION.sub("", text if text is not None else raw)
        shown = " ".join(MARKS.sub("", LINK.sub(r"\1", shown)).split())
        if not LETTER.search(shown) or LIST_NUMBER.fullmatch(shown):
            return []
        while start < end and self._text[start].isspace():
            start += 1
        trimmed = self._text[start:end].rstrip()
        while trailing := CITATION_AT_END.search(trimmed):
            trimmed = trimmed[: trailing.start()].rstrip()
        return [AnswerSentence(start, start + len(trimmed), shown, cited)]
