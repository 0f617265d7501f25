"""Where a started instance answers: kept in its folder, for those who did not start it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from libs.common.errors import PermanentFailure
from libs.local.files import write

FILE = "addresses.json"


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Ports are on the loopback interface; 0 or an empty text means that the instance has no such part of its own."""

    operations_ports: dict[str, int]
    """Where each service shows its health and metrics."""
    environment: dict[str, str]
    """The settings that the instance made up for itself. Secrets are named by their files."""
    api_url: str = ""
    broker_port: int = 0
    mail_port: int = 0
    mail_folder: str = ""
    """Where the letters lie."""


def remember(addresses: Addresses, root: Path) -> None:
    """Write them down in the instance's folder."""
    write(root / FILE, msgspec.json.format(msgspec.json.encode(addresses), indent=2).decode())


def recall(root: Path) -> Addresses:
    """Those of the instance in `root`; a PermanentFailure if it was never started."""
    try:
        return msgspec.json.decode((root / FILE).read_bytes(), type=Addresses)
    except FileNotFoundError:
        raise PermanentFailure(f"No Pressroom was ever started in {root}.") from None
    except msgspec.DecodeError as error:
        raise PermanentFailure(
            f"{root / FILE} cannot be read ({error}); `make down` and `make up` renew it."
        ) from error
