"""What a recipients query says of each recipient: the row as a line of the list, or why they get no report."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, get_args

import pyarrow as pa
from email_validator import EmailNotValidError

from libs.common.addresses import EVERYWHERE, AllowedDomains
from libs.common.delivering import Burst, Channel, Destination, Refusal
from libs.common.errors import PermanentFailure
from libs.common.mail_addresses import normalised, why_not
from libs.common.messages import Format, Parameter, ParameterType
from services.generator.burst.keys import key_texts
from services.generator.burst.line import Line, Value
from services.generator.columns.kinds import kind_of
from services.generator.columns.text import as_text

SPECIAL = ("address", "name", "locale", "formats", "channel", "destination")
"""Columns that are no parameters; `key` is one more, unless a parameter is called so."""

_FORMATS = frozenset(get_args(Format))
_LOCALE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*")
_BLANKS = re.compile(r"[\x00-\x20\x7f\x85\u2028\u2029]+")
_LONGEST_NAME = 200
_LONGEST_SHOWN = 60
_MOST_BITS = 2**63


@dataclass(frozen=True)
class Rules:
    """What the lines of a burst must keep to."""

    burst: Burst
    parameters: tuple[Parameter, ...]
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    allowed: AllowedDomains = EVERYWHERE


class _Refused(Exception):
    """This recipient gets no report."""

    def __init__(self, refusal: Refusal, reason: str) -> None:
        super().__init__(reason)
        self.refusal = refusal


class Lines:
    """Reads rows into lines, each recipient once. `duplicates` counts those that said nothing new.

    It remembers a few bytes of every line, and no line.
    """

    def __init__(self, rules: Rules) -> None:
        self.duplicates = 0
        self._rules = rules
        self._types = {one.name: one.type for one in rules.parameters}
        self._seen: dict[bytes, bytes] = {}

    def read(self, batches: Iterable[pa.RecordBatch]) -> Iterator[Line]:
        """The lines; PermanentFailure if the columns are not those that a burst may have."""
        for batch in batches:
            names = batch.schema.names
            self._check(names)
            columns = [self._texts(name, batch, index) for index, name in enumerate(names)]
            for row in zip(*columns, strict=True):
                line = self._once(self._line(dict(zip(names, row, strict=True))))
                if line is not None:
                    yield line

    def _texts(self, name: str, batch: pa.RecordBatch, index: int) -> list[str | None]:
        array, kind = batch.column(index), kind_of(batch.schema.field(index))
        texts = key_texts(array, kind) if self._is_key(name) else as_text(array, kind)
        found: list[str | None] = texts.to_pylist()
        return found

    def _is_key(self, name: str) -> bool:
        return name == "key" and (bool(self._rules.burst.share_out_by) or "key" not in self._types)

    def _check(self, names: Sequence[str]) -> None:
        if "address" not in names:
            raise PermanentFailure(f"The recipients query must give a column 'address'; it gives {_listed(names)}.")
        if len(set(names)) < len(names):
            raise PermanentFailure(f"The recipients query must give each column once; it gives {_listed(names)}.")
        shared = self._rules.burst.share_out_by
        if shared and "key" not in names:
            raise PermanentFailure(
                f"The recipients query must give a column 'key': the rows are shared out by '{shared}'."
            )
        for name in names:
            if name in SPECIAL or self._is_key(name):
                continue
            if shared:
                raise PermanentFailure(
                    f"The recipients query gives a column '{name}', but the queries are executed once for all "
                    "recipients, so it cannot be a parameter; leave it out."
                )
            if name not in self._types:
                raise PermanentFailure(
                    f"The recipients query gives a column '{name}', which is no parameter of the template; it has "
                    f"{_listed(list(self._types)) if self._types else 'none'}."
                )

    def _line(self, row: Mapping[str, str | None]) -> Line:
        name = _BLANKS.sub(" ", row.get("name") or "").strip()[:_LONGEST_NAME]
        shown = _BLANKS.sub(" ", row["address"] or "").strip()[:320]
        try:
            return self._fitting(row, name)
        except _Refused as refused:
            return Line(address=shown, name=name, refusal=refused.refusal, reason=str(refused))

    def _fitting(self, row: Mapping[str, str | None], name: str) -> Line:
        place = self._destination(row)
        address = self._address(row.get("address"), is_needed=place is None)
        key = self._key(row)
        channel: Channel = "email" if place is None else place.kind
        whom = address if place is None else f"{place.destination_id}:{address}"
        return Line(
            address=address or (place.name if place else ""),
            identity=f"{channel}:{whom}" + (f":{key}" if key else ""),
            name=name,
            channel=channel,
            destination=place.name if place is not None else "",
            locale=_locale(row.get("locale")),
            formats=_formats(row.get("formats")),
            key=key,
            values=tuple(
                (one, _value(one, self._types[one], text))
                for one, text in row.items()
                if one in self._types and one not in SPECIAL and not self._is_key(one)
            ),
        )

    def _destination(self, row: Mapping[str, str | None]) -> Destination | None:
        name, channel = (row.get("destination") or "").strip(), (row.get("channel") or "").strip()
        if not name:
            if channel not in ("", "email"):
                raise _Refused("unfit", f"The channel is {_quoted(channel)}, but there is no destination.")
            return None
        place = self._rules.destinations.get(name)
        if place is None:
            raise _Refused("unfit", f"The destination {_quoted(name)} is none of those that the schedule names.")
        if channel not in ("", place.kind):
            raise _Refused("unfit", f"The channel is {_quoted(channel)}, but '{place.name}' is a {place.kind}.")
        return place

    def _address(self, text: str | None, *, is_needed: bool) -> str:
        if text is None or not text.strip():
            if is_needed:
                raise _Refused("without_address", "There is no address.")
            return ""
        try:
            address = normalised(text)
        except EmailNotValidError as error:
            raise _Refused("invalid", f"This is no e-mail address: {why_not(error)}") from error
        if not self._rules.allowed.allows(address):
            raise _Refused("not_allowed", self._rules.allowed.sentence(address))
        return address

    def _key(self, row: Mapping[str, str | None]) -> str:
        if not self._rules.burst.share_out_by:
            return row.get("key") or "" if self._is_key("key") else ""
        key = row["key"]
        if key is None:
            raise _Refused("unfit", "The key is NULL, so no rows are theirs.")
        return key

    def _once(self, line: Line) -> Line | None:
        """The line, or None if it says nothing new. One that says something else of the same recipient is refused."""
        if line.refusal:
            return line
        who = blake2b(line.identity.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        said = repr((line.values, line.formats, line.locale)).encode("utf-8", "surrogatepass")
        what = blake2b(said, digest_size=8).digest()
        known = self._seen.setdefault(who, what)
        if known is what:
            return line
        if known != what:
            reason = "The recipient was named before with other values; a column 'key' tells several reports apart."
            return Line(address=line.address, name=line.name, channel=line.channel, refusal="unfit", reason=reason)
        self.duplicates += 1
        return None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:20])


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…")


def _locale(text: str | None) -> str:
    text = (text or "").strip()
    if text and not _LOCALE.fullmatch(text):
        raise _Refused("unfit", f"The locale must be one like en or de_AT, not {_quoted(text)}.")
    return text


def _formats(text: str | None) -> tuple[Format, ...]:
    wanted = [one.strip().lower() for one in (text or "").split(",") if one.strip()]
    for one in wanted:
        if one not in _FORMATS:
            raise _Refused("unfit", f"There is no format {_quoted(one)}; there are {', '.join(sorted(_FORMATS))}.")
    return tuple(dict.fromkeys(wanted))  # type: ignore[arg-type]


# Parameters ------------------------------------------------------------------------------------------------


def _value(name: str, kind: ParameterType, text: str | None) -> Value:
    if text is None:
        return None
    try:
        value: Value = _READ[kind](text)
    except (ValueError, InvalidOperation, KeyError) as error:
        raise _Refused("unfit", f"The parameter '{name}' must be {_WANTED[kind]}, not {_quoted(text)}.") from error
    return value


def _integer(text: str) -> int:
    number = Decimal(text)
    if not number.is_finite() or number != number.to_integral_value() or not -_MOST_BITS <= number < _MOST_BITS:
        raise ValueError
    return int(number)


def _number(text: str) -> str:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError
    return text.strip()


def _day(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.time() != time():
        raise ValueError
    return moment.date().isoformat() if len(text) > len("2026-12-31") else date.fromisoformat(text).isoformat()


_READ: Mapping[ParameterType, Callable[[str], Any]] = {
    "text": str,
    "integer": _integer,
    "number": _number,
    "boolean": lambda text: {"true": True, "1": True, "false": False, "0": False}[text.strip().lower()],
    "date": _day,
    "datetime": lambda text: datetime.fromisoformat(text).isoformat(),
}

_WANTED: Mapping[ParameterType, str] = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date such as 2026-12-31",
    "datetime": "a date with a time such as 2026-12-31T18:00:00",
}
