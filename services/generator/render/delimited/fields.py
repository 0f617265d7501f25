"""Guards and quotes a column of texts. Most columns need neither, and a look at their bytes tells."""

from __future__ import annotations

from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.render.bytes_of import bytes_of

_DANGEROUS = pa.array(["=", "+", "-", "@", "\t", "\r"])
_FORMULA = r"(?s)^[=@\t\r]|^[+-][^0-9.]|^[+-][0-9.].*[^0-9.,\s%]"


def guarded(text: pa.StringArray) -> tuple[pa.StringArray, int]:
    """The texts, with an apostrophe before those that a spreadsheet would run, and how many these are."""
    if not pc.any(pc.is_in(pc.utf8_slice_codeunits(text, 0, 1), _DANGEROUS)).as_py():
        return text, 0
    risky = pc.match_substring_regex(text, _FORMULA)
    count = pc.sum(risky).as_py() or 0
    return (pc.if_else(risky, pc.binary_join_element_wise("'", text, ""), text) if count else text), count


def quoted(text: pa.StringArray, delimiter: str, null: str) -> pa.StringArray:
    """The texts; in quotes are those that hold a delimiter, a quote or a line's end, nothing, or the word for NULL."""
    raw = bytes(bytes_of(text))  # looking for one byte in all is much faster than looking in each
    marks = [mark for mark in (delimiter, '"', "\r", "\n") if mark.encode() in raw]
    tests = [pc.match_substring(text, mark) for mark in marks]
    if pc.min(pc.binary_length(text)).as_py() == 0:
        tests.append(pc.equal(text, ""))
    if null and null.encode() in raw:
        tests.append(pc.equal(text, null))
    if not tests:
        return text
    return pc.if_else(reduce(pc.or_, tests), _in_quotes(text, doubled='"' in marks), text)


def always_quoted(text: pa.StringArray) -> pa.StringArray:
    """The texts in quotes; NULL stays NULL."""
    return _in_quotes(text, doubled=b'"' in bytes(bytes_of(text)))


def _in_quotes(text: pa.StringArray, *, doubled: bool) -> pa.StringArray:
    inner = pc.replace_substring(text, '"', '""') if doubled else text
    return pc.binary_join_element_wise('"', inner, '"', "")
