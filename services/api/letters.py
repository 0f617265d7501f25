"""How reports reach people: from the names that a schedule gives to a plan that needs nobody to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from libs.common.delivering import Destination, DestinationKind, MailProfile, Manner
from libs.common.messages import DeliveryPlan, Recipient
from services.api.mailboxes import checked_mailbox
from services.api.problems import Findings
from services.api.schemas.delivery import Letters
from services.api.tables import DestinationRow, ProfileRow


def check_letters(session: Session, letters: Letters, wrong: Findings) -> Letters:
    """Every name in `letters` must be known, and given once. What is kept: the reply-to as every reader understands
    it."""
    if letters.profile is not None and _profile_row(session, letters.profile) is None:
        wrong.add(
            "letters.profile", f"letters.profile must be the name of a profile; none is called {letters.profile}."
        )
    known = {row.name for row in _destination_rows(session, letters.destinations)}
    for index, name in enumerate(letters.destinations):
        field = f"letters.destinations[{index}]"
        if name not in known:
            wrong.add(field, f"{field} must be the name of a destination; none is called {name}.")
        elif name in letters.destinations[:index]:
            wrong.add(field, f"{field} names {name} a second time; it gets a report once.")
    if not letters.reply_to:
        return letters
    return msgspec.structs.replace(letters, reply_to=checked_mailbox(letters.reply_to, "letters.reply_to", wrong))


def check_destination(session: Session, name: str | None, field: str, wrong: Findings) -> None:
    """A destination that `field` names must be known."""
    if name is not None and not _destination_rows(session, [name]):
        wrong.add(field, f"{field} must be the name of a destination; none is called {name}.")


def plan(
    session: Session,
    recipients: Sequence[Recipient],
    subject: str,
    body: str,
    letters: Letters,
    *,
    is_test: bool = False,
) -> DeliveryPlan:
    """Who gets a report, and how; a name that is not known any more falls back to the default profile."""
    profile = profile_of(session, letters.profile)
    return DeliveryPlan(
        recipients=tuple(recipients) if is_test else with_copies(recipients, profile),
        subject=subject,
        body=body,
        destinations=destinations_of(session, letters.destinations),
        manner=Manner(
            profile=profile,
            reply_to=letters.reply_to,
            preview_rows=letters.preview_rows,
            attach=letters.attach,
            show_recipients=letters.show_recipients,
            subscription=letters.subscription,
            resend_unknown=letters.resend_unknown,
            max_attempts=letters.max_attempts,
            is_test=is_test,
        ),
    )


def with_copies(recipients: Sequence[Recipient], profile: MailProfile | None) -> tuple[Recipient, ...]:
    """The recipients, and those who get a copy of every letter of the profile; nobody twice."""
    if profile is None or not recipients:
        return tuple(recipients)
    found = {one.address.casefold(): one for one in recipients}
    roles: tuple[tuple[Literal["cc", "bcc"], Sequence[str]], ...] = (("cc", profile.cc), ("bcc", profile.bcc))
    for role, addresses in roles:
        for address in addresses:
            found.setdefault(address.casefold(), Recipient(address=address, role=role))
    return tuple(found.values())


def people(to: Sequence[Any], cc: Sequence[Any], bcc: Sequence[Any]) -> tuple[Recipient, ...]:
    """The recipients that the columns of a schedule hold; an address in several of them counts where it is first."""
    found: dict[str, Recipient] = {}
    roles: tuple[tuple[Literal["to", "cc", "bcc"], Sequence[Any]], ...] = (("to", to), ("cc", cc), ("bcc", bcc))
    for role, rows in roles:
        for one in rows:
            found.setdefault(one["address"], Recipient(address=one["address"], name=one["name"], role=role))
    return tuple(found.values())


def profile_of(session: Session, name: str | None) -> MailProfile | None:
    """The profile as it travels; without a name the default one, or None where the mailer's settings decide."""
    row = _profile_row(session, name)
    return None if row is None else profile_value(row)


def profile_value(row: ProfileRow) -> MailProfile:
    """The profile as it travels."""
    return MailProfile(
        profile_id=row.id,
        name=row.name,
        sealed_url=row.sealed_url,
        sender=row.sender,
        reply_to=row.reply_to,
        cc=tuple(row.cc),
        bcc=tuple(row.bcc),
        per_minute=row.per_minute,
        connections=row.connections,
        max_megabytes=row.max_megabytes,
        ca_certificate=row.ca_certificate,
    )


def destination_value(row: DestinationRow) -> Destination:
    """The destination as it travels."""
    return Destination(
        destination_id=row.id,
        name=row.name,
        kind=cast("DestinationKind", row.kind),
        sealed_url=row.sealed_url,
        shown=row.shown,
        sealed_secret=row.sealed_secret,
        attach=row.attach,
    )


def destinations_of(session: Session, names: Sequence[str]) -> tuple[Destination, ...]:
    """The destinations as they travel, each once, in the given order."""
    rows: dict[str, DestinationRow] = {row.name: row for row in _destination_rows(session, names)}
    found: dict[UUID, Destination] = {rows[name].id: destination_value(rows[name]) for name in names if name in rows}
    return tuple(found.values())


def _profile_row(session: Session, name: str | None) -> ProfileRow | None:
    wanted = ProfileRow.is_default.is_(True) if name is None else ProfileRow.name == name
    return session.execute(select(ProfileRow).where(wanted).limit(1)).scalar_one_or_none()


def _destination_rows(session: Session, names: Sequence[str]) -> Sequence[DestinationRow]:
    if not names:
        return ()
    return session.execute(select(DestinationRow).where(DestinationRow.name.in_(names))).scalars().all()
