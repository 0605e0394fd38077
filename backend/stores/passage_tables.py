"""The passages in the table that answers, and the same ones in others: one that another embedder is filling, one to go
back to.

Only the table that answers is written to when documents come; in the others a document that changes is deleted, before
it is written. So what another table has of a document is never of an older version: it is whole, or it lacks the end,
or all of it, and `missing` tells what has to be embedded before that table may answer.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from backend.stores import passage_writes
from backend.stores.vectors import TABLE, NewDocument, StoredPassage, Vectors, among, schema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GROUP: Final = 64
"""Documents that are read together."""


class OtherEmbedder(Exception):
    """These vectors are not of the embedder whose table answers: it was changed while they were made."""


class PassageStore(Protocol):
    """What the library needs of the passages: those of one table, or of `PassageTables`."""

    @property
    def exists(self) -> bool: ...

    def open(self) -> None: ...

    def still(self) -> Any:
        """A context with the folder, which nothing writes to while it lasts."""
        ...

    def replace_many(self, documents: Sequence[NewDocument]) -> None: ...

    def delete_many(self, document_ids: Sequence[str]) -> None: ...

    def keep_only(self, document_ids: Callable[[], Iterable[str]]) -> int: ...

    def passages(self, document_id: str, offset: int = 0, limit: int = 100) -> list[StoredPassage]: ...

    def index_of(self, document_id: str, passage_id: str) -> int | None: ...

    def optimize(self) -> None: ...

    def size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Table:
    """`embedder`: the name of what made its vectors; `name`: of the table in the folder."""

    embedder: str
    name: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A document of which a table has the first `has` of `total` passages."""

    document_id: str
    has: int
    total: int

    @property
    def passages(self) -> int:
        return self.total - self.has


