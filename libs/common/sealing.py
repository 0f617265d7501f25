"""Secrets travel and rest sealed; only a holder of the key can open them."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from libs.common.errors import PermanentFailure, SettingsError


class Sealer:
    """Seals with the first key and opens with any of them, so that a key can be replaced without a pause.

    `keys` are Fernet keys separated by commas (https://github.com/fernet/spec).
    """

    def __init__(self, keys: str) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.split(",") if key.strip()])
        except ValueError as error:
            raise SettingsError(
                "PRESSROOM_SEAL_KEYS must hold one or more Fernet keys (32 bytes as URL-safe base64), "
                "separated by commas."
            ) from error

    def seal(self, text: str) -> str:
        """`text`, unreadable without the key."""
        return self._fernet.encrypt(text.encode()).decode()

    def reseal(self, sealed: str) -> str:
        """The same text sealed with the first key; a PermanentFailure if it was sealed with another key."""
        return self.seal(self.open(sealed))

    def open_or_none(self, sealed: str) -> str | None:
        """What was sealed, or None if that was done with a key that is lost: entering it again is the cure."""
        try:
            return self.open(sealed)
        except PermanentFailure:
            return None

    def open(self, sealed: str) -> str:
        """The text that was sealed; a PermanentFailure if it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise PermanentFailure(
                "A secret was sealed with a key that is not among PRESSROOM_SEAL_KEYS; "
                "add that key or enter the secret again."
            ) from error


@lru_cache(maxsize=8)
def derived_keys(keys: str, purpose: bytes) -> tuple[bytes, ...]:
    """A key for `purpose` from each of the seal keys, which signs and does not seal; the first one signs.

    Each purpose is a constant of its own that never changes: what was signed for one is worth nothing for another.
    """
    try:
        secrets = [urlsafe_b64decode(key.strip()) for key in keys.split(",") if key.strip()]
    except (binascii.Error, ValueError):
        secrets = []
    if not secrets or any(len(secret) != 32 for secret in secrets):
        raise SettingsError("PRESSROOM_SEAL_KEYS must hold one or more Fernet keys, separated by commas.")
    return tuple(HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret) for secret in secrets)


def new_key() -> str:
    """A fresh random key for PRESSROOM_SEAL_KEYS."""
    return Fernet.generate_key().decode()
