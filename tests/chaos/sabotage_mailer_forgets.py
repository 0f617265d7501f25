"""A mailer whose ledger forgets what became of a delivery: whatever comes twice is sent twice."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from sqlalchemy import update

from services.mailer.ledger import Ledger
from services.mailer.tables import deliveries

_remembered = Ledger.entry


def _forgotten(self: Ledger, session: Any, command: Any, *more: Any, **others: Any) -> Any:
    entry = _remembered(self, session, command, *more, **others)
    session.execute(update(deliveries).where(deliveries.c.delivery_id == command.delivery_id).values(state="pending"))
    return replace(entry, state="pending")


Ledger.entry = _forgotten  # type: ignore[method-assign]
