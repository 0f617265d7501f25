"""Checks and conditions on answers as they lie on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from libs.common.conditions import Change, Checks, Condition, Conditions, Freshness, NullShare
from libs.common.errors import PermanentFailure
from libs.common.messages import Query, Template
from services.generator.answers import Answer, keep
from services.generator.columns.convert import record_batch
from services.generator.judging import Case, Readings, Verdict, judge
from services.generator.judging.digest import digest
from services.generator.judging.precedent import Precedent
from services.generator.sources import Cut

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
Make = Callable[..., Answer]


class Given:
    """Rows in the batches that a test wants."""

    def __init__(self, batches: list[pa.RecordBatch], cut: Cut | None) -> None:
        self.cut = cut
        self._batches = batches

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return iter(self._batches)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """An answer with these columns and rows; a list of lists of rows makes several batches."""
    number = 0

    def answer(names: str, *batches: list[tuple[Any, ...]], name: str = "Sales", cut: Cut | None = None) -> Answer:
        nonlocal number
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        done, made = 0, []
        for rows in batches or ([],):
            made.append(record_batch(names.split(), rows, done + 1))
            done += len(rows)
        return keep(name, Given(made, cut), folder, lambda _: None)

    return answer


def template(checks: Checks = Checks()) -> Template:  # noqa: B008 - frozen
    queries = (Query(name="Sales", sql="SELECT 1"), Query(name="Returns", sql="SELECT 1"))
    return Template(template_id=UUID(int=1), slug="s", title="S", queries=queries, checks=checks)


def verdict(
    *answers: Answer,
    checks: Checks = Checks(),  # noqa: B008 - frozen
    conditions: Conditions = Conditions(),  # noqa: B008 - frozen
    before: Precedent | None = None,
    due: datetime = NOW,
    failed: dict[str, str] | None = None,
) -> Verdict:
    case = Case(
        template=template(checks), conditions=conditions, before=before, now=NOW, due=due, timezone="Europe/Berlin"
    )
    return judge(case, Readings(answers, failed or {}, "Sales"))


ROWS = [("north", 10, date(2026, 2, 28)), (None, 30, date(2026, 3, 1)), ("south", None, None), ("", 5, None)]


@pytest.mark.parametrize(
    ("checks", "sentences"),
    [
        (Checks(min_rows=4, max_rows=4, required_columns=("region", "units")), ()),
        (Checks(min_rows=5), ("Sales: 4 rows, where at least 5 are expected.",)),
        (Checks(max_rows=3), ("Sales: 4 rows, where at most 3 are expected.",)),
        (
            Checks(required_columns=("region", "amount")),
            ("Sales has no column amount; it has region, units, day.",),
        ),
        (Checks(nulls=(NullShare(column="region", at_most=0.25),)), ()),
        (
            Checks(nulls=(NullShare(column="day", at_most=0.25), NullShare(column="units", at_most=0))),
            (
                "Sales: 50 % of day is NULL, where at most 25 % may be.",
                "Sales: 25 % of units is NULL, where at most 0 % may be.",
            ),
        ),
        (Checks(fresh=(Freshness(column="day", within_seconds=32 * 3600),)), ()),
        (
            Checks(fresh=(Freshness(column="day", within_seconds=31 * 3600),)),
            (
                (
                    "Sales: the latest day is 2026-03-01 00:00 UTC: 1 day and 8 hours old, where at most "
                    "1 day and 7 hours is allowed."
                ),
            ),
        ),
        (
            Checks(fresh=(Freshness(column="units", within_seconds=5),)),
            ("Sales: units holds whole numbers, where the check for fresh data needs dates.",),
        ),
        (
            Checks(fresh=(Freshness(column="region", within_seconds=5),)),
            ("Sales: region holds texts like 'south', where the check for fresh data needs dates as ISO 8601.",),
        ),
        (Checks(change=(Change(at_most=0.5),)), ()),
        (
            Checks(nulls=(NullShare(query="Returns", column="x", at_most=0),), min_rows=1),
            ("Returns could not be read: The table is gone.",),
        ),
    ],
)
def test_each_check_that_fails_is_a_sentence(make: Make, checks: Checks, sentences: tuple[str, ...]) -> None:
    answer = make("region units day", ROWS[:1], ROWS[1:])
    failed = {"Returns": "The table is gone."} if "Returns" in str(sentences) else {}
    found = verdict(answer, checks=replaced(checks, "warn"), failed=failed)
    assert (found.failures, found.skipped, found.held) == (sentences, "", ())
    assert verdict(answer, checks=replaced(checks, "hold"), failed=failed).held == sentences
    if sentences:
        with pytest.raises(PermanentFailure) as caught:
            verdict(answer, checks=checks, failed=failed)
        assert str(caught.value) == f"The data did not pass its checks. {' '.join(sentences)}"


def replaced(checks: Checks, on_failure: Any) -> Checks:
    return Checks(**{**{name: getattr(checks, name) for name in checks.__struct_fields__}, "on_failure": on_failure})


@pytest.mark.parametrize(
    ("values", "is_fresh"),
    [
        ([datetime.fromisoformat("2026-03-02T07:00:00")], True),
        ([datetime.fromisoformat("2026-03-02T06:59:00")], False),
        ([datetime.fromisoformat("2026-03-02T08:30:00+01:00"), None], True),
        (["2026-03-01 23:00", "2026-03-02 07:30:00"], True),
        (["2026-03-01"], False),
        ([None], False),
        ([], False),
    ],
)
def test_a_moment_without_a_zone_is_in_utc_and_a_text_may_hold_one(
    make: Make, values: list[object], is_fresh: bool
) -> None:
    checks = Checks(fresh=(Freshness(column="at", within_seconds=3600),), on_failure="warn")
    assert (verdict(make("at", [(value,) for value in values]), checks=checks).failures == ()) is is_fresh


@pytest.mark.parametrize(
    ("last", "now", "at_most", "fails"),
    [
        ("100", 150, 0.5, False),
        ("100", 49, 0.5, True),
        ("-100", -151, 0.5, True),
        ("0", 0, 0, False),
        ("0", 1, 10, True),
        ("0.1", 0.1, 0, False),
        ("100", None, 1, True),
        (None, 5, 0, False),
    ],
)
def test_a_change_is_measured_against_the_last_report(
    make: Make, last: str | None, now: float | None, at_most: float, fails: bool
) -> None:
    before = Precedent(
        version=3, template_id=UUID(int=1), measures={"Sales": {"amount": last}} if last is not None else {}
    )
    checks = Checks(change=(Change(measure="amount", at_most=at_most),), on_failure="warn")
    found = verdict(make("amount", [(now,), (7,)]), checks=checks, before=before)
    assert bool(found.failures) is fails
    assert found.after is not None
    assert found.after.measures == ({"Sales": {"amount": str(now)}} if now is not None else {})


def test_what_belongs_to_another_template_is_not_compared(make: Make) -> None:
    before = Precedent(version=3, template_id=UUID(int=2), measures={"Sales": {"rows": "1000"}}, digest="x")
    found = verdict(make("a", [(1,)]), checks=Checks(change=(Change(at_most=0.1),)), before=before)
    assert found.failures == ()
    assert found.after is not None
    assert (found.after.template_id, found.after.measures) == (UUID(int=1), {"Sales": {"rows": "1"}})


def only_if(when: Any, value: float, measure: str = "rows", query: str = "", **more: Any) -> Conditions:
    return Conditions(only_if=(Condition(query=query, measure=measure, when=when, value=value),), **more)


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        (Conditions(), ""),
        (only_if(">", 1), ""),
        (only_if(">", 2), "Sales: 2 rows; a report is sent if rows > 2."),
        (only_if("=", 0.1, "share"), ""),
        (only_if("!=", 0.1, "share"), "Sales: share is 0.1; a report is sent if share != 0.1."),
        (only_if(">=", 2_500_000, "amount"), ""),
        (
            only_if(">", 2_500_001, "amount"),
            "Sales: amount is 2,500,000.50; a report is sent if amount > 2,500,001.",
        ),
        (only_if(">", 5, "nothing"), "Sales: nothing has no value; a report is sent if nothing > 5."),
        (only_if(">", 0, query="Returns"), "Returns: 0 rows; a report is sent if rows > 0."),
        (only_if(">", 0, "x", "Returns"), "Returns: x has no value; a report is sent if x > 0."),
        (Conditions(send_empty=False), ""),
    ],
)
def test_a_report_is_sent_if_all_conditions_hold(make: Make, conditions: Conditions, reason: str) -> None:
    rows = [(0.1, Decimal("2500000.50"), None), (9.0, Decimal(1), 7)]
    answers = (make("share amount nothing", rows), make("x", name="Returns"))
    assert verdict(*answers, conditions=conditions, before=Precedent()).skipped == reason


def test_empty_reports_are_not_sent_if_the_schedule_says_so(make: Make) -> None:
    answers = (make("a"), make("b", name="Returns"))
    conditions = Conditions(send_empty=False)
    skipped = verdict(*answers, conditions=conditions, before=Precedent()).skipped
    assert skipped == "No query gave a row, and empty reports are not sent."
    unread = verdict(answers[0], conditions=conditions, before=Precedent(), failed={"Returns": "gone"})
    assert unread.skipped == "", "whether there are rows is not known, and silence would be a lie"


def test_a_limit_does_not_hide_rows_from_a_condition(make: Make) -> None:
    answer = make("a", [(1,), (2,)], cut=Cut(2, 900))
    assert verdict(answer, conditions=only_if(">", 500), before=Precedent()).skipped == ""


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (only_if(">", 1, "missing"), "Sales has no column missing; it has name."),
        (only_if(">", 1, "name"), "Sales: name holds text, where a number is needed to compare with."),
        (only_if(">", 1, query="Returns"), "Returns could not be read: gone"),
        (Conditions(only_if_changed=True), "Returns could not be read: gone"),
    ],
)
def test_a_condition_that_cannot_be_evaluated_fails_the_report(make: Make, conditions: Conditions, words: str) -> None:
    with pytest.raises(PermanentFailure) as caught:
        verdict(make("name", [("x",)]), conditions=conditions, before=Precedent(), failed={"Returns": "gone"})
    assert words in str(caught.value)


def test_an_alert_fires_once_stays_quiet_and_is_armed_again(make: Make) -> None:
    """Temperatures at successive hours, and whether the alert goes out."""
    conditions = only_if(">", 30, "t", crossing=True)
    story = [(20, False), (31, True), (35, False), (31, False), (30, False), (31, True), (None, False), (32, True)]
    memory = Precedent()
    for hour, (temperature, fires) in enumerate(story):
        due = NOW + timedelta(hours=hour)
        found = verdict(make("t", [(temperature,)]), conditions=conditions, before=memory, due=due)
        assert (found.skipped == "") is fires, (hour, found.skipped)
        assert found.after is not None
        memory = found.after
        if fires:
            assert memory.sent_for == due


def test_after_a_quiet_period_a_condition_that_still_holds_is_told(make: Make) -> None:
    """By the moments of the schedule, not by the clock: a report that began late shortens no silence."""
    conditions = only_if(">", 0, "t", quiet_seconds=7200)
    memory, fired = Precedent(), []
    for hour in range(6):
        found = verdict(make("t", [(1,)]), conditions=conditions, before=memory, due=NOW + timedelta(hours=hour))
        fired += [hour] if not found.skipped else []
        assert found.after is not None
        memory = found.after
    assert fired == [0, 2, 4]


def test_a_crossing_within_the_quiet_period_is_told_when_it_is_over(make: Make) -> None:
    conditions = only_if(">", 30, "t", crossing=True, quiet_seconds=3 * 3600)
    memory, fired = Precedent(), []
    for hour, temperature in enumerate([31, 20, 31, 31]):
        due = NOW + timedelta(hours=hour)
        found = verdict(make("t", [(temperature,)]), conditions=conditions, before=memory, due=due)
        fired += [hour] if not found.skipped else []
        if hour == 2:
            assert found.skipped == (
                "A report was sent for 2026-03-02 09:00 (Europe/Berlin), and the schedule stays quiet until "
                "2026-03-02 12:00 (Europe/Berlin)."
            )
        assert found.after is not None
        memory = found.after
    assert fired == [0, 3]


def test_a_report_is_sent_only_if_its_rows_have_changed(make: Make) -> None:
    conditions = Conditions(only_if_changed=True)
    first = verdict(make("a b", [(1, "x"), (2, None)]), conditions=conditions, before=Precedent())
    assert first.skipped == ""
    same = verdict(make("a b", [(1, "x")], [(2, None)]), conditions=conditions, before=first.after)
    assert same.skipped == "The rows are the same as in the last report, sent for 2026-03-02 09:00 (Europe/Berlin)."
    assert same.after == first.after
    other = verdict(make("a b", [(1, "x"), (2, "")]), conditions=conditions, before=first.after)
    assert other.skipped == ""


def test_a_held_report_fires_its_alert_and_counts_as_sent_once_it_is_released(make: Make) -> None:
    conditions = only_if(">", 0, crossing=True)
    found = verdict(
        make("a", [(1,)]), checks=Checks(min_rows=5, on_failure="hold"), conditions=conditions, before=Precedent()
    )
    assert found.held == ("Sales: 1 row, where at least 5 are expected.",)
    assert found.after == Precedent(template_id=UUID(int=1), is_armed=False)
    assert found.if_released is not None
    assert (found.if_released.sent_for, found.if_released.is_armed) == (NOW, False)


def test_what_nobody_gets_is_not_held_but_tells_of_its_checks(make: Make) -> None:
    found = verdict(
        make("a", [(1,)]),
        checks=Checks(min_rows=5, on_failure="hold"),
        conditions=only_if(">", 9),
        before=Precedent(),
    )
    assert found.held == ()
    assert found.skipped == (
        "Sales: 1 row; a report is sent if rows > 9. A check failed: Sales: 1 row, where at least 5 are expected."
    )


def test_a_report_that_a_person_asks_for_has_no_conditions(make: Make) -> None:
    found = verdict(make("a"), conditions=only_if(">", 9), before=None)
    assert (found.skipped, found.after) == ("", None)


def test_a_digest_depends_on_values_and_places_alone(make: Make) -> None:
    rows = [(1, "a", None), (2, "", b"\x00"), (3, "ü", None)]
    one = digest([make("n t b", rows)])
    assert digest([make("n t b", rows[:1], rows[1:2], rows[2:])]) == one
    assert digest([make("n t b", [(float(n), t, b) for n, t, b in rows])]) != "", "another type is no failure"
    for changed in (
        [rows[1], rows[0], rows[2]],
        rows[:2],
        [(1, "a", b""), *rows[1:]],
        [(1, "", None), (2, "a", b"\x00"), rows[2]],
        [*rows[:2], (3, "u", None)],
    ):
        assert digest([make("n t b", changed)]) != one, changed
    assert digest([make("n t c", rows)]) != one
    assert digest([make("n t b", rows, name="Other")]) != one
    assert digest([]) == digest([])
    assert digest([replace(make("n t b", rows), name="Sales")]) == one
