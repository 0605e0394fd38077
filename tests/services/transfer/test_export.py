"""What goes out reads well in every format, harms nobody, and our own JSON comes back as it was."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import psutil
import pytest

from backend.services import child
from backend.services.events import ImportDone
from backend.services.transfer import export
from backend.services.transfer.as_markdown import escape
from backend.services.transfer.export import Exporter
from backend.services.transfer.imports import import_file
from backend.services.transfer.naming import disposition, file_name
from backend.services.transfer.prose import Code, Listing, Paragraph, Table, blocks, text_of
from backend.services.transfer.rendering import Format
from backend.stores.conversations import Conversations
from backend.stores.database import Database
from backend.stores.imports import ImportedConversation, ImportedMessage, Imports
from backend.stores.pictures import Pictures
from tests.services.transfer.test_imports import WRONG, paths

TIME = "2024-05-06T07:08:09.000+00:00"
ANSWER = """# Towers

The **Eiffel** Tower is *330 m* high [1], see [its page](https://example.org/tower?a=1&b=2).

3. iron
4. rivets
   - small
   - many

```python
print("<height>" + str(330))
```

| Name | Height |
|------|-------:|
| Eiffel | 330 |
| Šiška, Ελλάδα, Москва | 1 |

> quoted
"""
SOURCES = [
    {
        "number": 1,
        "passage_id": "p1",
        "document_id": "d1",
        "filename": "towers & <more>.pdf",
        "page": 7,
        "heading": ["Heights"],
        "text": "The tower is 330 metres high.",
        "score": 0.75,
        "vector": None,
        "text_match": None,
    }
]
FORMATS: tuple[Format, ...] = ("md", "json", "html", "docx", "pdf")


class Shelf:
    """Conversations to export."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(folder / "db")
        self.conversations = Conversations(self.database)
        self.imports = Imports(self.database)
        self.exporter = Exporter(self.conversations, self.imports, Pictures(self.database))

    def put(self, *messages: ImportedMessage, title: str = "Towers", origin: str = "chatgpt:1") -> str:
        leaf = messages[-1].key if messages else None
        self.imports.add([ImportedConversation(origin, title, TIME, TIME, leaf, messages)])
        return next(one.id for one in self.conversations.listed()[0] if self.imports.origin(one.id) == origin)

    def export(self, identity: str, format: Format) -> bytes:  # noqa: A002
        return self.exporter.one(identity, format).data

    def take(self, data: bytes) -> ImportDone:
        path = self.folder / "arrived"
        path.write_bytes(data)
        done = list(import_file(path, self.imports))[-1]
        assert isinstance(done, ImportDone)
        return done


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def turn(question: str = "How high?", answer: str = ANSWER, **more: Any) -> list[ImportedMessage]:
    more = {"model": "llama3.2:1b", "sources": SOURCES, **more}
    return [
        ImportedMessage("q", None, "user", question, TIME),
        ImportedMessage("a", "q", "assistant", answer, TIME, **more),
    ]


def _inside(data: bytes) -> object:
    """The parts of a Word document, whose zip holds the time; anything else as it is."""
    if data.startswith(b"PK"):
        package = zipfile.ZipFile(io.BytesIO(data))
        return {name: package.read(name) for name in package.namelist()}
    return data


def words_of_pdf(data: bytes) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    return "\n".join(page.get_textpage().get_text_range() for page in document).replace("\r", "")


# --- each format ---


def test_markdown_keeps_the_words_of_the_model_and_names_its_sources(shelf: Shelf) -> None:
    said = shelf.export(shelf.put(*turn()), "md").decode()
    assert said.startswith("# Towers\n\n")
    assert "2024" in said
    assert "## You\n\nHow high?" in said
    assert f"## llama3.2:1b\n\n{ANSWER.strip()}" in said
    assert "[1] **towers & \\<more\\>.pdf, page 7**\n\n> The tower is 330 metres high." in said


@pytest.mark.parametrize(("given", "said"), [(True, "page 7**"), (False, "page 7 (not read by the model)**")])
def test_a_source_that_the_model_had_no_room_for_is_told(shelf: Shelf, given: bool, said: str) -> None:
    sources = [{**SOURCES[0], "given": given}]
    assert said in shelf.export(shelf.put(*turn(sources=sources)), "md").decode()


def test_an_open_code_block_does_not_swallow_what_follows_it(shelf: Shelf) -> None:
    said = shelf.export(shelf.put(*turn(answer="```python\nx = 1", status="stopped")), "md").decode()
    assert "x = 1\n```\n\n*This answer was stopped." in said
    *_, place = [part for part in blocks(said) if isinstance(part, Paragraph) and "towers" in text_of(part.runs)]
    assert text_of(place.runs) == "[1] towers & <more>.pdf, page 7"


def test_html_has_everything_and_nothing_in_it_can_run_or_fetch(shelf: Shelf) -> None:
    evil = (
        "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) [y](data:text/html,z) "
        "![pic](https://evil.example/x.png)\n\n```html\n</code></pre><script>\n```\n\n<style>*{}</style>"
    )
    sources = [{**SOURCES[0], "filename": "<b onclick=x>.pdf", "text": "</q><script>x</script>"}]
    page = shelf.export(
        shelf.put(
            *turn("<img src=x onerror=alert(2)>", ANSWER + evil, sources=sources), title="</title><script>t</script>"
        ),
        "html",
    ).decode()
    tags = set(re.findall(r"<(\w+)", page))
    assert not tags & {"script", "img", "iframe", "object", "link", "base", "form", "svg"}
    assert "b onclick" not in re.sub(r"&lt;.*?&gt;", "", page)
    assert set(re.findall(r'href="([^"]*)"', page)) == {"https://example.org/tower?a=1&amp;b=2"}
    assert "src=" not in re.sub(r"&lt;.*?&gt;", "", page)
    assert (
        'http-equiv="Content-Security-Policy" content="default-src &#x27;none&#x27;' in page
        or "default-src 'none'" in page
    )
    assert "<h3>Towers</h3>" in page
    assert '<ol start="3"><li>iron</li><li>rivets<ul><li>small</li><li>many</li></ul></li></ol>' in page
    assert '<th class="right">Height</th>' in page
    assert "@media print" in page


def test_word_has_real_headings_lists_tables_links_and_code(shelf: Shelf) -> None:
    import docx

    document = docx.Document(io.BytesIO(shelf.export(shelf.put(*turn()), "docx")))
    styled = [(paragraph.style.name, paragraph.text) for paragraph in document.paragraphs]
    assert document.core_properties.title == "Towers"
    assert ("Title", "Towers") in styled
    assert ("Heading 1", "You") in styled
    assert ("Heading 1", "llama3.2:1b") in styled
    assert ("Heading 2", "Towers") in styled
    assert ("List Number", "iron") in styled
    assert ("List Bullet 2", "many") in styled
    assert ("Code", 'print("<height>" + str(330))') in styled
    assert ("Quote", "quoted") in styled
    assert ("Source", "[1] towers & <more>.pdf, page 7") in styled
    assert ("Source Words", "The tower is 330 metres high.") in styled
    (table,) = document.tables
    assert [cell.text for cell in table.rows[0].cells] == ["Name", "Height"]
    assert table.rows[2].cells[0].text == "Šiška, Ελλάδα, Москва"
    (link,) = [link for paragraph in document.paragraphs for link in paragraph.hyperlinks]
    assert (link.text, link.address) == ("its page", "https://example.org/tower?a=1&b=2")


def test_each_list_of_a_word_document_counts_from_its_own_start(shelf: Shelf) -> None:
    import docx

    data = shelf.export(shelf.put(*turn(answer="1. a\n2. b\n\ntext\n\n1. c\n\ntext\n\n7. d")), "docx")
    document = docx.Document(io.BytesIO(data))
    numbers = [
        paragraph._p.pPr.numPr.numId.val for paragraph in document.paragraphs if paragraph.style.name == "List Number"
    ]
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 3


def test_pdf_has_the_words_in_latin_greek_cyrillic_and_chinese(shelf: Shelf) -> None:
    import pypdfium2

    data = shelf.export(shelf.put(*turn("Čo je 中文? हिन्दी 🚀")), "pdf")
    words = words_of_pdf(data)
    for part in (
        "Towers",
        "llama3.2:1b",
        "330 m",
        "Šiška, Ελλάδα, Москва",
        "Čo je 中文",
        "[rocket]",
        "towers & <more>.pdf, page 7",
    ):
        assert part in words
    assert 'print("<height>" + str(330))' in words
    assert "not in the fonts of this PDF and stand here as ▯ (Devanagari)" in " ".join(words.split())
    assert pypdfium2.PdfDocument(data).get_metadata_dict()["Title"] == "Towers"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "x" * 30_000,
        "|" + "a|" * 120 + "\n|" + "-|" * 120 + "\n|" + "b|" * 120,
        "| a |\n|---|\n| " + "word " * 6_000 + "|",
        "> " * 40 + "deep",
        "\n".join("  " * n + "- deep" for n in range(40)),
        "- > - > 1. > x\n\n> - a\n>   > b",
        "```\n" + "y" * 2_000 + "\n" * 3_000 + "z\n```",
        "&<>\"' <b> <font color=red>x</font> &amp; &#0; <para>",
        "\x00\x01\x0b\ud800\uffff control",
        "[link](https://e.org/" + "a" * 5_000 + ")",
        "a\u0301\u0302 \u202eturned\u202c \u0645\u0631\u062d\u0628\u0627",
        "0. zero\n1. one\n\n999999999. many",
        "***",
    ],
    ids=range(14),
)
def test_no_answer_breaks_any_format(shelf: Shelf, answer: str) -> None:
    # The store refuses what is no Unicode; the export must not rely on it.
    from backend.services.transfer import as_docx, as_html, as_markdown, as_pdf
    from backend.services.transfer.transcript import Entry, Transcript, clean

    said = Transcript(
        "T",
        "",
        [
            Entry(is_question=True, speaker="You", content=clean(answer)),
            Entry(is_question=False, speaker="m", content=clean(answer), state="stopped"),
        ],
    )
    for render in (as_markdown.render, as_html.render, as_docx.render, as_pdf.render):
        assert len(render(said)) > 10


