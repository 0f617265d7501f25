"""What the demo orders, and who receives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from libs.common.messages import Format


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who receives letters. All of them live in the domains that are set aside for examples."""

    address: str
    name: str


class Commission(msgspec.Struct, frozen=True, kw_only=True):
    """A template with a value for each of its parameters, and its readers."""

    template: str
    values: Mapping[str, Any]
    readers: tuple[Reader, ...]
    formats: tuple[Format, ...] = ("xlsx", "pdf", "csv")

    @property
    def parameters(self) -> dict[str, Any]:
        """The values as the API takes them: what is None is left out."""
        return {name: value for name, value in self.values.items() if value is not None}

    @property
    def recipients(self) -> list[dict[str, str]]:
        """The readers as the API takes them."""
        return [{"address": reader.address, "name": reader.name} for reader in self.readers]


AMELIA = Reader(address="amelia@example.org", name="Amelia")
BESSIE = Reader(address="bessie@example.org", name="Bessie")
JACQUELINE = Reader(address="jacqueline@example.com", name="Jacqueline")
WILBUR = Reader(address="wilbur@example.com", name="Wilbur")
DUTY_DESK = Reader(address="duty-desk@example.com", name="Duty desk")

SCHEDULED = Commission(
    template="delays-by-carrier-and-month", values={"carrier": None}, readers=(AMELIA, BESSIE, JACQUELINE)
)
URGENT = Commission(template="departures-of-a-day", values={"date": "2013-02-08"}, readers=(DUTY_DESK,))
DASHBOARD = Commission(
    template="month-at-a-glance",
    values={"month": "2013-07"},
    readers=(WILBUR,),
    formats=("xlsx", "pdf", "html", "csv"),
)
WEEKLY = Commission(template="worst-routes", values={"min_flights": 300, "limit": 25}, readers=(AMELIA,))
