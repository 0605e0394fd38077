"""What the readers' tests share: a file written, its blocks, its refusal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from backend.errors import LocalChatError
from backend.pipeline.readers import Batch, Block, read


def written(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def batches(path: Path, filename: str | None = None, password: str | None = None) -> list[Batch]:
    return list(read(path, filename or path.name, password))


def blocks(path: Path, filename: str | None = None, password: str | None = None) -> list[Block]:
    return [block for batch in batches(path, filename, password) for block in batch.blocks]


def outline(found: Sequence[Block]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(block.kind, block.text, block.heading) for block in found]


def refusal(path: Path, filename: str | None = None) -> LocalChatError:
    with pytest.raises(LocalChatError) as caught:
        batches(path, filename)
    assert str(path.parent) not in caught.value.message
    return caught.value
