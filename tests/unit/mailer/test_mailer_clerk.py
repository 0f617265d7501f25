"""What comes together is written together; what fails, fails alone."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from libs.common.commands import NotYet
from libs.common.errors import TransientFailure
from libs.common.store import Store
from services.mailer.clerk import Clerk, once_written
from services.mailer.ledger import Ledger
from services.mailer.tables import rates

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)


def test_who_fails_does_not_undo_the_others(ledger_store: Store) -> None:
    clerk, gate, calls = Clerk(Ledger(ledger_store)), threading.Event(), []

    def write(number: int) -> int:
        def work(session: Session) -> int:
            if number == 0:
                gate.wait(60)  # the others come meanwhile
            session.execute(insert(rates), {"profile_id": _id(number), "next_at": NOW})
            once_written(session, lambda: calls.append(number))
            if number == 3:
                raise ValueError("a mistake of number 3")
            if number == 4:
                raise NotYet(5, "number 4 comes too early")
            return number * 10

        return work  # type: ignore[return-value]

    async def story() -> list[object]:
        first = asyncio.create_task(clerk.ask(write(0)))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        rest = [asyncio.create_task(clerk.ask(write(n))) for n in range(1, 6)]  # type: ignore[arg-type]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(first, *rest, return_exceptions=True)

    found = asyncio.run(story())
    assert [one for one in found if isinstance(one, int)] == [0, 10, 20, 50]
    assert isinstance(found[3], ValueError)
    assert isinstance(found[4], NotYet)
    with ledger_store.read() as session:
        assert {row.int for row in session.execute(select(rates.c.profile_id)).scalars()} == {1, 2, 3, 5, 6}
    assert sorted(calls) == [0, 1, 2, 4, 5]


def test_a_ledger_that_is_away_is_so_for_everybody() -> None:
    clerk = Clerk(Ledger(Store("postgresql://pressroom:secret@127.0.0.1:1/ledger")))

    async def story() -> list[object]:
        return await asyncio.gather(
            *(clerk.ask(lambda session: session.connection()) for _ in range(5)), return_exceptions=True
        )

    assert all(isinstance(one, TransientFailure) for one in asyncio.run(story()))


@pytest.mark.parametrize("times", [1, 250])
def test_everybody_gets_their_own_answer(ledger_store: Store, times: int) -> None:
    clerk = Clerk(Ledger(ledger_store))

    async def story() -> list[int]:
        return await asyncio.gather(*(clerk.ask(lambda _, number=n: number) for n in range(times)))  # type: ignore[misc]

    assert asyncio.run(story()) == list(range(times))


def _id(number: int) -> UUID:
    return UUID(int=number + 1)
