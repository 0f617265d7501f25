"""The files of a report, as they were made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from libs.common.errors import PermanentFailure
from libs.common.messages import Artifact
from libs.common.storage import ArtifactStorage


def pieces_of(storage: ArtifactStorage, artifact: Artifact) -> Iterator[bytes]:
    """The artifact's file in pieces of about a megabyte; at its end a PermanentFailure if it is another one by now."""
    digest = hashlib.sha256()
    for piece in storage.stream(artifact.key):
        digest.update(piece)
        yield piece
    if digest.hexdigest() != artifact.sha256:
        raise PermanentFailure(
            f"The file {artifact.filename} in the artifact storage is not the one that was made: its SHA-256 differs."
        )