class PassageTables:
    """`current` answers. Every method may be called from any thread. Raises DiskFull, ReadOnlyData, DamagedData."""

    def __init__(self, folder: Path, current: Table, others: Iterable[Table] = ()) -> None:
        self._folder = folder
        self._changing = threading.RLock()
        self._opened = {table: self._open(table) for table in (current, *others)}
        self._current = current
        self._watched: list[set[str]] = []

    # --- what the library asks: of the table that answers ---

    @property
    def current(self) -> Vectors:
        return self._opened[self._current]

    @property
    def exists(self) -> bool:
        return self.current.exists

    def open(self) -> None:
        self.current.open()

    @contextmanager
    def still(self) -> Iterator[Path]:
        """As `Vectors.still`, for all tables, which lie in one folder."""
        with self._changing, ExitStack() as stack:
            for table in list(self._opened.values()):
                stack.enter_context(table.still())
            yield self._folder

    def replace_many(self, documents: Sequence[NewDocument]) -> None:
        """As `Vectors.replace_many`. Raises OtherEmbedder, and then nothing was written."""
        with self._changing:
            if any(document.embedder != self._current.embedder for document in documents):
                raise OtherEmbedder
            self._forget([document.document_id for document in documents])
            self.current.replace_many(documents)

    def delete_many(self, document_ids: Sequence[str]) -> None:
        with self._changing:
            self._forget(document_ids)
            self.current.delete_many(document_ids)

    def keep_only(self, document_ids: Callable[[], Iterable[str]]) -> int:
        with self._changing:
            for table in self._others():
                table.keep_only(document_ids)
            return self.current.keep_only(document_ids)

    def passages(self, document_id: str, offset: int = 0, limit: int = 100) -> list[StoredPassage]:
        return self.current.passages(document_id, offset, limit)

    def index_of(self, document_id: str, passage_id: str) -> int | None:
        return self.current.index_of(document_id, passage_id)

    def optimize(self) -> None:
        self.current.optimize()

    def size(self) -> int:
        """Bytes of all tables on the disk."""
        return passage_writes.size(self._folder)

    # --- the other tables ---

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No passage comes or goes, and no other table takes over, while the block lasts."""
        with self._changing:
            yield

    def get(self, table: Table) -> Vectors:
        """A table that is taken up with the others, and made when something is written to it."""
        with self._changing:
            if table not in self._opened:
                self._opened[table] = self._open(table)
            return self._opened[table]

    def drop(self, table: Table) -> None:
        """Never the one that answers."""
        with self._changing:
            if table != self._current and table in self._opened:
                self._opened.pop(table).drop()

    def clear_away(self) -> list[str]:
        """Tables in the folder that nobody knows: a crash came between the word and the deed. Their names."""
        known = {table.name for table in self._opened}
        unknown = [path for path in self._folder.glob(f"{TABLE}*.lance") if path.is_dir() and path.stem not in known]
        for path in unknown:
            shutil.rmtree(path, ignore_errors=True)
        return [path.stem for path in unknown]

    def missing(self, table: Table) -> list[Missing]:
        """What it lacks of the passages that answer; what it has of documents that are gone is deleted."""
        other = self.get(table)
        with self._changing:
            wanted = _counts(self.current)
            there = _counts(other)
            gone = [identity for identity, count in there.items() if count > wanted.get(identity, 0)]
            if gone:
                other.delete_many(gone)
                there = {identity: count for identity, count in there.items() if identity not in gone}
        return [
            Missing(identity, there.get(identity, 0), total)
            for identity, total in sorted(wanted.items())
            if total > there.get(identity, 0)
        ]

    @contextmanager
    def watched(self) -> Iterator[set[str]]:
        """The ids of documents that are changed or deleted while the block lasts, as it happens."""
        changed: set[str] = set()
        with self._changing:
            self._watched.append(changed)
        try:
            yield changed
        finally:
            with self._changing:
                self._watched = [other for other in self._watched if other is not changed]

    def rows(self, missing: Sequence[Missing], most: int) -> Any:
        """The next passages that are missing, at most `most`, as an Arrow table: all but their vectors, in order."""
        import pyarrow as pa
        import pyarrow.compute as pc

        chosen: list[Missing] = []
        for one in missing[:GROUP]:
            chosen.append(one)
            if sum(taken.passages for taken in chosen) >= most:
                break
        condition = among([one.document_id for one in chosen])
        columns = [name for name in schema().names if name != "vector"]
        if len(chosen) == 1:
            condition = f"{condition} AND `index` >= {chosen[0].has} AND `index` < {chosen[0].has + most}"
        limit = sum(one.total for one in chosen)
        found = self.current.run(lambda table: table.search().where(condition).select(columns).limit(limit).to_arrow())
        has = {one.document_id: one.has for one in chosen}
        first = pa.array([has[identity] for identity in found["document_id"].to_pylist()], pa.int32())
        found = found.filter(pc.greater_equal(found["index"].combine_chunks(), first))
        return found.sort_by([("document_id", "ascending"), ("index", "ascending")]).slice(0, most)

    def extend(self, table: Table, rows: Any, vectors: NDArray[np.float32], changed: set[str]) -> int:
        """Adds these `rows`, without those of documents that have `changed` meanwhile, in one commit; how many."""
        import pyarrow as pa

        with self._changing:
            other = self._opened.get(table)
            if other is None:
                return 0
            if changed:
                kept = [at for at, identity in enumerate(rows["document_id"].to_pylist()) if identity not in changed]
                rows, vectors = rows.take(pa.array(kept, pa.int64())), vectors[kept]
            if rows.num_rows:
                new = passage_writes.copied(rows, vectors, table.embedder, schema(table.dimensions))
                other.write(lambda opened: opened.add(new))
        return int(rows.num_rows)

    def swap(self, table: Table, commit: Callable[[], None]) -> bool:
        """From now on it answers, if it lacks nothing. `commit` keeps that, in one transaction: where it raises, all
        is as before."""
        with self._changing:
            if table not in self._opened or self.missing(table):
                return False
            commit()
            self._current = table
            return True

    # --- inside ---

    def _open(self, table: Table) -> Vectors:
        return Vectors(self._folder, table.name, table.dimensions)

    def _others(self) -> list[Vectors]:
        return [vectors for table, vectors in self._opened.items() if table != self._current]

    def _forget(self, document_ids: Sequence[str]) -> None:
        for changed in self._watched:
            changed.update(document_ids)
        for other in self._others():
            other.delete_many(document_ids)


def _counts(vectors: Vectors) -> dict[str, int]:
    """Passages by document."""
    if not vectors.exists:
        return {}
    rows = vectors.run(lambda table: table.search().select(["document_id"]).to_arrow())
    return {row["values"]: row["counts"] for row in rows["document_id"].value_counts().to_pylist()}
