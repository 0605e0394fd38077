"""all-MiniLM-L6-v2 on onnxruntime, in this process: texts → vectors of 384 floats, normalised."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from backend.errors import EngineUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME: Final = "all-MiniLM-L6-v2 int8"
"""Stored beside each vector: vectors of different embedders cannot be compared."""

DIMENSIONS: Final = 384
MOST_TOKENS: Final = 256
BATCH: Final = 16
"""Texts at once: more is not faster on two cores, and a question need not wait longer than one batch."""

BATCH_TOKENS: Final = 1024
"""Of a batch, what it is padded with included: onnxruntime keeps what its largest batch took, 60 MB for four texts of
256 tokens and 210 MB for sixteen, which are no faster."""

MODEL_FILE: Final = "all-MiniLM-L6-v2.int8.onnx"
TOKENIZER_FILE: Final = "all-MiniLM-L6-v2.tokenizer.json"
MARKS: Final = 2
"""Tokens that stand around every text: [CLS] and [SEP]."""

MOST_WORDS: Final = 65_536
"""Words whose tokens are remembered, some 10 MB; a book of 1,200 pages has 44,000."""

MOST_LETTERS: Final = 24
"""Of a word that is remembered: longer ones hardly come again, and in scripts without spaces a word is a sentence."""


class Embedder:
    """Loads on first use (0.2 s and some 100 MB). Every method may be called from any thread.

    Raises EngineUnavailable when the model's files are missing or damaged.
    """

    name = NAME
    dimensions = DIMENSIONS
    remote = False

    def __init__(self, models: Path, threads: int = 2) -> None:
        self._models = models
        self._threads = threads
        self._loading = threading.Lock()
        self._session: Any = None
        self._tokenizer: Any = None
        self._counter: Any = None
        self._sizes: dict[str, int] = {}

    @property
    def loaded(self) -> bool:
        return self._session is not None

    def load(self) -> None:
        with self._loading:
            if self._session is None:
                self._load_tokenizers()
                self._session = self._open_session()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), 384), in the order of `texts`. What is longer than 256 tokens is cut."""
        import numpy as np

        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for rows, part in self.embed_batches(texts):
            vectors[rows] = part
        return vectors

    def embed_batches(
        self, texts: Sequence[str], wanted: Callable[[int], bool] = lambda _: True
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """A batch at a time, the longest texts first: which texts, and (their number, 384).

        wanted: asked of each text before it is embedded.
        """
        self.load()
        codes = self._tokenizer.encode_batch_fast(list(texts))
        # Texts of like length together: a batch is padded to its longest.
        order = sorted(range(len(texts)), key=lambda at: len(codes[at].ids))
        while order:
            most = min(BATCH, max(1, BATCH_TOKENS // max(1, len(codes[order[-1]].ids))))
            rows = [row for row in order[-most:] if wanted(row)]
            del order[-most:]
            if rows:
                yield rows, self._run([codes[row].ids for row in rows])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """(384,)."""
        vector: NDArray[np.float32] = self.embed([text])[0]
        return vector

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As passages: this model makes no difference. (len(texts), 384)."""
        return self.embed(texts)

    def close(self) -> None:
        """Nothing waits for long: it is in this process, and others use it too."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the two marks not counted. Needs the tokenizer only.

        No token reaches over a space (BERT's normalizer looks at single characters, and its pre-tokenizer cuts at
        spaces first), so a text has the tokens of its words, and those of a word are counted once. Spaces and line
        breaks alone are taken for spaces: the other characters that Python takes for some, the normalizer takes out.
        """
        with self._loading:
            self._load_tokenizers()
        split = [text.replace("\n", " ").split(" ") for text in texts]
        sizes = self._sizes
        if len(sizes) > MOST_WORDS:
            sizes = self._sizes = {}
        unknown = [word for word in set().union(*split) if word not in sizes]
        counted = dict(zip(unknown, self._count_words(unknown), strict=True))
        sizes.update((word, size) for word, size in counted.items() if len(word) <= MOST_LETTERS)
        return [sum([counted[word] if word in counted else sizes[word] for word in words]) for words in split]

    def _count_words(self, words: Sequence[str]) -> list[int]:
        return [len(code.ids) for code in self._counter.encode_batch_fast(list(words), add_special_tokens=False)]

    def _run(self, ids: list[list[int]]) -> NDArray[np.float32]:
        import numpy as np

        longest = max(len(row) for row in ids)
        input_ids = np.zeros((len(ids), longest), dtype=np.int64)
        mask = np.zeros_like(input_ids)
        for at, row in enumerate(ids):
            input_ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        result: NDArray[np.float32] = self._session.run(
            ["embedding"], {"input_ids": input_ids, "attention_mask": mask}
        )[0]
        return result

    def _load_tokenizers(self) -> None:
        if self._counter is not None:
            return
        # Imported on first use: half a second that a start without documents need not pay.
        from tokenizers import Tokenizer

        path = self._models / TOKENIZER_FILE
        try:
            content = path.read_text("utf-8")
            self._tokenizer = Tokenizer.from_str(content)
            self._counter = Tokenizer.from_str(content)
        except Exception as error:
            raise _unavailable(path) from error
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.no_padding()
        self._counter.no_truncation()
        self._counter.no_padding()

    def _open_session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # Spinning threads would take the cores from the window between two batches.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = self._models / MODEL_FILE
        try:
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise _unavailable(path) from error


def _unavailable(path: Path) -> EngineUnavailable:
    return EngineUnavailable(
        f"The built-in embedding model cannot be opened ({path.name}), so documents can neither be added nor searched. "
        "Install LocalChat again; `localchat doctor` checks its files.",
        "embedder_missing",
    )
