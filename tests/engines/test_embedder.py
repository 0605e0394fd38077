"""The built-in embedder's counts, held against the tokenizer itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from backend.engines import embedder as embedder_module
from backend.engines.embedder import TOKENIZER_FILE, Embedder
from backend.pipeline.readers import read
from tests.conftest import ROOT

STRANGE = [
    "",
    "   ",
    "two  spaces\nand\r\nline\tbreaks\u2028here\u00a0and\u3000there",
    "joined\x0bby\x0cwhat\x1fis\x85taken\u200bout\ufffd",
    "[SEP] x[MASK]y [CLS][CLS] [ SEP ]",
    "café cafe\u0301 e \u0301 ΟΔΥΣΣΕΥΣ ΟΔΥΣ ΣΕΥΣ İstanbul",
    "我爱北京。天安门 上海 東京タワー ประเทศไทย 한국어",
    "don't e.g. 3,000.50 (a)b—c “quoted” …",
    "x" * 99 + " " + "x" * 100 + " " + "x" * 101,
    "🙂🙂 👩\u200d👩\u200d👧 a\u200db",
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(ROOT / "models" / TOKENIZER_FILE))
    tokenizer.no_truncation()
    return tokenizer


def whole(tokenizer: Tokenizer, text: str) -> int:
    return len(tokenizer.encode(text, add_special_tokens=False).ids)


@pytest.mark.parametrize("text", STRANGE)
def test_a_text_has_the_tokens_of_its_words(tokenizer: Tokenizer, text: str) -> None:
    embedder = Embedder(ROOT / "models")
    expected = whole(tokenizer, text)
    assert embedder.count([text, text]) == [expected, expected]
    assert embedder.count([text]) == [expected], "what is remembered must count the same"


@pytest.mark.parametrize(
    "file", ["UDHR_first_article_all.txt", "korean-text-with-tables.pdf", "example-steelJIS-datasheet.html"]
)
def test_real_texts_of_many_scripts_are_counted_exactly(shared: Path, tokenizer: Tokenizer, file: str) -> None:
    texts = [block.text for batch in read(shared / "corpus" / file, file) for block in batch.blocks]
    assert Embedder(ROOT / "models").count(texts) == [whole(tokenizer, text) for text in texts]


def test_counts_stay_right_when_what_is_remembered_is_dropped(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedder_module, "MOST_WORDS", 3)
    embedder = Embedder(ROOT / "models")
    for text in ("one unquestionable two", "three four unquestionable", "one two antidisestablishment three"):
        assert embedder.count([text]) == [whole(tokenizer, text)]


def test_long_texts_go_in_small_batches_and_short_ones_in_large(tokenizer: Tokenizer) -> None:
    texts = ["tower " * 300] * 6 + ["tower " * 100] * 12 + ["a tower"] * 40
    sizes = [min(whole(tokenizer, text) + 2, 256) for text in texts]
    batches = [rows for rows, _ in Embedder(ROOT / "models").embed_batches(texts)]
    assert sorted(row for rows in batches for row in rows) == list(range(len(texts)))
    assert all(len(rows) * max(sizes[row] for row in rows) <= embedder_module.BATCH_TOKENS for rows in batches)
    assert max(map(len, batches)) == embedder_module.BATCH
