"""When the key of a recipient and the value in a row are the same: to the character, and numbers by their value.

Nobody may see the rows of somebody else, so nothing is made alike: not big and small letters, not blanks, not the ways
in which Unicode writes a letter. Only a number is the same however many zeros a database writes behind its point.
NULL is nobody's.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from hashlib import sha256

import pyarrow as pa

from services.generator.columns.kinds import Kind
from services.generator.columns.text import as_text

_NUMBERS: frozenset[Kind] = frozenset(("number", "numeric"))


def key_texts(array: pa.Array, kind: Kind) -> pa.StringArray:
    """The keys in a column, as text; NULL stays NULL."""
    texts = as_text(array, kind)
    if kind not in _NUMBERS:
        return texts
    return pa.array([None if one is None else _number(one) for one in texts.to_pylist()], pa.string())


def digest(key: str) -> str:
    """Stands for a key, whatever characters it has."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _number(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite():
        return text
    plain = format(number, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in ("-0", "") else plain