def test_very_long_answers_come_out_whole(shelf: Shelf) -> None:
    identity = shelf.put(*turn(answer="word " * 100_000 + "the end"))
    for form in ("md", "html"):
        assert b"the end" in shelf.export(identity, form)


def test_how_an_answer_ended_is_said(shelf: Shelf) -> None:
    failed = {"error": "GenerationError", "message": "The engine went away."}
    for number, (status, words) in enumerate(
        [("stopped", "was stopped"), ("interrupted", "was interrupted"), ("failed", "The engine went away.")]
    ):
        error = failed if status == "failed" else None
        identity = shelf.put(*turn(status=status, error=error), origin=f"x:{number}")
        for form in ("md", "html"):
            assert words in shelf.export(identity, form).decode()
        assert words in words_of_pdf(shelf.export(identity, "pdf"))


def test_the_shown_branch_goes_out_and_the_whole_tree_as_json(shelf: Shelf) -> None:
    other = ImportedMessage("b", "q", "assistant", "Another version.", TIME, model="m")
    identity = shelf.put(*turn(), other)
    assert b"Another version." in shelf.export(identity, "md")
    assert b"Eiffel" not in shelf.export(identity, "md")
    assert b"Another version." in shelf.export(identity, "json")
    assert b"Eiffel" in shelf.export(identity, "json")


