"""Where artifacts wait, while messages carry only their names: a folder or a bucket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from libs.common.errors import PermanentFailure, SettingsError, TransientFailure
from libs.common.logs import without_credentials

CHUNK_BYTES = 1024 * 1024

_PLAIN = re.compile(r"(?:[\w-][\w .-]*/)*[\w-][\w .-]*")


class ArtifactStorage:
    """Immutable files by key, in a folder (`var/artifacts`, `file:///…`) or a bucket (`s3://bucket/prefix`).

    A key is visible only once its file is complete. Credentials of a bucket come from its usual environment
    variables or machine role. Failures: PermanentFailure for a missing file, TransientFailure if the storage is away.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._store: ObjectStore = _open(url)

    def put_file(self, key: str, path: Path) -> None:
        """Store the file at `path` under `key`."""
        with _failures(key):
            obstore.put(self._store, key, path)

    def take_file(self, key: str, path: Path) -> None:
        """Store the file at `path` under `key`; it may be gone from there then.

        In a folder on the same disk it is only given its place, which costs a fifth of writing it again.
        """
        if not isinstance(self._store, LocalStore) or not _is_plain(key):
            self.put_file(key, path)
            return
        target = Path(str(self._store.prefix), key)
        try:
            _move(path, target)
        except OSError:  # on another disk, say
            self.put_file(key, path)

    def put(self, key: str, content: bytes) -> None:
        """Store a small file under `key`."""
        with _failures(key):
            obstore.put(self._store, key, content)

    def read(self, key: str) -> bytes:
        """The whole file."""
        return b"".join(self.stream(key))

    def stream(self, key: str) -> Iterator[bytes]:
        """The file in pieces of about a megabyte."""
        with _failures(key):
            try:
                for piece in obstore.get(self._store, key).stream(min_chunk_size=CHUNK_BYTES):
                    yield bytes(piece)
            except (NotFoundError, FileNotFoundError) as error:
                raise PermanentFailure(f"The file {key} is no longer in the artifact storage.") from error

    def stream_part(self, key: str, start: int, length: int) -> Iterator[bytes]:
        """The bytes of the file from `start` on, `length` of them, in pieces; nothing else of it is read."""
        with _failures(key):
            try:
                found = obstore.get(self._store, key, options={"range": (start, start + length)})
                for piece in found.stream(min_chunk_size=CHUNK_BYTES):
                    yield bytes(piece)
            except (NotFoundError, FileNotFoundError) as error:
                raise PermanentFailure(f"The file {key} is no longer in the artifact storage.") from error

    def delete(self, key: str) -> None:
        """Remove the file; one that is gone already is fine."""
        with _failures(key), suppress(NotFoundError, FileNotFoundError):
            obstore.delete(self._store, key)

    def delete_under(self, folder: str) -> None:
        """Remove every file whose key begins with `folder` and a slash; others may do the same beside us."""
        with _failures(folder):
            found = [one["path"] for chunk in obstore.list(self._store, prefix=folder) for one in chunk]
        for key in found:
            self.delete(key)

    def has(self, key: str) -> bool:
        """Whether there is such a file."""
        with _failures(key):
            try:
                obstore.head(self._store, key)
            except (NotFoundError, FileNotFoundError):
                return False
            return True

    def ping(self) -> None:
        """Raise a TransientFailure unless the storage answers."""
        if isinstance(self._store, LocalStore) and not Path(str(self._store.prefix)).is_dir():
            raise TransientFailure(f"The artifact folder {self._store.prefix} is gone.")
        with _failures():
            next(iter(obstore.list(self._store, chunk_size=1)), None)


def _move(path: Path, target: Path) -> None:
    try:
        path.replace(target)
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)


def _is_plain(key: str) -> bool:
    """Whether the key reads the same as a path: the store gives some characters another spelling."""
    return _PLAIN.fullmatch(key) is not None


def _open(url: str) -> ObjectStore:
    try:
        if "://" not in url:
            return LocalStore(str(Path(url).absolute()), mkdir=True, automatic_cleanup=True)
        if url.startswith("file://"):
            return LocalStore(url.removeprefix("file://"), mkdir=True, automatic_cleanup=True)
        return from_url(url)
    except (BaseError, OSError, ValueError) as error:
        raise SettingsError(
            f"PRESSROOM_ARTIFACTS_URL names no folder or bucket that can be used: {_first_line(error)}"
        ) from error


@contextmanager
def _failures(key: str = "") -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise PermanentFailure(f"{key!r} cannot be the name of a file in the artifact storage.") from error
    except (BaseError, OSError) as error:
        raise TransientFailure(f"The artifact storage did not answer as it should: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return without_credentials(text.splitlines()[0])
