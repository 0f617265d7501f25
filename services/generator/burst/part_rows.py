"""The rows of one recipient, in place of the source: their share of what was read for all."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from libs.common.delivering import Part
from libs.common.errors import PermanentFailure
from libs.common.storage import ArtifactStorage
from services.generator.sources.rows import Cut

IN_MEMORY_BYTES = 1 << 20
"""A larger share goes over a file."""


class PartRows:
    """The share of `part` in the answer to the query of this number, as a source would have given it."""

    cut: Cut | None = None

    def __init__(self, part: Part, query: int, artifacts_url: str, folder: Path) -> None:
        if query >= len(part.shares):
            raise PermanentFailure("The rows of this recipient were not kept; ask for the whole burst again.")
        self._key = share_key(part.folder_key, query)
        self._start, self._length = part.shares[query]
        self._storage = ArtifactStorage(artifacts_url)
        self._path = folder / f"part-{query}.arrow"

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The batches; at least one, so that an empty share has its columns too."""
        with self._open() as file, closing(pa.ipc.open_stream(file)) as reader:
            is_empty = True
            for batch in reader:
                is_empty = False
                yield batch
            if is_empty:
                yield pa.RecordBatch.from_arrays(
                    [pa.array([], one.type) for one in reader.schema], schema=reader.schema
                )

    def _open(self) -> io.BytesIO | io.BufferedReader:
        pieces = self._storage.stream_part(self._key, self._start, self._length)
        if self._length <= IN_MEMORY_BYTES:
            return io.BytesIO(b"".join(pieces))
        with self._path.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        return self._path.open("rb")


def share_key(folder_key: str, query: int) -> str:
    """Where in the artifact storage the shares in the answer to a query are."""
    return f"{folder_key}/share-{query}.arrow"
