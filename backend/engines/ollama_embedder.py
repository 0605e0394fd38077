"""An embedding model of the user's own Ollama.

Asked with `truncate: false`, so that Ollama refuses a text that is longer than the model reads instead of cutting it in
silence. Such a text is then sent alone and cut, and counted in `cut`: who asks can say so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from backend.engines.embedding import prefixes
from backend.engines.ollama import address_of
from backend.errors import EngineError, EngineUnavailable, GenerationError, ModelNotFound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backend.engines.transport import Upstream

BATCH: Final = 16
"""Texts in one request. Peers send one; more only makes a cancel wait longer, since Ollama reads them one by one."""

BATCH_SECONDS: Final = 300.0
"""A large model on a slow processor, loaded from a slow disk."""

QUERY_SECONDS: Final = 8.0
"""Somebody waits, and the words alone find a good deal."""

PAUSE_SECONDS: Final = 20.0
"""After a question that got no answer in time, how long the next ones do not wait for one."""

TOO_LONG: Final = "exceeds the context length"


class OllamaEmbedder:
    """See `Embedding`. `host`: as OLLAMA_HOST is written, asked at each request. `count`: of the built-in embedder."""

    remote = True

    def __init__(
        self,
        host: Callable[[], str],
        model: str,
        name: str,
        dimensions: int,
        *,
        count: Callable[[Sequence[str]], list[int]],
        told_cut: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.name = name
        self.dimensions = dimensions
        self.count = count
        self.loaded = False
        self._host = host
        self._model = model
        self._told_cut = told_cut
        self._prefixes = prefixes(model)
        self._lock = threading.Lock()
        self._asked: set[Upstream] = set()
        self._pause_until = 0.0
        self._closed = False

    def load(self) -> None:
        """Ollama loads a model when it is asked something; until then its memory is for the model that chats."""

    def close(self) -> None:
        """Ends requests under way, from any thread; nothing can be asked afterwards."""
        with self._lock:
            self._closed = True
            asked = list(self._asked)
        for upstream in asked:
            upstream.close()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._all(texts, self._prefixes.passage)

    def embed_batches(
        self, texts: Sequence[str], wanted: Callable[[int], bool] = lambda _: True
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        for first in range(0, len(texts), BATCH):
            rows = [row for row in range(first, min(first + BATCH, len(texts))) if wanted(row)]
            if rows:
                yield rows, self._batch([self._prefixes.passage + texts[row] for row in rows])

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._all(texts, self._prefixes.question)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        if time.monotonic() < self._pause_until:
            raise self._silent()
        asked = time.monotonic()
        try:
            # The rest of a question that is longer than the model reads is cut: its words are searched whole.
            answer = self._ask([self._prefixes.question + text], QUERY_SECONDS, truncate=True)
        except EngineUnavailable:
            # One that refuses at once may be there at the next question.
            if time.monotonic() - asked > QUERY_SECONDS / 2:
                self._pause_until = time.monotonic() + PAUSE_SECONDS
            raise
        vector: NDArray[np.float32] = self._checked(answer, 1)[0]
        return vector

    # --- inside ---

    def _all(self, texts: Sequence[str], prefix: str) -> NDArray[np.float32]:
        import numpy as np

        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        starts = range(0, len(texts), BATCH)
        return np.concatenate(
            [self._batch([prefix + text for text in texts[first : first + BATCH]]) for first in starts]
        )

    def _batch(self, texts: list[str]) -> NDArray[np.float32]:
        import numpy as np

        answer = self._ask(texts, BATCH_SECONDS, truncate=False)
        if answer is not None:
            return self._checked(answer, len(texts))
        if len(texts) > 1:
            return np.concatenate([self._batch([text]) for text in texts])
        self._told_cut(1)
        return self._checked(self._ask(texts, BATCH_SECONDS, truncate=True), 1)

    def _ask(self, texts: list[str], seconds: float, *, truncate: bool) -> Any:
        """The vectors as they came; None where a text is too long, which it never is with `truncate`."""
        import httpx
        from pydantic_core import from_json

        from backend.engines import transport
        from backend.engines.transport import Upstream

        upstream = Upstream()
        with self._lock:
            if self._closed:
                raise self._silent()
            self._asked.add(upstream)
        try:
            body = {"model": self._model, "input": texts, "truncate": truncate}
            with transport.client(self._address, read_seconds=seconds) as http:
                response = http.post("/api/embed", json=body, extensions={"upstream": upstream})
            said = from_json(response.content)
        except (httpx.HTTPError, OSError) as error:
            raise self._silent() from error
        except ValueError as error:
            raise self._failed("it answered with something that is not JSON") from error
        finally:
            with self._lock:
                self._asked.discard(upstream)
        if response.status_code == 200:
            return said.get("embeddings") if isinstance(said, dict) else []
        words = str(said.get("error", "")) if isinstance(said, dict) else ""
        if response.status_code == 400 and TOO_LONG in words and not truncate:
            return None
        raise self._refused(response.status_code, words)

    def _checked(self, answer: Any, count: int) -> NDArray[np.float32]:
        """Whole, finite, of the width that the table has, and of length 1."""
        import numpy as np

        try:
            vectors: NDArray[np.float32] = np.asarray(answer, dtype=np.float32)
        except (ValueError, TypeError) as error:
            raise self._failed("it answered with something that is not a vector") from error
        if vectors.ndim != 2 or vectors.shape[0] != count:
            raise self._failed("it answered with something that is not a vector for each text")
        if self.dimensions and vectors.shape[1] != self.dimensions:
            raise GenerationError(
                f"{self._model} gives vectors of {vectors.shape[1]} numbers now, and the documents were embedded with "
                f"{self.dimensions}: the model in Ollama is another one. Choose the embedder again in the settings.",
                "embedder_other",
                model=self._model,
                found=int(vectors.shape[1]),
                dimensions=self.dimensions,
            )
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or not norms.all():
            raise self._failed("it answered with a vector without a direction")
        self.loaded = True
        self._pause_until = 0.0
        normal: NDArray[np.float32] = vectors / norms
        return normal

    @property
    def _address(self) -> str:
        return address_of(self._host())

    def _refused(self, status: int, words: str) -> EngineError:
        if status == 404:
            return ModelNotFound(
                f"The embedder {self._model} is not in Ollama any more. Pull it again, or choose another one in the "
                "settings.",
                "embedder_gone",
                model=self._model,
            )
        return self._failed(words.strip().rstrip(".") or f"it answered with {status}")

    def _failed(self, words: str) -> GenerationError:
        return GenerationError(
            f"{self._model} could not embed a text: {words}. Try again, or choose another embedder in the settings.",
            "embedder_failed",
            model=self._model,
            words=words,
        )

    def _silent(self) -> EngineUnavailable:
        return EngineUnavailable(
            f"The embedder {self._model} runs in Ollama, which does not answer at {self._address}. Start Ollama, or "
            "choose the built-in embedder in the settings.",
            "embedder_silent",
            model=self._model,
            address=self._address,
        )
