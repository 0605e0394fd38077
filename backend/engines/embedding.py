"""What makes vectors: one protocol for the built-in embedder and for the user's own, and what well-known models want
to be told before a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Embedding(Protocol):
    """Texts → vectors of length 1. Every method may be called from any thread; closed, those that wait end soon.

    name: stored beside each vector, since those of different embedders cannot be compared. remote: it runs in a program
    that may not be there for a while. loaded: it has been used, so that using it again costs little.

    Raises EngineUnavailable, ModelNotFound, GenerationError.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def remote(self) -> bool: ...

    @property
    def loaded(self) -> bool: ...

    def load(self) -> None: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Passages: (len(texts), dimensions), in the order of `texts`."""
        ...

    def embed_batches(
        self, texts: Sequence[str], wanted: Callable[[int], bool] = ...
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Passages, a batch at a time: which texts, and (their number, dimensions). `wanted` is asked before each."""
        ...

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Questions, which some models read otherwise than passages: (len(texts), dimensions)."""
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """One question that somebody waits for: (dimensions,)."""
        ...

    def close(self) -> None:
        """It is not wanted any more: who waits for it gets an error soon."""
        ...

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, by which passages are cut: those of the built-in embedder, whichever this is."""
        ...


class Prefixes(NamedTuple):
    question: str = ""
    passage: str = ""


FOR_PASSAGES: Final = "Represent this sentence for searching relevant passages: "

PREFIXES: Final[tuple[tuple[str, Prefixes], ...]] = (
    (r"nomic-embed-text", Prefixes("search_query: ", "search_document: ")),
    (r"mxbai-embed", Prefixes(FOR_PASSAGES)),
    (r"bge-(small|base|large)-zh", Prefixes("为这个句子生成表示以用于检索相关文章：")),
    (r"bge-(small|base|large)", Prefixes(FOR_PASSAGES)),
    (r"snowflake-arctic-embed-?2|snowflake-arctic-embed-[lm]-v2", Prefixes("query: ")),
    (r"snowflake-arctic-embed", Prefixes(FOR_PASSAGES)),
    (r"e5-mistral|e5-.*instruct", Prefixes("Instruct: Given a question, retrieve passages that answer it\nQuery: ")),
    (r"(^|[^a-z0-9])e5-", Prefixes("query: ", "passage: ")),
    (r"embeddinggemma", Prefixes("task: search result | query: ", "title: none | text: ")),
    (
        r"qwen3-embedding",
        Prefixes("Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"),
    ),
)
"""By a part of a model's name, the first that fits. Each from the model's own card: nomic-ai/nomic-embed-text-v1.5,
mixedbread-ai/mxbai-embed-large-v1, BAAI/bge-large-en-v1.5 and -zh-v1.5 (bge-m3 wants none), Snowflake/
snowflake-arctic-embed-m and -l-v2.0, intfloat/multilingual-e5-large and -instruct, google/embeddinggemma-300m,
Qwen/Qwen3-Embedding-0.6B. all-minilm, paraphrase-multilingual and granite-embedding want none either."""


def prefixes(model: str) -> Prefixes:
    """For a model by its name, with or without an owner and a tag: what goes before a question and before a passage."""
    name = model.casefold()
    return next((found for pattern, found in PREFIXES if re.search(pattern, name)), Prefixes())