# --- our own JSON ---


def test_what_is_exported_deleted_and_imported_is_equal(shelf: Shelf) -> None:
    usage = {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "seconds": 1.5,
        "tokens_per_second": 2.0,
        "first_token_seconds": 0.5,
    }
    error = {"error": "GenerationError", "message": "gone"}
    messages = turn(thinking="Hm.", usage=usage)
    messages += [
        ImportedMessage("b", "q", "assistant", "", TIME, status="failed", error=error, model="m"),
        ImportedMessage("q2", "a", "user", "And?", TIME),
        ImportedMessage("c", "q2", "assistant", "So.", TIME, status="interrupted"),
    ]
    identity = shelf.put(*messages, title="All of it  ✓")
    # Made here, so that its ids are ours.
    first = shelf.conversations.get(identity)
    data = shelf.export(identity, "json")
    assert shelf.take(data).report.already_there == 1
    shelf.conversations.delete(identity)
    report = shelf.take(data).report
    assert (report.imported, report.not_understood) == (1, [])
    assert shelf.conversations.get(identity) == first
    # Where it came from is known still.
    assert shelf.imports.origin(identity) == "chatgpt:1"
    assert shelf.take(data).report.already_there == 1


def test_a_zip_of_all_as_json_comes_back(shelf: Shelf) -> None:
    for number in range(5):
        shelf.put(*turn(f"Question {number}"), title="Same title", origin=f"x:{number}")
    data = b"".join(shelf.exporter.all("json"))
    before = {one.id: shelf.conversations.get(one.id) for one in shelf.conversations.listed()[0]}
    for identity in before:
        shelf.conversations.delete(identity)
    assert shelf.take(data).report.imported == 5
    assert {one.id: shelf.conversations.get(one.id) for one in shelf.conversations.listed()[0]} == before


