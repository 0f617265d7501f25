"""The rate of a profile: so many letters a minute, by all mailers that share a ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from libs.common.commands import NotYet
from libs.common.delivering import MailProfile
from services.mailer.ledger import Ledger

PATIENCE = timedelta(seconds=2)
"""A letter waits in its lane for so long; one that would have to wait longer is put back."""

LONGEST = timedelta(minutes=5)
"""No letter is put back for longer."""


class Paces:
    """Gives each letter the moment at which its profile lets it leave.

    The moments are reserved in the ledger. Letters that are put back are spread over the time that the profile needs
    for them, or they would all come back together and find one moment free.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._put_back_until: dict[UUID, datetime] = {}

    def next(self, session: Session, profile: MailProfile | None, now: datetime) -> datetime | None:
        """When the letter may leave, or None if it need not wait; NotYet if that takes long."""
        if profile is None or not profile.per_minute:
            return None
        every = timedelta(minutes=1) / profile.per_minute
        slot, reserved = self._ledger.reserve(session, profile.profile_id, every, now, PATIENCE)
        if reserved:
            return slot if slot > now else None
        until = max(slot, self._put_back_until.get(profile.profile_id, slot)) + every
        until = self._put_back_until[profile.profile_id] = min(until, now + LONGEST)
        raise NotYet((until - now).total_seconds(), f"the profile {profile.name} sends {profile.per_minute} a minute")
