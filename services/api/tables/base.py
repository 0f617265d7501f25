"""What all tables of the records share."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.orm import DeclarativeBase

from libs.common.store import UtcDateTime

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


class Base(DeclarativeBase):
    """A table of the records. Moments are aware and in UTC; ids are UUIDs made from what they stand for."""

    metadata = metadata
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        int: BigInteger().with_variant(Integer, "sqlite"),
        UUID: Uuid,
        datetime: UtcDateTime,
        list[Any]: JSON(none_as_null=True),
        dict[str, Any]: JSON(none_as_null=True),
    }


def table_of(row: type[Base]) -> Table:
    """The table behind a class of rows."""
    return cast("Table", row.__table__)
