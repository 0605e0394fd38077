"""What the pictures show: a household's papers, what was asked of them, and models as a user of Ollama has them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from backend.stores.conversations import Conversations
from backend.stores.database import Database
from tests.ollama_script import Answer, Model

MODELS = (
    Model(
        "qwen3:8b", ("completion", "tools", "thinking"), 40_960, 4096, "qwen3", 8_190_000_000, "Q4_K_M", 5_225_388_164
    ),
    Model("gemma3:4b", ("completion", "vision"), 131_072, 2560, "gemma3", 4_300_000_000, "Q4_K_M", 3_338_801_804),
    Model(
        "mistral-small:24b", ("completion", "tools"), 32_768, 5120, "llama", 23_600_000_000, "Q4_K_M", 14_333_922_048
    ),
    Model("nomic-embed-text:latest", ("embedding",), 2048, 768, "nomic-bert", 137_000_000, "F16", 274_302_450),
)

PAPERS = {
    "Lease Lindenstrasse 14.md": """# Lease, Lindenstrasse 14

## 3 Term and notice

3.1 The tenancy begins on 1 April 2024.

3.2 It is concluded for a fixed term ending on 31 March 2027. Until that day ordinary notice is excluded for both
parties; the right to terminate for good cause remains unaffected. Thereafter it continues for an indefinite period and
may be ended with three months' notice to the end of a calendar month.

## 5 Rent and deposit

5.1 The rent is 1,450 euros a month, payable in advance by the third working day. The deposit of 2,900 euros is
returned within six months after the keys were given back.
""",
    "Lease Kaiweg 3, storage.md": """# Lease of a storage room, Kaiweg 3

Either party may end the agreement with a notice period of six weeks to the end of a quarter. Early termination by the
tenant costs one month's rent. The rent is 180 euros a month.
""",
    "Service contract, heating.md": """# Service contract, heating

The notice period is three months to the end of the contract year, which ends on 30 September. Notice must be given in
writing; email is not enough. Two visits a year are included.
""",
    "Household costs 2025.csv": "month,rent,heating,power\n"
    + "".join(f"2025-{month:02},1450,{210 - month * 9},{64 + month}\n" for month in range(1, 13)),
    "Water damage, claim 2208.txt": """Claim 2208, water damage of 14 October

