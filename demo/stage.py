"""Sets the stage as a user would, through the REST API: a source, templates, schedules and an urgent report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy.engine import URL

from demo.cast import DASHBOARD, SCHEDULED, URGENT, WEEKLY, Commission
from demo.catalogue import CatalogueTemplate
from libs.client import ApiProblem, Pressroom
from libs.client.answers import Schedule
from libs.common.clock import Clock
from libs.common.errors import TransientFailure

SOURCE = "flights"
LEAD = timedelta(seconds=2)
"""How far ahead the schedule's moment lies: enough for one request to a busy machine."""

TRIES = 5
SETTLING_SECONDS = 5


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What was ordered."""

    scheduled: Schedule
    weekly: Schedule
    urgent_report: UUID
    dashboard_report: UUID


def create_definitions(pressroom: Pressroom, flights: Path, templates: Mapping[str, CatalogueTemplate]) -> None:
    """Tell Pressroom where the data are and what can be made of them."""
    pressroom.create_source(SOURCE, URL.create("sqlite", database=str(flights.absolute())).render_as_string())
    for template in templates.values():
        pressroom.create_template(
            template.slug,
            title=template.title,
            description=template.description,
            source=SOURCE,
            queries=[{"name": name, "sql": sql} for name, sql in template.queries.items()],
            parameters=template.parameters,
            widgets=template.widgets,
            look=template.look,
            formats=["xlsx", "pdf", "csv"],
        )


def place_orders(pressroom: Pressroom, now: Clock, sleep: Callable[[float], None]) -> Stage:
    """A schedule that is due at once, a report that cannot wait, a dashboard, and a schedule for every week."""
    return Stage(
        scheduled=_schedule_due_at_once(pressroom, now, sleep),
        urgent_report=_order(pressroom, URGENT, priority="urgent"),
        dashboard_report=_order(pressroom, DASHBOARD),
        weekly=pressroom.create_schedule(
            "The worst routes",
            WEEKLY.template,
            frequency="weekly",
            schedule_config={"day_of_week": 0, "hour": 8, "minute": 0},
            timezone="America/New_York",
            parameters=WEEKLY.parameters,
            recipients=WEEKLY.recipients,
        ),
    )


def _order(pressroom: Pressroom, commission: Commission, **fields: str) -> UUID:
    return pressroom.order_report(
        commission.template,
        parameters=commission.parameters,
        recipients=commission.recipients,
        formats=commission.formats,
        **fields,
    ).id


def _schedule_due_at_once(pressroom: Pressroom, now: Clock, sleep: Callable[[float], None]) -> Schedule:
    for _ in range(TRIES):
        try:
            schedule = pressroom.create_schedule(
                "Delays, once",
                SCHEDULED.template,
                frequency="once",
                schedule_config={"at": (now() + LEAD).isoformat(timespec="seconds")},
                parameters=SCHEDULED.parameters,
                recipients=SCHEDULED.recipients,
            )
        except ApiProblem as problem:
            if not any(field == "schedule_config.at" for field, _ in problem.errors):
                raise
        else:
            if schedule.next_run_at is not None or _came_due(pressroom, schedule, sleep):
                return schedule
            pressroom.delete_schedule(schedule.id)
        # The API was away until the moment had passed, so that it never came: take a new one.
    raise TransientFailure(f"The API could not take a schedule in {TRIES} tries before its moment had passed.")


def _came_due(pressroom: Pressroom, schedule: Schedule, sleep: Callable[[float], None]) -> bool:
    """Whether the schedule was there in time after all; the API may hear of its occurrence a little later."""
    for _ in range(SETTLING_SECONDS * 2):
        if pressroom.executions(schedule.id):
            return True
        sleep(0.5)
    return False
