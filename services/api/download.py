"""Files on their way out: read in pieces, so that their size does not matter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import chain
from urllib.parse import quote

from libs.common.errors import PermanentFailure
from libs.common.storage import ArtifactStorage
from services.api.problems import Refused, conflict, gone, missing, wrong
from services.api.tables import ArtifactRow, ReportRow

_WITHOUT_FILES = {"failed": "failed", "skipped": "was skipped", "cancelled": "was cancelled"}


def chosen(report: ReportRow, format_: str | None, filename: str | None) -> ArtifactRow:
    """The file that is meant; Refused with a sentence if there is none, or not yet, or more than one."""
    if report.phase not in ("generated", "held"):
        if report.phase in _WITHOUT_FILES:
            raise conflict(f"The report has no files, because it {_WITHOUT_FILES[report.phase]}: {report.phase_reason}")
        raise conflict(f"The report has no files yet; it is {report.status}. Ask for its progress and try again.")
    fitting = [
        one
        for one in report.artifacts
        if (format_ is None or one.format == format_) and (filename is None or one.filename == filename)
    ]
    if report.expired_at is not None:
        raise gone(f"The report's files were deleted on {report.expired_at:%Y-%m-%d}, because their time was over.")
    if not fitting:
        raise missing(f"The report has no such file; it has {_listed(report.artifacts)}.")
    if len(fitting) > 1:
        field = "format" if format_ is None else "filename"
        raise wrong(field, f"{field} must say which file is meant; there are {_listed(fitting)}.")
    return fitting[0]


def headers(artifact: ArtifactRow) -> dict[str, str]:
    """What a client needs to keep and to check the file."""
    return {
        "Content-Type": artifact.media_type,
        "Content-Disposition": disposition(artifact.filename),
        "Content-Length": str(artifact.size_bytes),
        "ETag": etag(artifact),
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }


def etag(artifact: ArtifactRow) -> str:
    """The SHA-256 of the file, quoted."""
    return f'"{artifact.sha256}"'


def is_known(if_none_match: str | None, artifact: ArtifactRow) -> bool:
    """True if the client has this very file already."""
    known = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return "*" in known or etag(artifact) in known


def disposition(filename: str) -> str:
    """Content-Disposition (RFC 6266): the name in ASCII for old clients and in UTF-8 (RFC 5987) for the others."""
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\%/;' else "_" for letter in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def pieces(artifacts: ArtifactStorage, key: str) -> Iterator[bytes]:
    """The file in pieces; the first one is read now, so that a missing file can still be answered with a problem."""
    stream = artifacts.stream(key)
    try:
        first = next(stream, b"")
    except PermanentFailure as error:
        raise Refused(HTTPStatus.GONE, str(error)) from error
    return chain([first], stream)


def _listed(artifacts: Sequence[ArtifactRow]) -> str:
    return ", ".join(f"{one.filename} ({one.format})" for one in artifacts) or "none"