The insurer pays 1,120 euros for the floor and 340 euros for the wall. What the landlord's insurance covers is left out
of it. The report of the plumber was sent on 21 October.
""",
}
PDF = "House rules, Lindenstrasse.pdf"
RULES = ("Stairs are cleaned in turns, each Saturday.", "Bicycles stand in the yard.", "From ten at night it is quiet.")
BROKEN = {"Annex B, rent schedule (signed).pdf": b"%PDF-1.7\n1 0 obj\n<< this page was never saved"}

TITLES = (
    ("Lease, Lindenstrasse 14", 0, True),
    ("Freezer alarm chain", 3, True),
    ("When does each lease end?", 0, False),
    ("Cash and covenants", 0, False),
    ("Reply to the insurer, water damage", 1, False),
    ("Ethanol stocks for the field kit", 1, False),
    ("Zebrafish fixation times", 3, False),
    ("Compare the two cleaning offers", 4, False),
    ("Notice to the caretaker", 5, False),
    ("VAT on laboratory gases", 40, False),
    ("Travel rules for field trips", 75, False),
)

QUESTION = "When can I leave each of my contracts, and what does it cost?"


def answer(flat: int, storage: int, heating: int) -> Answer:
    """To the question; the numbers are those of the sources in which it stands."""
    return Answer(
        thinking=("Three contracts. ", "The flat is fixed until 2027, the others have periods of notice."),
        tokens=(
            "## When each contract can end\n\n",
            f"The flat cannot be left by ordinary notice before **31 March 2027** [{flat}]. ",
            f"The storage room can be left earlier, for one month's rent [{storage}].\n\n",
            "| contract | earliest end | notice | cost |\n|---|---|---|---:|\n",
            "| Lindenstrasse 14 | 31 March 2027 | three months | 0 € |\n",
            "| Kaiweg 3 | end of a quarter | six weeks | 180 € |\n",
            "| heating | 30 September | three months | 0 € |\n\n",
            "### What it comes to\n\n",
            "With $m$ months left at a rent of $r$, leaving the flat early would cost at most\n\n",
            "$$\nC = r \\cdot m - \\sum_{i=1}^{m} s_i, \\qquad s_i \\le r\n$$\n\n",
            "where $s_i$ is what a next tenant pays.\n\n",
            "- [x] storage room: write by 15 November\n",
            f"- [ ] heating: in writing, *email is not enough* [{heating}]\n\n",
            "For the calendar:\n\n",
            "```python\ndef last_day(end: date, weeks: int) -> date:\n",
            '    """The day by which notice must have arrived."""\n',
            "    return end - timedelta(weeks=weeks)\n\n\nlast_day(date(2025, 12, 31), 6)  # 19 November\n```\n",
        ),
    )


CONTRACTS = ("Lease Kaiweg 3, storage.md", "Lease Lindenstrasse 14.md", "Service contract, heating.md")
EACH = "When does each contract end, with what notice, and what is the rent?"
COLUMNS = [{"name": "Ends", "kind": "date"}, {"name": "Notice", "kind": "text"}, {"name": "Rent", "kind": "number"}]
ROWS = (
    {
        "Ends": (None, None),
        "Notice": ("a notice period of six weeks to the end of a quarter", "six weeks to the end of a quarter"),
        "Rent": ("The rent is 180 euros a month", "180"),
    },
    {
        "Ends": ("a fixed term ending on 31 March 2027", "2027-03-31"),
        "Notice": ("three months' notice to the end of a calendar month", "three months to the end of a month"),
        "Rent": ("The rent is 1,450 euros a month", "1,540"),
    },
    {
        "Ends": (None, None),
        "Notice": ("The notice period is three months to the end of the contract year", "three months"),
        "Rent": (None, None),
    },
)
"""What the model says of each of `CONTRACTS`; one rent of it is wrong."""

FOLLOW_UP = "And if I find somebody who takes over the flat?"
STREAMING = Answer(
    thinking=("Clause 3.2 leaves good cause. ", "A next tenant is not in it."),
    tokens=("The lease does not say so: it only keeps the right to end it for good cause. ", "Ask the landlord"),
    hang=True,
)
THOUGHT = Answer(tokens=(), thinking=("The lease has a fixed term. ", "I should look for an exception."), hang=True)
HALF = Answer(tokens=("The storage room first: ", "six weeks to the end of"), error="an error was encountered")


def write_papers(folder: Path) -> list[Path]:
    """The papers as files, one of them a PDF; one is broken."""
    folder.mkdir()
    write_pdf(folder / PDF)
    for name, text in PAPERS.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, content in BROKEN.items():
        (folder / name).write_bytes(content)
    return sorted(folder.iterdir())


def write_pdf(path: Path) -> None:
    """A page for each rule of the house."""
    canvas = Canvas(str(path))
    for number, rule in enumerate(RULES, 1):
        canvas.drawString(72, 770, f"House rules, section {number}")
        canvas.drawString(72, 740, rule)
        canvas.showPage()
    canvas.save()


def write_conversations(data: Path) -> None:
    """A sidebar as it looks after some months."""
    store = Conversations(Database(data / "localchat.db"))
    for number, (title, days, pinned) in enumerate(TITLES):
        turn = store.begin_turn(None, None, f"{title}?", model="qwen3:8b", sources=[], title=title)
        store.finish(turn.answer_id, "done", f"What the papers say about it: {title}.", "")
        store.rename(turn.conversation_id, title)
        store.pin(turn.conversation_id, pinned)
        when = (datetime.now(UTC) - timedelta(days=days, minutes=number)).isoformat(timespec="milliseconds")
        with sqlite3.connect(data / "localchat.db") as db:
            db.execute("UPDATE conversations SET updated_at = ? WHERE id = ?", (when, turn.conversation_id))
