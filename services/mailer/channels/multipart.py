"""A request body with a JSON part and files, as a form would send it (RFC 7578), in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

from services.mailer.channels.parcel import Parcel, ParcelFile

_END = b"\r\n"


class Multipart:
    """The part `payload`, and a part `file` for each file of the parcel."""

    def __init__(self, payload: bytes, parcel: Parcel) -> None:
        # The id is in no file but by intent, and a file that holds it all the same holds no line with it.
        self._boundary = f"pressroom-{parcel.id.hex}"
        self._payload = payload
        self._files = parcel.files

    @property
    def media_type(self) -> str:
        """The value of Content-Type."""
        return f"multipart/form-data; boundary={self._boundary}"

    @property
    def size_bytes(self) -> int:
        """The value of Content-Length."""
        heads = sum(len(self._head(file)) + file.size_bytes + len(_END) for file in self._files)
        return len(self._payload_head()) + len(self._payload) + len(_END) + heads + len(self._closing())

    def pieces(self) -> Iterator[bytes]:
        """The body; a file that is not the one that was made raises before its last piece."""
        yield self._payload_head() + self._payload + _END
        for file in self._files:
            yield self._head(file)
            yield from file.pieces()
            yield _END
        yield self._closing()

    def _payload_head(self) -> bytes:
        return self._part('form-data; name="payload"', "application/json")

    def _head(self, file: ParcelFile) -> bytes:
        # As browsers do it: in UTF-8, without filename*, which RFC 7578 does not allow in a form. The name is safe.
        return self._part(f'form-data; name="file"; filename="{file.filename}"', file.media_type)

    def _part(self, disposition: str, media_type: str) -> bytes:
        head = f"--{self._boundary}\r\nContent-Disposition: {disposition}\r\nContent-Type: {media_type}\r\n\r\n"
        return head.encode("utf-8", "replace")

    def _closing(self) -> bytes:
        return f"--{self._boundary}--\r\n".encode()
