from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from libs.common.logs import _Calm, bound, configure, without_credentials

log = logging.getLogger("press")

ReadLines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadLines]:
    """What has been logged to standard output so far, one object per line; the loggers are put back afterwards."""
    monkeypatch.setattr(sys, "stdout", output := io.StringIO())
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("pika", "amqp", "kombu", "alembic", "dramatiq")}
    configure("mailer", "info")
    yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def test_a_line_is_one_object_with_its_facts_beside_a_constant_sentence(lines: ReadLines) -> None:
    log.info("report generated", extra={"rows": 3})
    [line] = lines()
    assert (line["message"], line["rows"], line["service"], line["level"]) == ("report generated", 3, "mailer", "INFO")
    assert line["at"].endswith("+00:00")


def test_bound_facts_are_on_every_line_inside_and_on_none_after(lines: ReadLines) -> None:
    with bound(report_id=UUID(int=1)), bound(attempt=2):
        log.info("inside")
    log.info("outside")
    inside, outside = lines()
    assert (inside["report_id"], inside["attempt"]) == (str(UUID(int=1)), 2)
    assert "report_id" not in outside


def test_threads_and_tasks_keep_their_facts_apart(lines: ReadLines) -> None:
    def in_a_thread(number: int) -> None:
        with bound(report_id=number):
            log.info("thread", extra={"expected": number})

    async def in_a_task(number: int) -> None:
        with bound(report_id=number):
            await asyncio.sleep(0)
            log.info("task", extra={"expected": number})

    async def all_tasks() -> None:
        await asyncio.gather(*(in_a_task(number) for number in range(20)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(in_a_thread, range(20)))
    asyncio.run(all_tasks())
    found = lines()
    assert len(found) == 40
    assert all(line["report_id"] == line["expected"] for line in found)


def test_a_task_carries_the_facts_of_whoever_started_it(lines: ReadLines) -> None:
    async def child() -> None:
        log.info("child")

    async def parent() -> None:
        with bound(report_id=7):
            await asyncio.create_task(child())

    asyncio.run(parent())
    assert lines()[0]["report_id"] == 7


def test_credentials_never_reach_the_log(lines: ReadLines) -> None:
    url = "amqp://press:tip%40top@broker:5672/"
    with bound(source="postgresql://reader:tiptop@db/sales"):
        try:
            raise RuntimeError(f"cannot connect to {url}")
        except RuntimeError:
            log.exception("failed", extra={"url": url})
    [line] = lines()
    assert line["url"] == "amqp://press:***@broker:5672/"
    assert "tip" not in json.dumps(line)


def test_a_url_without_a_password_is_left_as_it_is() -> None:
    text = "see https://example.org/a:b@c and mailto:ann@example.org, s3://bucket/prefix"
    assert without_credentials(text) == text


def test_the_level_decides_what_is_written(lines: ReadLines) -> None:
    log.debug("too small")
    logging.getLogger("pika.adapters").error("each attempt to connect")
    assert lines() == []


def test_a_consumer_that_lost_the_broker_says_so_now_and_then() -> None:
    clock = iter([0.0, 1.0, 29.0, 30.0])
    calm = _Calm(lambda: next(clock))
    lost = logging.LogRecord("dramatiq.worker.ConsumerThread(mail.normal)", logging.CRITICAL, "", 0, "lost", (), None)
    assert [bool(calm.filter(lost)) for _ in range(4)] == [True, False, False, True]
    ours = logging.LogRecord("services.mailer.deliver", logging.INFO, "", 0, "sent", (), None)
    assert all(calm.filter(ours) for _ in range(2))
