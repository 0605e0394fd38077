"""How passages get into LanceDB and out of it: one commit for all documents of a batch, and the cleaning after.

`vectors.py` says what a table is, and calls these under its lock: nothing else writes meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backend.stores.vectors import NewDocument

KEEP_VERSIONS: Final = timedelta(seconds=30)
"""A version that a search is still reading must not be cleaned away under it."""


def rows(documents: Sequence[NewDocument], schema: Any) -> Any:
    """An Arrow table: the columns of a passage by the names of its fields, and what says whose it is."""
    import numpy as np
    import pyarrow as pa

    of = [document for document in documents for _ in document.passages]
    passages = [passage for document in documents for passage in document.passages]
    own: dict[str, Any] = {
        "id": [f"{document.document_id}-{index}" for document in documents for index in range(len(document.passages))],
        "document_id": [document.document_id for document in of],
        "index": [index for document in documents for index in range(len(document.passages))],
        "embedder": [document.embedder for document in of],
    }
    arrays: list[Any] = []
    for column in schema:
        if column.name == "vector":
            width = column.type.list_size
            empty = np.empty((0, width), dtype=np.float32)
            vectors = np.concatenate([empty, *(document.vectors for document in documents)])
            if vectors.shape != (len(passages), width):
                raise ValueError(f"{vectors.shape} vectors for {len(passages)} passages")
            arrays.append(pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), width))
        else:
            values = own.get(column.name) or [getattr(passage, column.name) for passage in passages]
            arrays.append(pa.array(values, column.type))
    return pa.table(arrays, schema=schema)


def replace(table: Any, new: Any, condition: str) -> None:
    """`new` in the place of the rows that meet `condition`, in one commit: a search sees the old or the new."""
    if not table.count_rows(condition):
        if new.num_rows:
            table.add(new)
    elif not new.num_rows:
        table.delete(condition)
    else:
        (
            table.merge_insert("id")
            .when_matched_update_all()
            .when_not_matched_insert_all()
            .when_not_matched_by_source_delete(condition)
            .execute(new)
        )


def optimize(table: Any) -> None:
    # Unverified: what a killed process wrote and never committed. Nobody else writes, so it is nobody's.
    table.optimize(cleanup_older_than=KEEP_VERSIONS, delete_unverified=True)


def size(folder: Path) -> int:
    """Bytes of all files below it."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(path, name)).st_size  # noqa: PTH116, PTH118 - a tenth of Path's time
            except OSError:
                continue  # cleaned away meanwhile
    return total


def copied(rows: Any, vectors: NDArray[np.float32], embedder: str, schema: Any) -> Any:
    """Rows of one table for another: the same passages, with the vectors (len(rows), n) of another embedder."""
    import pyarrow as pa

    made = {
        "embedder": pa.array([embedder] * rows.num_rows, pa.string()),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1]),
    }
    return pa.table([made.get(name) or rows[name] for name in schema.names], schema=schema)
