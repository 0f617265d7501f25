"""Users and their bearer tokens. A token is shown once and kept as its SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from libs.common.store import Store, upsert
from services.api.tables import TokenRow, UserRow, table_of

ADMIN = "admin"
PREFIX = "pressroom_"
"""Begins every token that we make, so that a secret scanner can recognise one."""


class Caller(msgspec.Struct, frozen=True):
    """Who sent a request."""

    user_id: UUID
    name: str


def create_token(records: Store, name: str, now: datetime) -> str:
    """A new token for the user `name`, who is created if there is none yet."""
    token = PREFIX + secrets.token_urlsafe(32)
    with records.begin() as session:
        _keep_token(session, token, name, "command", now)
    return token


def keep_admin_token(records: Store, token: str, now: datetime) -> None:
    """Make `token`, which comes from the settings, valid for the user admin; it replaces the former one from there."""
    with records.begin() as session:
        others = (TokenRow.origin == "setting") & (TokenRow.sha256 != _sha256(token))
        session.execute(delete(TokenRow).where(others))
        _keep_token(session, token, ADMIN, "setting", now)


def caller_of(records: Store, token: str) -> Caller | None:
    """The user whose token this is, or None."""
    query = select(UserRow.id, UserRow.name).join(TokenRow, TokenRow.user_id == UserRow.id)
    with records.read() as session:
        found = session.execute(query.where(TokenRow.sha256 == _sha256(token))).one_or_none()
    return Caller(found.id, found.name) if found else None


def _keep_token(session: Session, token: str, name: str, origin: str, now: datetime) -> None:
    upsert(session, table_of(UserRow), {"id": uuid4(), "name": name, "created_at": now}, key=["name"], update=[])
    user_id = session.execute(select(UserRow.id).where(UserRow.name == name)).scalar_one()
    values = {"sha256": _sha256(token), "user_id": user_id, "origin": origin, "created_at": now}
    upsert(session, table_of(TokenRow), values, key=["sha256"], update=[])


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
