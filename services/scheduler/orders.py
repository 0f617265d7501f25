"""The order of a schedule, as text that is ready to travel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from libs.common.messages import ReadyOrder
from libs.common.placeholders import Occasion, has_placeholders, resolved_order
from services.scheduler.timetable import Entry, write


def ready_orders(entry: Entry, moments: Sequence[datetime]) -> list[ReadyOrder]:
    """What `entry` orders at each of `moments`; a PermanentFailure if the order cannot be read or resolved."""
    # Read in any case, so that an order that nobody can read stops its schedule and not a generator. What was stored
    # was written by us, so it travels as it is: making the same text again would cost more than all the rest.
    order = entry.read_order()
    text = entry.report_order or ""
    if not has_placeholders(text):
        ready = ReadyOrder(text, order)
        return [ready] * len(moments)
    found = []
    for moment in moments:
        occasion = Occasion(scheduled_for=moment, timezone=order.timezone, last_success_at=entry.succeeded_for)
        meant = resolved_order(order, occasion)
        found.append(ReadyOrder(write(meant), meant))
    return found
