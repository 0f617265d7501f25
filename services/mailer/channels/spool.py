"""Files of a parcel on the mailer's own disk, for as long as somebody sends them who needs them there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from services.mailer.channels.parcel import Parcel


@asynccontextmanager
async def spooled(parcel: Parcel) -> AsyncIterator[list[Path]]:
    """The files, whole and checked, in their order and under their own names; they are gone after the block."""
    with TemporaryDirectory(prefix="pressroom-parcel-") as folder:
        yield await asyncio.to_thread(_write, parcel, Path(folder))


def _write(parcel: Parcel, folder: Path) -> list[Path]:
    paths = []
    for number, file in enumerate(parcel.files):
        own = folder / str(number)
        own.mkdir()
        with (own / file.filename).open("wb") as target:
            target.writelines(file.pieces())
        paths.append(own / file.filename)
    return paths
