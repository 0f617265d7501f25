"""All files of a report in one archive, for letters that would be too large without it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from typing import IO

from libs.common.messages import Artifact, DeliverReport
from libs.common.storage import ArtifactStorage
from services.mailer.files import pieces_of
from services.mailer.headers import filename_of, one_line, safe_filename

MOST_SHRUNK = 20
"""Text of reports shrinks to a tenth or so; what would have to shrink to less than a twentieth is not tried."""

MEDIA_TYPE = "application/zip"

_COMPRESSED = frozenset({"xlsx", "pdf", "parquet", "zip"})
"""Formats that are compressed already."""

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_FEWEST = 3


class TooLarge(Exception):
    """The archive grew larger than it may be."""


def may_help(artifacts: Sequence[Artifact], most_bytes: int) -> bool:
    """Whether an archive of `artifacts` could have at most `most_bytes`."""
    fixed = sum(one.size_bytes for one in artifacts if not _shrinks(one))
    rest = sum(one.size_bytes for one in artifacts if _shrinks(one))
    return bool(rest) and fixed + rest / MOST_SHRUNK <= most_bytes


def is_archive(artifacts: Sequence[Artifact]) -> bool:
    """Whether there is one file, which is an archive already."""
    return len(artifacts) == 1 and artifacts[0].format == "zip"


def write_archive(command: DeliverReport, storage: ArtifactStorage, file: IO[bytes], most_bytes: int) -> None:
    """Write the archive of the command's files to `file`, in bounded memory.

    The same files make the same bytes. TooLarge as soon as it has more than `most_bytes`; PermanentFailure and
    TransientFailure as reading from the storage does.
    """
    names = _names(command.artifacts)
    with zipfile.ZipFile(file, "w") as archive:
        for artifact, name in zip(command.artifacts, names, strict=True):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED if _shrinks(artifact) else zipfile.ZIP_STORED
            entry.external_attr = 0o644 << 16
            entry.file_size = artifact.size_bytes
            with archive.open(entry, "w") as target:
                for piece in pieces_of(storage, artifact):
                    target.write(piece)
                    if file.tell() > most_bytes:
                        raise TooLarge
    if file.tell() > most_bytes:
        raise TooLarge


def archive_name(command: DeliverReport) -> str:
    """What the archive is called: as its files are, as far as they agree, or as the report."""
    stems = [filename_of(artifact).rpartition(".")[0] for artifact in command.artifacts]
    common = os.path.commonprefix(stems).rstrip(" .-_")
    name = common if len(common) >= _FEWEST else one_line(command.title)
    return safe_filename(f"{name}.zip", otherwise="report.zip")


def _shrinks(artifact: Artifact) -> bool:
    return artifact.format not in _COMPRESSED and artifact.media_type != "application/gzip"


def _names(artifacts: Sequence[Artifact]) -> list[str]:
    """A name for each file, none of them twice."""
    names: dict[str, None] = {}
    for artifact in artifacts:
        name = wanted = filename_of(artifact)
        count = 1
        while name in names:
            count += 1
            name = f"{count}-{wanted}"
        names[name] = None
    return list(names)
