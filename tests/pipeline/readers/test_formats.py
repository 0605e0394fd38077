"""Each format on files made here: headings, lists, tables, places, titles, attachments."""

from __future__ import annotations

import zipfile
from email.message import EmailMessage
from pathlib import Path

import docx
import pptx
import pytest

from backend.pipeline.readers.blocks import JOINT
from tests.pipeline.readers.reading import batches, blocks, outline, written


def test_docx_styles_lists_tables_notes_and_hidden_parts(tmp_path: Path) -> None:
    document = docx.Document()
    document.core_properties.title = "Tenancy"
    document.add_heading("Lease", 1)
    document.add_paragraph("The tenant pays on the first day of each month.")
    document.add_heading("Rent", 2)
    document.add_paragraph("Cold rent", style="List Bullet")
    document.add_paragraph("Heating", style="List Number")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ("Month", "Rent", "May", "900"), strict=True):
        cell.text = text
    document.add_paragraph().add_run("Repairs and upkeep").bold = True
    document.add_paragraph("Small repairs are the tenant's.")
    document.sections[0].footer.paragraphs[0].text = "Draft of March"
    path = tmp_path / "lease.docx"
    document.save(str(path))
    assert outline(blocks(path)) == [
        ("heading", "Lease", ()),
        ("paragraph", "The tenant pays on the first day of each month.", ("Lease",)),
        ("heading", "Rent", ("Lease",)),
        ("list", "Cold rent", ("Lease", "Rent")),
        ("list", "Heating", ("Lease", "Rent")),
        ("table", "Month | Rent\nMay | 900", ("Lease", "Rent")),
        ("heading", "Repairs and upkeep", ("Lease", "Rent")),
        ("paragraph", "Small repairs are the tenant's.", ("Lease", "Rent", "Repairs and upkeep")),
    ]
    assert batches(path)[0].title == "Tenancy"