def test_ids_that_are_taken_are_given_anew(shelf: Shelf) -> None:
    identity = shelf.put(*turn())
    stolen = json.loads(shelf.export(identity, "json"))
    (item,) = stolen["conversations"]
    item["id"], item["origin"] = "f" * 32, None
    assert shelf.take(json.dumps(stolen).encode()).report.imported == 1
    both = [shelf.conversations.get(one.id) for one in shelf.conversations.listed()[0]]
    assert len({message.id for conversation in both for message in conversation.messages}) == 4
    assert [len(conversation.messages) for conversation in both] == [2, 2]


def test_wrong_values_anywhere_in_our_own_json_harm_nobody(shelf: Shelf) -> None:
    from backend.api.schemas.conversations import Conversation as Answered

    identity = shelf.put(*turn(thinking="Hm.", usage={"prompt_tokens": 1}))
    good = json.loads(shelf.export(identity, "json"))["conversations"][0]
    shelf.conversations.delete(identity)
    items: list[Any] = []
    for path in paths(good)[1:]:
        for wrong in [*WRONG, "streaming", identity]:
            item = json.loads(json.dumps(good))
            at: Any = item
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = wrong
            if item.get("id") == identity:
                item["id"], item["origin"] = f"{len(items):032x}", None
            items.append(item)
    report = shelf.take(json.dumps({"format": "x", "conversations": items}).encode()).report
    assert report.imported + report.already_there + report.skipped == len(items)
    assert "log has the details" not in " ".join(remark.reason for remark in report.not_understood)
    for found in shelf.conversations.listed(limit=10_000)[0]:
        # As the API would answer with it.
        Answered.model_validate(shelf.conversations.get(found.id), from_attributes=True).model_dump_json()


# --- all of them, and names ---


@pytest.mark.parametrize("form", FORMATS)
def test_a_zip_has_every_conversation_under_a_name_of_its_own_and_an_index(shelf: Shelf, form: Format) -> None:
    for number, title in enumerate(["One", "one", "../../etc/passwd", "CON", "<script>x</script>", "\u202e", "日本"]):
        shelf.put(*turn(), title=title, origin=f"x:{number}")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(shelf.exporter.all(form))))
    assert archive.testzip() is None
    names = archive.namelist()
    assert len({name.casefold() for name in names}) == 8
    assert not any("/" in name or "\\" in name or ".." in name.removesuffix(form) for name in names)
    index = archive.read("index.html").decode()
    assert index.count("<li>") == 7
    assert "<script" not in index


def test_the_zip_comes_in_pieces(shelf: Shelf) -> None:
    for number in range(20):
        shelf.put(*turn(), origin=f"x:{number}")
    pieces = shelf.exporter.all("md")
    assert len(next(pieces)) > 0
    assert len(list(pieces)) == 20


def test_one_that_cannot_be_written_does_not_stop_the_others(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.services.transfer import as_html

    shelf.put(*turn(), title="Good", origin="x:1")
    shelf.put(*turn(), title="Bad", origin="x:2")
    render = as_html.render

    def fail(said: Any) -> bytes:
        if said.title == "Bad":
            raise RuntimeError
        return render(said)

    monkeypatch.setattr(as_html, "render", fail)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(shelf.exporter.all("html"))))
    assert set(archive.namelist()) == {"Good.html", "index.html"}
    assert "Bad: could not be written" in archive.read("index.html").decode()


