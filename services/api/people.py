"""Users and their bearer tokens. A token is shown once and kept as its SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from email_validator import EmailNotValidError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from libs.common.errors import SettingsError
from libs.common.mail_addresses import why_not
from libs.common.store import Store, upsert
from services.api.problems import wrong
from services.api.recipients import normalised
from services.api.tables import TokenRow, UserRow, table_of

ADMIN = "admin"
PREFIX = "pressroom_"
"""Begins every token that we make, so that a secret scanner can recognise one."""


class Caller(msgspec.Struct, frozen=True):
    """Who sent a request."""

    user_id: UUID
    name: str


def create_token(records: Store, name: str, now: datetime, email: str = "") -> str:
    """A new token for the user `name`, who is created if there is none yet, and gets `email` if one is given."""
    token = PREFIX + secrets.token_urlsafe(32)
    address = _checked(email, "--email") if email else ""
    with records.begin() as session:
        _keep_token(session, token, name, "command", now)
        if address:
            session.execute(update(UserRow).where(UserRow.name == name).values(email=address))
    return token


def keep_admin_token(records: Store, token: str, now: datetime, email: str = "") -> None:
    """Make `token`, which comes from the settings, valid for the user admin; it replaces the former one from there.

    `email` counts until the admin has another one.
    """
    address = _checked(email, "PRESSROOM_ADMIN_EMAIL") if email else ""
    with records.begin() as session:
        others = (TokenRow.origin == "setting") & (TokenRow.sha256 != _sha256(token))
        session.execute(delete(TokenRow).where(others))
        _keep_token(session, token, ADMIN, "setting", now)
        if address:
            unknown = (UserRow.name == ADMIN) & (UserRow.email == "")
            session.execute(update(UserRow).where(unknown).values(email=address))


def caller_of(records: Store, token: str) -> Caller | None:
    """The user whose token this is, or None."""
    query = select(UserRow.id, UserRow.name).join(TokenRow, TokenRow.user_id == UserRow.id)
    with records.read() as session:
        found = session.execute(query.where(TokenRow.sha256 == _sha256(token))).one_or_none()
    return Caller(found.id, found.name) if found else None


def email_of(session: Session, caller: Caller) -> str:
    """Where letters reach the caller; empty if nobody has said it."""
    return session.execute(select(UserRow.email).where(UserRow.id == caller.user_id)).scalar_one_or_none() or ""


def address_or_own(given: str, own: str) -> str:
    """Where a test goes: to the address that was `given`, or to the caller's; Refused (422) if there is none."""
    if not given and not own:
        raise wrong("recipient", "recipient is missing, and your own e-mail address is not known: PATCH /api/v1/me/.")
    try:
        return normalised(given) if given else own
    except EmailNotValidError as error:
        raise wrong("recipient", f"recipient must be an e-mail address: {why_not(error)}") from error


def _checked(email: str, where: str) -> str:
    try:
        return normalised(email)
    except EmailNotValidError as error:
        raise SettingsError(f"{where} must be an e-mail address: {why_not(error)}") from error


def _keep_token(session: Session, token: str, name: str, origin: str, now: datetime) -> None:
    upsert(session, table_of(UserRow), {"id": uuid4(), "name": name, "created_at": now}, key=["name"], update=[])
    user_id = session.execute(select(UserRow.id).where(UserRow.name == name)).scalar_one()
    values = {"sha256": _sha256(token), "user_id": user_id, "origin": origin, "created_at": now}
    upsert(session, table_of(TokenRow), values, key=["sha256"], update=[])


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
