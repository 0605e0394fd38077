"""Passages: within the embedder's reach, never across a heading, and exactly where they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from backend.engines.embedder import Embedder
from backend.pipeline.chunk import JOINT, MOST, TARGET, Passage, chunk, title_of, with_heading
from backend.pipeline.readers import Block, read
from tests.conftest import ROOT


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def passages(*blocks: Block) -> list[Passage]:
    found = list(chunk([blocks], words))
    document = JOINT.join(block.text for block in blocks)
    assert all(document[passage.start : passage.end] == passage.text for passage in found)
    return found


def paragraph(count: int, *heading: str, page: int | None = None, end: str = ".") -> Block:
    return Block(" ".join(["word"] * (count - 1) + ["last" + end]), "paragraph", page, heading)


def test_short_paragraphs_of_a_section_share_a_passage() -> None:
    assert len(passages(paragraph(50), paragraph(60), paragraph(70))) == 1


def test_a_passage_stops_at_the_target() -> None:
    found = passages(*[paragraph(90) for _ in range(4)])
    assert [words([passage.text])[0] for passage in found] == [180, 180]


def test_a_passage_never_crosses_a_heading() -> None:
    found = passages(Block("A", "heading"), paragraph(20, "A"), Block("B", "heading"), paragraph(20, "B"))
    assert [passage.heading for passage in found] == [("A",), ("B",)]
    assert not any("A" in passage.text for passage in found)


def test_a_heading_with_nothing_under_it_is_found_all_the_same() -> None:
    found = passages(Block("Part", "heading"), Block("Inner", "heading", heading=("Part",)), Block("End", "heading"))
    assert [passage.text for passage in found] == ["Inner", "End"]


def test_a_long_paragraph_is_cut_at_sentence_ends() -> None:
    found = passages(Block(" ".join([("word " * 99 + "last.")] * 5), "paragraph"))
    assert len(found) == 3
    assert all(passage.text.endswith("last.") for passage in found)


def test_a_long_sentence_is_cut_between_words() -> None:
    found = passages(Block("word " * 1000 + "last", "paragraph"))
    assert all(words([passage.text])[0] <= MOST for passage in found)
    assert sum(words([passage.text])[0] for passage in found) == 1001


def test_the_page_is_where_the_passage_begins() -> None:
    assert [passage.page for passage in passages(paragraph(30, page=3), paragraph(30, page=4))] == [3]


def test_a_long_heading_path_leaves_room_for_the_text() -> None:
    path = ("outer " * 50, "inner " * 40)
    (found,) = passages(paragraph(100, *path))
    assert found.heading == (path[1],)


def test_a_table_that_fits_stays_whole() -> None:
    table = "Name | Price\n" + "\n".join(f"item {number} | {number} euro" for number in range(20))
    assert [passage.text for passage in passages(Block(table, "table"))] == [table]


def test_a_long_table_is_cut_between_rows_and_each_part_knows_the_header() -> None:
    rows = [f"item {number} of stock | {number} euro" for number in range(100)]
    found = passages(paragraph(5), Block("Name | Price\n---|---\n" + "\n".join(rows), "table"), paragraph(5, end="!"))
    parts = [passage for passage in found if passage.kind == "table"]
    assert parts[0].heading == ()
    assert parts[0].text.startswith("Name | Price")
    assert {passage.heading for passage in parts[1:]} == {("Name | Price",)}
    assert [row for passage in parts for row in passage.text.split("\n")][2:] == rows
    assert all(words([passage.text])[0] + 3 <= MOST for passage in parts)
    assert found[-1].heading == ()
    assert found[-1].text.endswith("last!")


def test_long_code_is_cut_before_definitions() -> None:
    body = "\n".join(f"    step {number} of work" for number in range(20))
    code = "\n\n".join(f"def part{number}():\n{body}" for number in range(6))
    found = passages(Block(code, "code"))
    assert len(found) > 2
    assert all(passage.text.startswith("def part") for passage in found)


def test_a_long_definition_is_cut_between_lines_and_keeps_its_indentation() -> None:
    code = "def part():\n" + "\n".join(f"    step {number} of the work" for number in range(200))
    found = passages(Block(code, "code"))
    assert all(passage.text.startswith("    step") for passage in found[1:])


@pytest.mark.parametrize("stop", ["。", "।", "؟"])
def test_sentences_of_other_scripts_are_whole(stop: str) -> None:
    gap = "" if stop == "。" else " "
    sentence = "字" * 29 + stop
    block = Block(gap.join([sentence] * 20), "paragraph")
    found = list(chunk([[block]], lambda texts: [len(text) for text in texts]))
    assert len(found) > 2
    assert all(passage.text.endswith(stop) and passage.text.startswith("字") for passage in found)


def test_the_title_of_a_document_is_what_its_name_says() -> None:
    assert title_of("Rental_contract-2024.final.pdf", words) == "Rental contract 2024 final"
    assert title_of("20240131.pdf", words) == ""
    assert title_of("word " * 40 + ".txt", words) == ""
    assert with_heading(["Part"], "text", "Contract") == "Contract › Part\ntext"
    assert with_heading(["Contract"], "text", "Contract") == "Contract\ntext"


def test_room_is_left_for_the_title() -> None:
    found = list(chunk([[paragraph(1000)]], words, "one two three four five"))
    assert all(
        words([with_heading(passage.heading, passage.text, "one two three four five")])[0] <= MOST for passage in found
    )


@pytest.mark.parametrize("file", ["DA-1p.pdf", "norwich-city.txt", "csv-with-long-lines.csv", "ideas-page.html"])
def test_no_passage_of_a_real_file_is_cut_by_the_embedder(shared: Path, file: str) -> None:
    embedder = Embedder(ROOT / "models")
    batches = [batch.blocks for batch in read(shared / "corpus" / file, file)]
    found = list(chunk(batches, embedder.count))
    sizes = embedder.count([with_heading(passage.heading, passage.text) for passage in found])
    assert max(sizes) <= 254
    assert sorted(sizes)[len(sizes) // 2] > TARGET / 2, "most passages should be near the target"
    document = JOINT.join(block.text for blocks in batches for block in blocks)
    assert all(document[passage.start : passage.end] == passage.text for passage in found)
    body = "".join(block.text for blocks in batches for block in blocks if block.kind != "heading")
    assert "".join(body.split()) == "".join("".join(passage.text for passage in found).split()), "no letter is lost"