def test_docx_pages_follow_its_breaks(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("first")
    document.add_page_break()
    document.add_paragraph("second")
    document.save(str(tmp_path / "a.docx"))
    assert [(block.text, block.page) for block in blocks(tmp_path / "a.docx")] == [("first", 1), ("second", 2)]


def test_pptx_titles_points_tables_and_notes(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = "Year in review"
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Sales"
    slide.placeholders[1].text = "Up by a third\nMost of it abroad"
    grid = slide.shapes.add_table(2, 2, 0, 5_000_000, 3_000_000, 500_000).table
    for at, text in enumerate(("Region", "Share", "Asia", "41")):
        grid.cell(at // 2, at % 2).text = text
    slide.notes_slide.notes_text_frame.text = "Thank the team in Lyon."
    deck.save(str(tmp_path / "deck.pptx"))
    found = blocks(tmp_path / "deck.pptx")
    assert [(block.kind, block.text, block.slide, block.page) for block in found] == [
        ("heading", "Year in review", 1, 1),
        ("heading", "Sales", 2, 2),
        ("list", "Up by a third", 2, 2),
        ("list", "Most of it abroad", 2, 2),
        ("table", "Region | Share\nAsia | 41", 2, 2),
        ("paragraph", "Thank the team in Lyon.", 2, 2),
    ]
    assert found[2].heading == ("Sales",)


def test_xlsx_sheets_rows_titles_and_notes(tmp_path: Path) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(tmp_path / "stock.xlsx"))
    sheet = book.add_worksheet("Stock")
    for number, row in enumerate(
        (
            ["Stock in May"],
            [],
            ["Part", "Bin", "Count"],
            ["Bolt", "A1", 40],
            ["Nut", "B2", 7.5],
            [],
            ["* twice"],
        )
    ):
        sheet.write_row(number, 0, row)
    hidden = book.add_worksheet("Secret")
    hidden.write(0, 0, "not to be seen")
    hidden.hide()
    book.close()
    found = blocks(tmp_path / "stock.xlsx")
    assert [(block.kind, block.text, block.sheet, block.row) for block in found] == [
        ("heading", "Stock in May", "Stock", 1),
        ("table", "Part | Bin | Count\nBolt | A1 | 40\nNut | B2 | 7.5", "Stock", 4),
        ("paragraph", "* twice", "Stock", 7),
    ]
    assert (found[1].rows, found[1].headers, found[1].heading) == ((3, 4, 5), 1, ("Stock", "Stock in May"))


@pytest.mark.parametrize(
    ("name", "delimiter", "encoding"), [("a.csv", ",", "utf-8"), ("a.csv", ";", "latin-1"), ("a.tsv", "\t", "utf-16")]
)
def test_csv_keeps_titles_and_row_numbers(tmp_path: Path, name: str, delimiter: str, encoding: str) -> None:
    rows = [["Name", "City"], ["Zoë Müller", "Zürich"], ["José Núñez", "Cádiz"]]
    text = "\n".join(delimiter.join(row) for row in rows)
    (block,) = blocks(written(tmp_path, name, text.encode(encoding)))
    assert (block.text, block.rows) == ("Name | City\nZoë Müller | Zürich\nJosé Núñez | Cádiz", (1, 2, 3))


def test_a_long_csv_repeats_its_titles_in_every_part(tmp_path: Path) -> None:
    lines = ["id,amount", *(f"row {number},{number * 3}" for number in range(2, 3001))]
    found = blocks(written(tmp_path, "long.csv", "\n".join(lines)))
    assert len(found) > 20
    assert all(block.text.startswith("id | amount\n") for block in found)
    rows = [row for block in found for row in block.rows[1:]]
    assert rows == list(range(2, 3001))


def test_a_wide_row_names_the_title_of_each_of_its_cells(tmp_path: Path) -> None:
    titles = ["label", *(f"measurement number {number}" for number in range(40))]
    text = ",".join(titles) + "\n" + ",".join(["sample", *(str(number * 7) for number in range(40))])
    found = blocks(written(tmp_path, "wide.csv", text))
    holding = next(block for block in found if "measurement number 31: 217" in block.text)
    assert (holding.text.split("\n")[0], holding.row) == ("sample", 2)


def test_html_as_it_is_seen(tmp_path: Path) -> None:
    page = """<html><head><title>Bread</title><style>p {color: red}</style></head><body><nav>Home</nav>
    <h1>Baking <em>bread</em></h1><p>Flour,<br>water</p><ul><li>Knead</li><li>Wait</li></ul>
    <div style="display: none">hidden words</div><script>var secret = 1</script>
    <table><caption>Times</caption><tr><th>Loaf</th><th>Minutes</th></tr><tr><td>Rye</td><td>50</td></tr></table>
    <pre>a  b\n  c</pre><p><b>What to avoid</b></p><p>Heat.</p></body></html>"""
    path = written(tmp_path, "bread.html", page)
    assert outline(blocks(path)) == [
        ("heading", "Baking bread", ()),
        ("paragraph", "Flour,\nwater", ("Baking bread",)),
        ("list", "Knead", ("Baking bread",)),
        ("list", "Wait", ("Baking bread",)),
        ("caption", "Times", ("Baking bread",)),
        ("table", "Loaf | Minutes\nRye | 50", ("Baking bread",)),
        ("code", "a  b\n  c", ("Baking bread",)),
        ("heading", "What to avoid", ("Baking bread",)),
        ("paragraph", "Heat.", ("Baking bread", "What to avoid")),
    ]
    assert batches(path)[0].title == "Bread"


def test_html_items_that_are_written_as_paragraphs(tmp_path: Path) -> None:
    page = "<p>All this means:</p><p>(i) He was late.</p><p>(ii) He knew it.</p><p>(c) 2023 The board</p>"
    found = blocks(written(tmp_path, "a.html", page))
    assert [block.kind for block in found] == ["paragraph", "list", "list", "paragraph"]


def test_html_tells_its_encoding(tmp_path: Path) -> None:
    page = '<meta charset="shift_jis"><p>すべての人間は自由である。</p>'
    assert blocks(written(tmp_path, "a.html", page.encode("shift_jis")))[0].text == "すべての人間は自由である。"


def test_odt_headings_lists_and_tables(tmp_path: Path) -> None:
    content = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
     xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
     xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:text>
     <text:h text:outline-level="1">Garden</text:h><text:p>Sow<text:s/>in<text:tab/>April.</text:p>
     <text:list><text:list-item><text:p>Beans</text:p></text:list-item></text:list>
     <text:p>• Peas</text:p><text:p>•</text:p>
     <table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Bed</text:p></table:table-cell>
     <table:table-cell><text:p>Size</text:p></table:table-cell></table:table-row></table:table-header-rows>
     <table:table-row><table:table-cell><text:p>North</text:p></table:table-cell><table:table-cell><text:p>12</text:p>
     </table:table-cell></table:table-row></table:table></office:text></office:body></office:document-content>"""
    path = tmp_path / "garden.odt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
    assert outline(blocks(path)) == [
        ("heading", "Garden", ()),
        ("paragraph", "Sow in April.", ("Garden",)),
        ("list", "Beans", ("Garden",)),
        ("list", "• Peas", ("Garden",)),
        ("table", "Bed | Size\nNorth | 12", ("Garden",)),
    ]


def test_epub_chapters_come_in_the_order_of_the_spine(tmp_path: Path) -> None:
    path = tmp_path / "book.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="O/p.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "O/p.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
            '<dc:title>Two Tales</dc:title></metadata><manifest><item id="b" href="b%20c.xhtml" '
            'media-type="application/xhtml+xml"/><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
            '</manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
        )
        archive.writestr("O/a.xhtml", "<html><body><h2>One</h2><p>It began.</p></body></html>")
        archive.writestr("O/b c.xhtml", "<html><body><h2>Two</h2><p>It ended.</p></body></html>")
    assert [text for _, text, _ in outline(blocks(path))] == ["One", "It began.", "Two", "It ended."]
    assert batches(path)[0].title == "Two Tales"


def test_rtf_styles_letters_and_tables(tmp_path: Path) -> None:
    source = (
        r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}}"
        r"{\stylesheet{\s0 Normal;}{\s1\b heading 1;}}{\header Page head\par}"
        r"\pard\s1 Caf\'e9\par\pard A \u8364?5 coin{\*\bkmkstart x}.\par {\f1 \'cc\'ee\'f1\'ea\'e2\'e0}\par"
        r"\trowd\pard\intbl Name\cell Age\cell\row\trowd\pard\intbl Ada\cell 36\cell\row\pard End.\par}"
    )
    assert outline(blocks(written(tmp_path, "a.rtf", source))) == [
        ("heading", "Café", ()),
        ("paragraph", "A €5 coin.", ("Café",)),
        ("paragraph", "Москва", ("Café",)),
        ("table", "Name | Age\nAda | 36", ("Café",)),
        ("paragraph", "End.", ("Café",)),
    ]


def test_mail_headers_body_and_attachments(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Günter's offer", "Ann <ann@example.org>", "bob@example.org"
    message.set_content("plain words")
    message.add_alternative("<p>Dear Bob,</p><ul><li>first point</li></ul>", subtype="html")
    message.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="../prices.csv")
    path = written(tmp_path, "offer.eml", bytes(message))
    found = blocks(path)
    assert outline(found) == [
        ("heading", "Günter's offer", ()),
        ("paragraph", "From: Ann <ann@example.org>\nTo: bob@example.org", ("Günter's offer",)),
        ("paragraph", "Dear Bob,", ("Günter's offer",)),
        ("list", "first point", ("Günter's offer",)),
        ("caption", "../prices.csv", ("Günter's offer",)),
    ]
    (attachment,) = [item for batch in batches(path) for item in batch.attachments]
    assert (attachment.name, attachment.data) == ("../prices.csv", b"a,b\n1,2\n")


def test_a_mail_within_a_mail_is_an_attachment_of_its_own(tmp_path: Path) -> None:
    inner, outer = EmailMessage(), EmailMessage()
    inner["Subject"], outer["Subject"] = "Inner", "Outer"
    inner.set_content("the inner words")
    outer.set_content("the outer words")
    outer.add_attachment(inner)
    path = written(tmp_path, "outer.eml", bytes(outer))
    assert "the inner words" not in [block.text for block in blocks(path)]
    (attachment,) = [item for batch in batches(path) for item in batch.attachments]
    assert attachment.name == "Inner.eml"
    assert b"the inner words" in attachment.data


def test_rst_sections_code_and_tables(tmp_path: Path) -> None:
    source = "Top\n===\n\nWords *here*.\n\nSub\n---\n\n- point\n\n::\n\n    x = 1\n\n"
    source += "=== ===\nA   B\n=== ===\n1   2\n=== ===\n"
    assert outline(blocks(written(tmp_path, "a.rst", source))) == [
        ("heading", "Top", ()),
        ("paragraph", "Words here.", ("Top",)),
        ("heading", "Sub", ("Top",)),
        ("list", "point", ("Top", "Sub")),
        ("code", "x = 1", ("Top", "Sub")),
        ("table", "A | B\n1 | 2", ("Top", "Sub")),
    ]


def test_rst_fetches_no_file(tmp_path: Path) -> None:
    written(tmp_path, "secret.txt", "the secret")
    include = f".. include:: {tmp_path / 'secret.txt'}"
    path = written(tmp_path, "a.rst", f"Words.\n\n{include}\n\n.. raw:: html\n\n   <b>x</b>\n")
    assert [block.text for block in blocks(path)] == ["Words."]


def test_org_headlines_sources_and_tables(tmp_path: Path) -> None:
    source = "#+TITLE: Notes\n* TODO Plan :work:\nCall [[https://a.example][Ada]] *soon*.\n** Steps\n- one\n"
    source += "#+begin_src py\nx = 1\n#+end_src\n| a | b |\n|---+---|\n| 1 | 2 |\n"
    assert outline(blocks(written(tmp_path, "a.org", source))) == [
        ("heading", "Notes", ()),
        ("heading", "Plan", ("Notes",)),
        ("paragraph", "Call Ada soon.", ("Notes", "Plan")),
        ("heading", "Steps", ("Notes", "Plan")),
        ("list", "- one", ("Notes", "Plan", "Steps")),
        ("code", "x = 1", ("Notes", "Plan", "Steps")),
        ("table", "a | b\n1 | 2", ("Notes", "Plan", "Steps")),
    ]


def test_markdown_shows_words_and_not_their_marks(tmp_path: Path) -> None:
    source = "---\ntitle: x\n---\n# A *title*\nSee [the **guide**](http://a.example/b_c) and `a*b*c`; "
    source += "snake_case_name, 2 * 3 * 4.\n"
    assert [block.text for block in blocks(written(tmp_path, "a.md", source))] == [
        "A title",
        "See the guide and a*b*c; snake_case_name, 2 * 3 * 4.",
    ]


def test_json_and_xml_tell_names_with_values(tmp_path: Path) -> None:
    data = '{"customer": {"name": "Ada", "tags": ["x", "y"], "open": true}, "orders": [{"id": 7}, {"id": 8}]}'
    assert [(block.text, block.heading) for block in blocks(written(tmp_path, "a.json", data))] == [
        ("name: Ada\ntags: x, y\nopen: true", ("customer",)),
        ("id: 7", ("orders",)),
        ("id: 8", ("orders",)),
    ]
    xml = "<?xml version='1.0'?><shop><item><name>Tea</name><price>4</price></item>"
    xml += "<note>Closed on <b>Sundays</b>.</note></shop>"
    assert [block.text for block in blocks(written(tmp_path, "a.xml", xml))] == [
        "name: Tea\nprice: 4",
        "Closed on Sundays.",
    ]


def test_source_code_keeps_its_lines(tmp_path: Path) -> None:
    source = "def f(x):\n    if x:\n\treturn  1\n\n\nclass A:\n    pass\n"
    found = blocks(written(tmp_path, "a.py", source))
    assert outline(found) == [("code", "def f(x):\n    if x:\n\treturn  1", ()), ("code", "class A:\n    pass", ())]


def test_text_headings_over_what_they_announce(tmp_path: Path) -> None:
    source = "CHAPTER I\n\nIt was a dark and stormy night, and nobody was about.\n\nCHAPTER II\n\nThe morning came.\n"
    found = blocks(written(tmp_path, "a.txt", source))
    assert [(block.kind, block.heading) for block in found] == [
        ("heading", ()),
        ("paragraph", ("CHAPTER I",)),
        ("heading", ()),
        ("paragraph", ("CHAPTER II",)),
    ]


def test_offsets_count_in_the_text_of_the_document(tmp_path: Path) -> None:
    found = blocks(written(tmp_path, "a.md", "# One\ntwo\n\nthree\n"))
    text = JOINT.join(block.text for block in found)
    assert [text[block.start : block.end] for block in found] == ["One", "two", "three"]
