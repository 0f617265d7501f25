"""SFTP: each file is uploaded beside its place and renamed, so nobody there ever reads half a file.

The server proves itself with a key whose fingerprint is part of the destination; any other server is refused before it
hears a password. Doing it again overwrites the same names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import PurePosixPath

import asyncssh

from libs.common.errors import PermanentFailure, PressroomError
from services.mailer.answers import NotNow
from services.mailer.channels.consignment import Consignment
from services.mailer.channels.naming import names_in, receipt_of
from services.mailer.channels.parcel import ParcelFile, in_threads
from services.mailer.outgoing import CONNECT_SECONDS, Outgoing
from services.mailer.senders import BeforeFinal, Receipt

_FINAL = (asyncssh.SFTPNoSuchPath, asyncssh.SFTPNoSuchFile, asyncssh.SFTPPermissionDenied, asyncssh.SFTPInvalidFilename)
"""What only a person can mend."""


async def send_over_sftp(
    consignment: Consignment,
    outgoing: Outgoing,
    before_final: BeforeFinal,  # noqa: ARG001
) -> Receipt:
    """Make one attempt. `before_final` is not called, since doing it again does no harm."""
    names = names_in(consignment)
    keys = await asyncio.to_thread(_keys, consignment)  # a passphrase costs time, as it is meant to
    try:
        async with asyncio.timeout(outgoing.timeout_seconds):
            await _upload(consignment, outgoing, keys, names)
    except PressroomError:
        raise
    except TimeoutError as error:
        raise NotNow(f"{consignment} was not done within {outgoing.timeout_seconds:g} seconds.") from error
    except (asyncssh.Error, OSError) as error:
        raise _failure(consignment, error) from error
    return receipt_of(consignment, names)


async def _upload(
    consignment: Consignment, outgoing: Outgoing, keys: list[asyncssh.SSHKey], names: Sequence[str]
) -> None:
    place = consignment.place
    connection = await asyncssh.connect(
        client_factory=_pinned(place.host_key),
        sock=await outgoing.connected(place.host, place.port),
        username=place.user,
        password=place.password if place.password and not keys else None,
        client_keys=keys or None,
        # Nothing of the mailer's own account speaks for a destination.
        agent_path=None,
        config=None,
        gss_host=None,
        known_hosts=b"",
        login_timeout=CONNECT_SECONDS,
        host=place.host,
    )
    async with connection, connection.start_sftp_client() as sftp:
        for name, file in zip(names, consignment.parcel.files, strict=True):
            await _put(sftp, file, PurePosixPath(place.path) / name, f"{consignment.parcel.id.hex[:12]}.part")


async def _put(sftp: asyncssh.SFTPClient, file: ParcelFile, name: PurePosixPath, mark: str) -> None:
    beside = str(name.with_name(f".{name.name}.{mark}"))
    try:
        async with sftp.open(beside, "wb") as target:
            async for piece in in_threads(file.pieces()):
                await target.write(piece)
        size = (await sftp.stat(beside)).size
        if size != file.size_bytes:
            raise NotNow(f"{name.name} arrived with {size:,} instead of {file.size_bytes:,} bytes.")
        await _rename(sftp, beside, str(name))
    except BaseException:
        with suppress(asyncssh.Error, OSError):
            await sftp.remove(beside)
        raise


async def _rename(sftp: asyncssh.SFTPClient, beside: str, name: str) -> None:
    try:
        await sftp.posix_rename(beside, name)
    except asyncssh.SFTPOpUnsupported:
        # Without that extension of OpenSSH a rename does not replace: for a moment there is no file of that name.
        with suppress(asyncssh.SFTPNoSuchFile):
            await sftp.remove(name)
        await sftp.rename(beside, name)


def _pinned(host_key: str) -> Callable[[], asyncssh.SSHClient]:
    class Pinned(asyncssh.SSHClient):
        def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
            return key.get_fingerprint("sha256") == host_key

    return Pinned


def _keys(consignment: Consignment) -> list[asyncssh.SSHKey]:
    if not consignment.secret:
        return []
    try:
        return [asyncssh.import_private_key(consignment.secret, consignment.place.password or None)]
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise PermanentFailure(
            f"The private key of {consignment} cannot be read; if it has a passphrase, that is the password in its URL."
        ) from error


def _failure(consignment: Consignment, error: Exception) -> PressroomError:
    words = consignment.clean(str(error) or type(error).__name__).rstrip(".")
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return PermanentFailure(f"{consignment} is not the server that it should be: its key has another fingerprint.")
    if isinstance(error, asyncssh.PermissionDenied):
        return PermanentFailure(f"{consignment} does not accept the user, password or key.")
    if isinstance(error, _FINAL):
        return PermanentFailure(f"{consignment} does not take the files: {words}. Folders must be there already.")
    return NotNow(f"{consignment} could not take the files: {words}.")
