"""Long lists come in pages. A cursor names the last thing seen, so that a page stays right while others write."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request
from litestar.params import QueryParameter
from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.api.problems import wrong

Limit = Annotated[int, QueryParameter(ge=1, le=500, description="How many entries a page has at most.")]
Cursor = Annotated[str | None, QueryParameter(description="Where the page begins: from `next` of the page before.")]

DEFAULT_LIMIT = 50


Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Order(NamedTuple):
    """How a list is sorted: by one column, which holds a `kind`, and, where that is equal, by the id."""

    column: InstrumentedAttribute[Any]
    id: InstrumentedAttribute[Any]
    kind: Any = Instant
    descending: bool = True


class Window(NamedTuple):
    """Which part of a list was asked for."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


def page(session: Session, query: Select[Any], order: Order, window: Window) -> tuple[Sequence[Any], str | None]:
    """The entries of one page, and the cursor of the next one or None."""
    if window.cursor is not None:
        query = query.where(_beyond(order, window.cursor))
    columns = (order.column, order.id)
    query = query.order_by(*(one.desc() if order.descending else one.asc() for one in columns))
    found = session.execute(query.limit(window.limit + 1)).unique().scalars().all()
    if len(found) <= window.limit:
        return found, None
    last = found[window.limit - 1]
    return found[: window.limit], _encode([getattr(last, one.key) for one in columns])


def next_url(request: Request[Any, Any, Any], cursor: str | None) -> str | None:
    """The URL of the next page: the present one with another cursor."""
    if cursor is None:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"


def _beyond(order: Order, cursor: str) -> ColumnElement[bool]:
    value, last_id = _decode(order, cursor)
    if order.descending:
        return or_(order.column < value, and_(order.column == value, order.id < last_id))
    return or_(order.column > value, and_(order.column == value, order.id > last_id))


def _encode(last: list[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(last)).decode().rstrip("=")


def _decode(order: Order, cursor: str) -> tuple[Any, Any]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        value, last_id = msgspec.json.decode(text, type=tuple[str, UUID])
        return msgspec.convert(value, order.kind), last_id
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise wrong("cursor", "cursor must be taken from `next` of the page before.") from error