@pytest.mark.parametrize("form", ["html", "docx", "pdf"])
def test_many_are_rendered_by_other_processes_alike(
    shelf: Shelf, form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        shelf.put(*turn(f"Question {number}"), title=f"Number {number}", origin=f"x:{number}")
    alone = zipfile.ZipFile(io.BytesIO(b"".join(shelf.exporter.all(form))))
    monkeypatch.setattr(export, "MANY", 2)
    pieces = shelf.exporter.all(form)
    first = next(pieces)
    workers = psutil.Process().children()
    together = zipfile.ZipFile(io.BytesIO(first + b"".join(pieces)))
    assert any("spawn_main" in " ".join(worker.cmdline()) for worker in workers)
    assert together.namelist() == alone.namelist()
    assert [_inside(together.read(name)) for name in together.namelist()] == [
        _inside(alone.read(name)) for name in alone.namelist()
    ]


def test_a_worker_that_is_killed_costs_no_conversation(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MANY", 2)
    for number in range(30):
        shelf.put(*turn(), title=f"Number {number}", origin=f"x:{number}")
    pieces = shelf.exporter.all("html")
    data = next(pieces)
    for worker in psutil.Process().children():
        if "spawn_main" in " ".join(worker.cmdline()):
            worker.kill()
    archive = zipfile.ZipFile(io.BytesIO(data + b"".join(pieces)))
    assert len(archive.namelist()) == 31
    assert archive.testzip() is None


def test_workers_end_when_the_download_is_left(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MANY", 2)
    for number in range(30):
        shelf.put(*turn(), title=f"Number {number}", origin=f"x:{number}")
    pieces = shelf.exporter.all("html")
    next(pieces)
    workers = [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())]
    assert workers
    pieces.close()  # type: ignore[attr-defined]
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


def test_workers_end_with_the_program(tmp_path: Path) -> None:
    """Killed in the middle of an export, it leaves no process behind."""
    program = """if __name__ == "__main__":
        import pathlib, sys, time
        from backend.services.transfer import export
        from backend.stores.conversations import Conversations
        from backend.stores.database import Database
        from backend.stores.imports import ImportedConversation, ImportedMessage, Imports
        from backend.stores.pictures import Pictures
        database, time_ = Database(pathlib.Path(sys.argv[1])), "2024-05-06T07:08:09.000+00:00"
        messages = [ImportedMessage("q", None, "user", "Why?", time_)]
        found = [ImportedConversation(f"x:{n}", "T", time_, time_, "q", messages) for n in range(60)]
        Imports(database).add(found)
        pieces = export.Exporter(Conversations(database), Imports(database), Pictures(database)).all("html")
        next(pieces)
        print("begun", flush=True)
        time.sleep(60)
    """
    script = tmp_path / "program.py"
    script.write_text(program, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "db")], stdout=subprocess.PIPE, env=child.environment()
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    workers = [one for one in psutil.Process(process.pid).children() if "spawn_main" in " ".join(one.cmdline())]
    process.kill()
    process.wait(10)
    process.stdout.close()
    assert workers
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("What is RAG?", "What is RAG.md"),
        ("a/b\\c:d*e", "a b c d e.md"),
        ("", "Conversation.md"),
        ("...", "Conversation.md"),
        ("nul", "Conversation nul.md"),
        ("invoice\u202efdp", "invoice fdp.md"),
        ("Žluťoučký kůň", "Žluťoučký kůň.md"),
        ("a\r\nSet-Cookie: x", "a Set-Cookie x.md"),
    ],
)
def test_file_names(title: str, name: str) -> None:
    assert file_name(title, "md") == name


def test_long_names_are_cut_at_a_whole_character() -> None:
    name = file_name("語" * 200, "docx")
    assert len(name.encode()) <= 125
    assert name == "語" * 40 + ".docx"


def test_the_header_of_a_download_names_it_twice() -> None:
    assert disposition("Žlutý “kůň”.md") == (
        "attachment; filename=\"Zluty kun.md\"; filename*=UTF-8''%C5%BDlut%C3%BD%20%E2%80%9Ck%C5%AF%C5%88%E2%80%9D.md"
    )
    assert disposition("語.md").startswith('attachment; filename="Conversation.md"; ')


# --- Markdown as blocks ---


def test_formulas_stay_as_they_were_written() -> None:
    (paragraph,) = blocks(r"So \(a_1 * b_2 * c\) and \[x*y*z\] and $p*q*r$ but $5 and *6* $.")
    assert isinstance(paragraph, Paragraph)
    assert text_of(paragraph.runs) == r"So \(a_1 * b_2 * c\) and \[x*y*z\] and $p*q*r$ but $5 and 6 $."


def test_html_is_text() -> None:
    (paragraph,) = blocks("<b>x</b> <!-- y -->")
    assert isinstance(paragraph, Paragraph)
    assert text_of(paragraph.runs) == "<b>x</b> <!-- y -->"


def test_blocks_of_every_kind() -> None:
    kinds = [type(part) for part in blocks(ANSWER)]
    assert kinds.count(Listing) == kinds.count(Code) == kinds.count(Table) == 1


def test_escaped_titles_read_as_they_are() -> None:
    (heading,) = blocks("# " + escape("*a* [b](c) <d> `e` #"))
    assert text_of(heading.runs) == "*a* [b](c) <d> `e` #"  # type: ignore[union-attr]
