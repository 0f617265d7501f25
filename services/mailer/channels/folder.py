"""Folders and buckets: each file appears whole under its name, or not at all.

Doing it again overwrites the same names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError, InvalidPathError, NotFoundError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, ObjectStore, S3Store

from libs.common.drops import Target
from libs.common.errors import PermanentFailure, PressroomError, TransientFailure
from services.mailer.channels.consignment import Consignment
from services.mailer.channels.naming import names_in, receipt_of
from services.mailer.outgoing import Outgoing
from services.mailer.senders import BeforeFinal, Receipt

_FINAL = (PermissionDeniedError, UnauthenticatedError, InvalidPathError, PermissionError, ValueError)
"""What only a person can mend: a wrong key, a folder that is not ours."""
_UPLOADS = 2
"""Parts of a file, of five megabytes each, that are in memory at the same time."""
_SETTING = "PRESSROOM_MAILER_DROP_FOLDER"


async def send_to_folder(
    consignment: Consignment,
    outgoing: Outgoing,
    root: Path,
    before_final: BeforeFinal,  # noqa: ARG001
) -> Receipt:
    """Make one attempt. `root` is the folder that all folders must be in; `before_final` is not called, since doing it
    again does no harm."""
    place, names = consignment.place, names_in(consignment)
    assert place.target is not None
    if place.host:
        await outgoing.addresses(
            place.host, place.port
        )  # refuses an endpoint in a network that is none of its business
    await asyncio.to_thread(_put, consignment, place.target, root, names)
    return receipt_of(consignment, names)


def _put(consignment: Consignment, target: Target, root: Path, names: Sequence[str]) -> None:
    try:
        store = _opened(target, root)
        for name, file in zip(names, consignment.parcel.files, strict=True):
            # In pieces, beside its place or as an upload, and there in one act: nobody ever sees half a file, and what
            # is raised for a wrong one leaves nothing behind.
            obstore.put(store, name, _read_elsewhere(file.pieces()), max_concurrency=_UPLOADS)
    except PressroomError:
        raise
    except (NotFoundError, FileNotFoundError) as error:
        raise PermanentFailure(f"There is no such place as {consignment}.") from error
    except _FINAL as error:
        raise PermanentFailure(f"{consignment} does not take the files: {_why(consignment, error)}") from error
    except (BaseError, OSError) as error:
        raise TransientFailure(f"{consignment} could not take the files: {_why(consignment, error)}") from error


def _read_elsewhere(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, read by a thread of their own: obstore cannot read a file in the thread in which it writes one."""
    with ThreadPoolExecutor(1) as reader:
        while (piece := reader.submit(next, pieces, None).result()) is not None:
            yield piece


def _opened(target: Target, root: Path) -> ObjectStore:
    if not target.bucket:
        return LocalStore(str(_folder(target, root)), mkdir=True)
    given = {"access_key_id": target.key, "secret_access_key": target.secret, "region": target.region}
    options: dict[str, Any] = {name: value for name, value in given.items() if value}
    if target.endpoint:
        options |= {
            "endpoint": target.endpoint,
            "client_options": {"allow_http": target.endpoint.startswith("http://")},
        }
    return S3Store(target.bucket, prefix=target.prefix or None, retry_config={"max_retries": 2}, **options)


def _folder(target: Target, root: Path) -> Path:
    """A relative folder begins at the root; no link leads out of it."""
    root = root.absolute().resolve()
    folder = (root / target.folder).resolve()
    if not folder.is_relative_to(root):
        raise PermanentFailure(
            f"The mailer writes only to folders under its own ({_SETTING}); {target.folder} is none."
        )
    return folder


def _why(consignment: Consignment, error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return consignment.clean(text.splitlines()[0]).rstrip(".") + "."
