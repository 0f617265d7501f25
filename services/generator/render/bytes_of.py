"""The bytes of a column of texts."""

from __future__ import annotations

import pyarrow as pa


def bytes_of(text: pa.StringArray) -> memoryview:
    """All texts end to end, in UTF-8: Arrow keeps them so, and nothing is copied."""
    _, offsets, data = text.buffers()
    if data is None or len(text) == 0:
        return memoryview(b"")
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[text.offset] : ends[text.offset + len(text)]]
