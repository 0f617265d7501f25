"""Links in letters: they work without an account, because they carry what they are for and a signature.

A link is signed with a key that is derived from the seal keys, so the mailer and the api agree without a word.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from libs.common.errors import PermanentFailure
from libs.common.ids import NAMESPACE
from libs.common.sealing import derived_keys

_PURPOSE = b"pressroom links v1"
"""Never changes: links of another meaning take a purpose of their own."""

_MARK_BYTES = 32
MOST_CHARACTERS = 4_000
"""A longer token is not ours, and is not looked at."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What a link is for. `file` names a report, a delivery and a key in the artifact storage; `unsubscribe` an address
    and a schedule, or none for all of them."""

    kind: Literal["file", "unsubscribe"]
    report_id: UUID | None = None
    delivery_id: UUID | None = None
    artifact_key: str = ""
    address: str = ""
    """Whom the letter with the link went to."""
    schedule_id: UUID | None = None
    expires_at: datetime | None = None
    """To the second; None: it never expires."""
    generation: int = 0
    """Letters carry 0. Revoking the links of a delivery ends all before the next generation."""


class LinkForged(PermanentFailure):
    """The token was not made here, or was changed or cut since."""


class LinkExpired(PermanentFailure):
    """The token was good once; `link` says what for."""

    def __init__(self, sentence: str, link: Link) -> None:
        super().__init__(sentence)
        self.link = link


class _Wire(msgspec.Struct, frozen=True, array_like=True):
    """A link as it is packed; a new field comes last and has a default."""

    kind: Literal["f", "u"]
    report_id: UUID | None
    delivery_id: UUID | None
    artifact_key: str
    address: str
    schedule_id: UUID | None
    expires: int | None
    generation: int


_ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")
_DECODER = msgspec.msgpack.Decoder(_Wire)


def mint(keys: str, link: Link) -> str:
    """The token of `link`, safe in a URL and the same whenever it is made; `keys` as in PRESSROOM_SEAL_KEYS."""
    payload = _ENCODER.encode(
        _Wire(
            kind="f" if link.kind == "file" else "u",
            report_id=link.report_id,
            delivery_id=link.delivery_id,
            artifact_key=link.artifact_key,
            address=link.address,
            schedule_id=link.schedule_id,
            expires=None if link.expires_at is None else int(link.expires_at.timestamp()),
            generation=link.generation,
        )
    )
    mark = hmac.digest(derived_keys(keys, _PURPOSE)[0], payload, "sha256")
    return urlsafe_b64encode(mark + payload).decode().rstrip("=")


def read(keys: str, token: str, now: datetime) -> Link:
    """What `token` is for. LinkForged unless one of `keys` signed it, LinkExpired if its time is over."""
    link = _link(_signed(keys, token))
    if link.expires_at is not None and now >= link.expires_at:
        raise LinkExpired(f"This link worked until {link.expires_at:%Y-%m-%d %H:%M} UTC.", link)
    return link


def file_url(public_url: str, token: str) -> str:
    """Where a file with this token is downloaded; a path only if nobody said where the api is reached."""
    return f"{public_url.rstrip('/')}/api/v1/links/{token}"


def link_id(link: Link) -> UUID:
    """The link in the record. One that is made anew, with another time or generation, counts as the same."""
    if link.kind == "unsubscribe":
        return uuid5(link.schedule_id or NAMESPACE, f"unsubscribe:{link.address}")
    return uuid5(link.delivery_id or link.report_id or NAMESPACE, f"file:{link.artifact_key}")


def _signed(keys: str, token: str) -> bytes:
    forged = LinkForged("This link is not complete, or was not made here.")
    if len(token) > MOST_CHARACTERS:
        raise forged
    try:
        signed = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (binascii.Error, UnicodeEncodeError):
        raise forged from None
    # A decoder forgives signs that mean nothing; a token has one spelling only.
    if urlsafe_b64encode(signed).decode().rstrip("=") != token:
        raise forged
    mark, payload = signed[:_MARK_BYTES], signed[_MARK_BYTES:]
    signing = derived_keys(keys, _PURPOSE)
    if not any(hmac.compare_digest(mark, hmac.digest(key, payload, "sha256")) for key in signing):
        raise forged
    return payload


def _link(payload: bytes) -> Link:
    try:
        wire = _DECODER.decode(payload)
    except msgspec.DecodeError as error:
        raise LinkForged(
            "This link was made by another release of Pressroom and cannot be read by this one."
        ) from error
    return Link(
        kind="file" if wire.kind == "f" else "unsubscribe",
        report_id=wire.report_id,
        delivery_id=wire.delivery_id,
        artifact_key=wire.artifact_key,
        address=wire.address,
        schedule_id=wire.schedule_id,
        expires_at=None if wire.expires is None else datetime.fromtimestamp(wire.expires, UTC),
        generation=wire.generation,
    )
