"""What a recipient may say over the link in a letter, without an account: which letters they want."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy.orm import Session

from libs.common.delivering import BY_RECIPIENT
from libs.common.links import Link
from services.api.consent import preferences_of, set_preference, wants
from services.api.tables import ScheduleRow

Choice = Literal["this", "all", "this-again", "all-again"]
"""Without this report, without any, and back again."""

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
"""What a mail program posts (RFC 8058)."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands. `title` is empty for a link that is about all letters, or about a schedule that is gone."""

    address: str
    title: str
    about_one: bool
    wants_this: bool
    wants_any: bool


def choice_in(form: Mapping[str, str], link: Link) -> Choice | None:
    """What a form asks for; None if it is none of ours."""
    if form.items() >= ONE_CLICK.items():
        return "all" if link.schedule_id is None else "this"
    choices: tuple[Choice, ...] = ("this", "all", "this-again", "all-again")
    chosen = next((one for one in choices if one == form.get("choice")), None)
    if chosen in ("this", "this-again") and link.schedule_id is None:
        return None
    return chosen


def wishes(session: Session, link: Link) -> Wishes:
    """What the recipient wants now."""
    known = preferences_of(session, link.address)
    schedule = None if link.schedule_id is None else session.get(ScheduleRow, link.schedule_id)
    return Wishes(
        address=link.address,
        title="" if schedule is None else schedule.template.title,
        about_one=link.schedule_id is not None,
        wants_this=wants(known, link.schedule_id),
        wants_any=wants(known, None),
    )


def choose(session: Session, link: Link, choice: Choice, now: datetime) -> None:
    """Keep what the recipient has chosen; choosing it again changes nothing."""
    schedule_id = link.schedule_id if choice in ("this", "this-again") else None
    set_preference(session, link.address, schedule_id, wanted=choice.endswith("-again"), by=BY_RECIPIENT, now=now)
