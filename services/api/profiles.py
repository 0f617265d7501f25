"""SMTP profiles: mail servers and who writes through them. The schedules that use one follow at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from cryptography.x509 import load_pem_x509_certificates
from msgspec import UNSET, structs
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from libs.common.errors import SettingsError
from libs.common.mail_server import parse_server
from libs.common.messages import Recipient, TestProfile
from services.api import recipients
from services.api.announcements import announce_schedules
from services.api.audit import note
from services.api.definitions import alone, assign, by_id_or_name, is_taken, set_fields
from services.api.delivery_tests import request_delivery_test
from services.api.letters import profile_value
from services.api.mailboxes import checked_mailbox
from services.api.people import Caller, address_or_own, email_of
from services.api.platform import Platform
from services.api.problems import Findings, conflict, missing, wrong
from services.api.schemas.profiles import NewProfile, NewProfileTest, ProfileChanges
from services.api.tables import ProfileRow, ScheduleRow
from services.api.words import few

_NAMED = ScheduleRow.letters["profile"].as_string()

MOST_COPIES = 20


def create_profile(session: Session, platform: Platform, caller: Caller, profile_id: UUID, new: NewProfile) -> None:
    """Keep a new profile. The first one is the default."""
    alone(session)
    _refuse_taken_name(session, new.name, profile_id)
    now, values = platform.now, _checked(platform, structs.asdict(new))
    values["is_default"] = new.is_default or _default(session) is None
    if values["is_default"]:
        _dethrone(session)
    session.add(ProfileRow(id=profile_id, created_at=now, updated_at=now, **values))
    note(session, caller, "created", "profile", profile_id, now, name=new.name)
    session.flush()
    if values["is_default"]:
        announce_schedules(session, platform, _NAMED.is_(None))


def change_profile(
    session: Session, platform: Platform, caller: Caller, key: str, changes: ProfileChanges
) -> ProfileRow:
    """Change a profile, and let the timetable know of it for every schedule that uses it."""
    alone(session)
    row, given = find_profile(session, key), set_fields(changes)
    if changes.name is not UNSET:
        _refuse_taken_name(session, changes.name, row.id)
    if changes.url is not UNSET and changes.url == platform.sealer.open_or_none(row.sealed_url):
        del given["url"]
    values, former, was_default = _checked(platform, given), row.name, row.is_default
    if changes.is_default is False and was_default:
        raise wrong("is_default", "is_default cannot be taken away; make another profile the default instead.")
    if changes.is_default is True and not was_default:
        _dethrone(session)
    if changed := assign(row, values):
        row.updated_at = platform.now
        note(session, caller, "changed", "profile", row.id, platform.now, fields=_public(changed))
        session.flush()
        _rename(session, former, row.name)
        announce_schedules(session, platform, _users(row))
    return row


def delete_profile(session: Session, platform: Platform, caller: Caller, key: str) -> None:
    """Delete a profile that no schedule names. The default one goes last; then the mailer's own settings count."""
    alone(session)
    row = find_profile(session, key)
    users = session.execute(select(ScheduleRow.name).where(row.name == _NAMED).order_by(ScheduleRow.name)).scalars()
    if names := users.all():
        raise conflict(f"The profile {row.name} is in use by {few('schedule', names)}; change that first.")
    others = select(func.count()).select_from(ProfileRow).where(ProfileRow.id != row.id)
    if row.is_default and session.execute(others).scalar_one():
        raise conflict(f"The profile {row.name} is the default; make another one the default first.")
    session.delete(row)
    note(session, caller, "deleted", "profile", row.id, platform.now, name=row.name)
    if row.is_default:
        announce_schedules(session, platform, _NAMED.is_(None))


def find_profile(session: Session, key: str) -> ProfileRow:
    """The profile with this id or name; Refused (404) if there is none."""
    row: ProfileRow | None = by_id_or_name(session, ProfileRow, key)
    if row is None:
        raise missing(f"There is no profile {key}.")
    return row


def request_profile_test(session: Session, platform: Platform, caller: Caller, key: str, asked: NewProfileTest) -> UUID:
    """Have a mailer send a letter through the profile; the id of the test."""
    row, now = find_profile(session, key), platform.now
    recipient = Recipient(address=address_or_own(asked.recipient, email_of(session, caller)), name="")
    return request_delivery_test(
        session,
        platform,
        caller,
        row,
        lambda test_id: TestProfile(test_id=test_id, profile=profile_value(row), recipient=recipient, requested_at=now),
    )


def _checked(platform: Platform, given: dict[str, Any]) -> dict[str, Any]:
    """The columns that the given fields make; Refused if one is not as it should be."""
    values = dict(given)
    with Findings() as wrong:
        if (url := values.pop("url", None)) is not None:
            values |= _server(platform, url, wrong)
        if "sender" in given:
            values["sender"] = checked_mailbox(given["sender"], "from", wrong)
        if given.get("reply_to"):
            values["reply_to"] = checked_mailbox(given["reply_to"], "reply_to", wrong)
        for role in ("cc", "bcc"):
            if role in given:
                copies = recipients.checked(given[role], MOST_COPIES, wrong, role, platform.settings.allowed)
                values[role] = [one.address for one in copies]
        if given.get("ca_certificate"):
            values["ca_certificate"] = _certificate(given["ca_certificate"], wrong)
    return values


def _server(platform: Platform, url: str, wrong: Findings) -> dict[str, str]:
    try:
        server = parse_server(url, "url")
    except SettingsError as error:
        wrong.add("url", str(error))
        return {}
    return {"sealed_url": platform.sealer.seal(url), "shown": server.shown}


def _certificate(pem: str, wrong: Findings) -> str:
    if "PRIVATE KEY" in pem:
        wrong.add("ca_certificate", "ca_certificate must hold certificates only; it has a private key.")
        return ""
    try:
        load_pem_x509_certificates(pem.encode())
    except ValueError:
        wrong.add(
            "ca_certificate",
            "ca_certificate must be one or more certificates in PEM, each from -----BEGIN CERTIFICATE----- to "
            "-----END CERTIFICATE-----.",
        )
    return pem


def _default(session: Session) -> ProfileRow | None:
    return session.execute(select(ProfileRow).where(ProfileRow.is_default.is_(True))).scalar_one_or_none()


def _dethrone(session: Session) -> None:
    """Take it from the present default, in the transaction that gives it to another."""
    if (row := _default(session)) is not None:
        row.is_default = False


def _rename(session: Session, former: str, name: str) -> None:
    """Schedules name a profile, so they follow."""
    if former == name:
        return
    for schedule in session.execute(select(ScheduleRow).where(former == _NAMED)).scalars():
        schedule.letters = {**schedule.letters, "profile": name}


def _users(row: ProfileRow) -> ColumnElement[bool]:
    """The schedules whose letters go through this profile."""
    named = row.name == _NAMED
    return or_(named, _NAMED.is_(None)) if row.is_default else named


def _public(columns: Sequence[str]) -> list[str]:
    names = {"sealed_url": "url", "shown": "url", "sender": "from"}
    return sorted({names.get(name, name) for name in columns})


def _refuse_taken_name(session: Session, name: str, profile_id: UUID) -> None:
    if is_taken(session, ProfileRow.name, name, profile_id):
        raise conflict(f"There is a profile with the name {name} already; take another name or change that profile.")
