from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from common_examples import undone
from sqlalchemy import select

from libs.common.errors import PermanentFailure
from libs.common.inbox import KEEP, first_time, forget_old, inbox
from libs.common.messages import GenerateReport, ReportStarted, decode_event, read_command
from libs.common.outbox import Outbox, outbox
from libs.common.store import Store


def rows(store: Store) -> list[Any]:
    with store.read() as session:
        return list(session.execute(select(outbox).order_by(outbox.c.id)).all())


def test_a_command_is_recorded_for_the_queue_of_its_priority(
    store: Store, generate_report: GenerateReport, now: datetime
) -> None:
    with store.begin() as session:
        Outbox(session, now).add(generate_report)
    [row] = rows(store)
    letter = json.loads(row.body)
    assert (row.exchange, row.routing_key, row.wire_name) == ("pressroom.work", "reports.normal", "generate_report.v1")
    assert (letter["queue_name"], letter["actor_name"]) == ("reports.normal", "generate_report.v1")
    assert (letter["message_id"], letter["options"]) == (row.message_id, {"max_retries": 3})  # the order decides
    assert read_command(GenerateReport, letter["kwargs"]) == generate_report
    assert (row.created_at, row.published_at) == (now, None)


def test_an_event_is_recorded_under_its_wire_name(store: Store, now: datetime) -> None:
    event = ReportStarted(at=now, report_id=UUID(int=1), attempt=1)
    with store.begin() as session:
        Outbox(session, now).add(event)
    [row] = rows(store)
    assert (row.exchange, row.routing_key) == ("pressroom.events", "report.started.v1")
    assert decode_event(row.body, row.wire_name) == event


def test_a_transaction_that_fails_says_nothing(store: Store, generate_report: GenerateReport, now: datetime) -> None:
    undone(store, lambda session: Outbox(session, now).add(generate_report))
    assert rows(store) == []


def test_a_message_that_is_too_large_is_refused_before_anything_is_stored(
    store: Store, generate_report: GenerateReport, now: datetime
) -> None:
    template = msgspec.structs.replace(generate_report.order.template, description="x" * 1_000_000)
    order = msgspec.structs.replace(generate_report.order, template=template)
    with pytest.raises(PermanentFailure, match="at most 1,000,000 may travel"), store.begin() as session:
        Outbox(session, now).add(msgspec.structs.replace(generate_report, order=order))
    assert rows(store) == []


def test_the_inbox_knows_a_message_it_has_seen(store: Store, now: datetime) -> None:
    with store.begin() as session:
        assert first_time(session, "a", now)
        assert first_time(session, "b", now)
    with store.begin() as session:
        assert not first_time(session, "a", now)


def test_a_message_whose_handling_failed_is_still_new(store: Store, now: datetime) -> None:
    undone(store, lambda session: first_time(session, "a", now))
    with store.begin() as session:
        assert first_time(session, "a", now)


def test_the_inbox_forgets_what_no_broker_would_still_hold(store: Store, now: datetime) -> None:
    with store.begin() as session:
        first_time(session, "old", now - KEEP - timedelta(seconds=1))
        first_time(session, "recent", now - KEEP + timedelta(seconds=1))
        forget_old(session, now)
        assert session.execute(select(inbox.c.message_id)).scalars().all() == ["recent"]


def test_a_transaction_whose_messages_can_all_wait_wakes_nobody(store: Store, now: datetime) -> None:
    woken: list[int] = []
    store.on_announcement(lambda: woken.append(len(rows(store))))
    event = ReportStarted(at=now, report_id=UUID(int=1), attempt=1)
    with store.begin() as session:
        Outbox(session, now).add(event, can_wait=True)
    assert (len(rows(store)), woken) == (1, [])
    with store.begin() as session:
        Outbox(session, now).add(event)
        Outbox(session, now).add(event, can_wait=True)
    assert woken == [3]
