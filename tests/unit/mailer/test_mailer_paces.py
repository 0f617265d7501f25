"""A profile sends so many letters a minute, however many mailers there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from libs.common.commands import NotYet
from libs.common.delivering import MailProfile
from libs.common.store import Store
from services.mailer.ledger import Ledger
from services.mailer.paces import Paces

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
PROFILE = MailProfile(profile_id=UUID(int=1), name="Company", sealed_url="", sender="a@example.org", per_minute=60)


def ask(ledger: Ledger, paces: Paces, now: datetime = NOW, profile: MailProfile = PROFILE) -> datetime | None:
    with ledger.begin() as session:
        return paces.next(session, profile, now)


def test_two_mailers_share_the_moments_of_a_profile(ledger_store: Store) -> None:
    ledger = Ledger(ledger_store)
    one, other = Paces(ledger), Paces(ledger)
    assert ask(ledger, one) is None
    assert ask(ledger, other) == NOW + timedelta(seconds=1)
    assert ask(ledger, one) == NOW + timedelta(seconds=2)
    put_back = []
    for _ in range(3):
        with pytest.raises(NotYet, match="Company sends 60 a minute") as postponed:
            ask(ledger, other)
        put_back.append(postponed.value.delay)
    assert put_back == [4_000, 5_000, 6_000]  # nothing was reserved for these
    assert ask(ledger, one, NOW + timedelta(seconds=3)) is None
    assert ask(ledger, one, NOW + timedelta(minutes=5)) is None


def test_nobody_waits_for_a_rate_that_is_not_there(ledger_store: Store) -> None:
    ledger = Ledger(ledger_store)
    paces = Paces(ledger)
    free = msgspec.structs.replace(PROFILE, per_minute=0)
    assert [ask(ledger, paces, profile=free) for _ in range(5)] == [None] * 5
    other = msgspec.structs.replace(PROFILE, profile_id=UUID(int=2))
    assert (ask(ledger, paces), ask(ledger, paces, profile=other)) == (None, None)
