"""What recipients want, who cannot be written to, and what came back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec

from libs.client.answers import Delivery
from libs.client.calls import API, Calls, step


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipient wants of a schedule, or of all of them."""

    wanted: bool
    said_by: str
    changed_at: datetime
    schedule_id: UUID | None = None


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """An address that nobody may write to, and why."""

    address: str
    cause: str
    detail: str
    said_by: str
    since: datetime


class RecipientFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a recipient."""

    address: str
    allowed: bool
    wants_letters: bool
    suppression: Suppression | None = None
    preferences: tuple[Preference, ...] = ()
    deliveries: tuple[Delivery, ...] = ()


class Bounce(msgspec.Struct, frozen=True, kw_only=True):
    """What was understood of a notice; `hard`: the address does not take letters."""

    address: str
    hard: bool
    complaint: bool
    status: str
    diagnostic: str
    delivery_id: UUID | None = None


class _Told(msgspec.Struct):
    items: list[Bounce]


class ConsentCalls(Calls):
    """Recipients, the list of suppressed addresses, and bounces."""

    def recipient(self, address: str) -> RecipientFacts:
        """All that is known of a recipient; of somebody unknown that they may be written to."""
        return self._transport.call("GET", f"{API}/recipients/{step(address)}/", RecipientFacts)

    def set_preference(self, address: str, *, wanted: bool, schedule_id: UUID | None = None) -> RecipientFacts:
        """Say for a recipient whether they want the letters of a schedule, or of all; the last word counts."""
        body = {"wanted": wanted, "schedule": schedule_id}
        return self._transport.call("PUT", f"{API}/recipients/{step(address)}/preferences/", RecipientFacts, body=body)

    def forget_preference(self, address: str, schedule_id: UUID | None = None) -> None:
        """Take back what was said about a schedule, or about all; ApiProblem (404) if nothing was."""
        about = f"?schedule={schedule_id}" if schedule_id else ""
        self._transport.delete(f"{API}/recipients/{step(address)}/preferences/{about}")

    def suppressions(self, **filters: Any) -> Iterator[Suppression]:
        """Addresses that nobody may write to, the latest first; `filters` are `cause` and `search`."""
        return self._pages("suppressions", Suppression, **filters)

    def suppress(self, address: str, reason: str, cause: str = "by_hand") -> Suppression:
        """Let nobody write to an address any more; one that is on the list stays as it is."""
        body = {"address": address, "reason": reason, "cause": cause}
        return self._transport.call("POST", f"{API}/suppressions/", Suppression, body=body)

    def release(self, address: str, reason: str) -> None:
        """Let people write to an address again; ApiProblem (404) if it is not on the list."""
        self._transport.delete(f"{API}/suppressions/{step(address)}/?reason={quote(reason, safe='')}")

    def tell_bounce(self, notice: bytes) -> Sequence[Bounce]:
        """Pass on what a mail server wrote about a letter; what was understood of it."""
        return self._transport.send("POST", f"{API}/bounces/", notice, _Told, media_type="message/rfc822").items
