"""Names that are safe to show."""

from __future__ import annotations

import pytest

from backend.services.filenames import shown_name


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\x.docx", "x.docx"),
        ("folder/inner/a b.txt", "a b.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("line\nbreak\x00\x07.txt", "linebreak.txt"),
        ("Zu\u0308rich.txt", "Zürich.txt"),
        ("  ", "unnamed"),
        ("..", "unnamed"),
        ("\udcff.txt", "?.txt"),
    ],
)
def test_only_the_name_itself_remains(given: str, shown: str) -> None:
    assert shown_name(given) == shown


def test_a_long_name_keeps_its_suffix_and_whole_letters() -> None:
    name = shown_name("ü" * 300 + ".pdf")
    assert len(name.encode()) <= 255
    assert name.endswith("ü.pdf")
