"""Values as text: the same digits in every format, whole columns at a time."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.columns.kinds import Kind

_NAMED = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "-0": "0"}


def as_text(array: pa.Array, kind: Kind, *, with_zone: bool = True) -> pa.StringArray:
    """The values as text; NULL stays NULL.

    A number has all its digits, a moment is ISO 8601 with a space, bytes are hexadecimal. An instant is in UTC
    and says so (`+00:00`) unless `with_zone` is false because a heading does.
    """
    if kind == "text":
        return array if pa.types.is_string(array.type) else array.cast(pa.string())
    if kind == "number":
        return _digits(array.cast(pa.string()))
    if kind == "binary":
        return pa.array([None if value is None else value.hex() for value in array.to_pylist()], pa.string())
    if kind in ("timestamp", "instant", "time"):
        return _moments(array, "+00:00" if kind == "instant" and with_zone else "")
    return array.cast(pa.string())


def _digits(text: pa.StringArray) -> pa.StringArray:
    """Arrow writes a float with the fewest digits that name it, but as 1.5e+11 where people expect digits."""
    odd = pc.match_substring_regex(text, r"[en]|^-0$")
    if not pc.any(odd).as_py():
        return text
    return pa.array([_plain(value) if value else value for value in text.to_pylist()], pa.string())


def _plain(text: str) -> str:
    if text in _NAMED:
        return _NAMED[text]
    number = Decimal(text)
    return format(number, "f") if -8 < number.adjusted() < 17 else text


def _moments(array: pa.Array, zone: str) -> pa.StringArray:
    type_ = array.type
    if pa.types.is_timestamp(type_) and type_.tz == "UTC":
        # The same digits: Arrow takes thirty times as long to write a moment that has a zone.
        array = array.cast(pa.timestamp(type_.unit))
    try:
        text = array.cast(pa.time32("s") if pa.types.is_time(type_) else pa.timestamp("s")).cast(pa.string())
    except pa.ArrowInvalid:  # some have parts of a second
        text = pc.replace_substring_regex(array.cast(pa.string()), r"(\.000000)?Z?$", "")
    return pc.binary_join_element_wise(text, zone, "") if zone else text
