"""Excel's number formats, read as the patterns by which Unicode's locale data writes numbers and dates."""

from __future__ import annotations

import re
from functools import lru_cache

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[(?P<bracket>[^\]]*)\]|[_*](?P<space>.)|(?P<plain>.)', re.DOTALL
)
_SYMBOL = re.compile(r"\$([^-]*)")
_NUMBER = re.compile(r"(?P<digits>[#0?][#0?,]*(?:\.[0#?]*)?)(?P<thousands>,*)(?P<exponent>E[+-]0+)?")
_DATE = re.compile(r"(?i)AM/PM|A/P|y+|m+|d+|h+|s+(?:[.,]0+)?")


@lru_cache(maxsize=256)
def number_pattern(code: str) -> tuple[str, int] | None:
    """The pattern for `code` and by how many thousands it divides; None where there is no such pattern."""
    sections = [_number_section(section) for section in _sections(code)[:2]]
    if any(section is None for section in sections):
        return None
    patterns = [section[0] for section in sections if section is not None]
    first = sections[0]
    assert first is not None
    return ";".join(patterns), first[1]


@lru_cache(maxsize=256)
def date_pattern(code: str) -> str | None:
    """The pattern for `code`, or None if it is none for dates."""
    parts, is_date, twelve = [], False, bool(re.search(r"(?i)AM/PM|A/P", code))
    section = _sections(code)[0]
    plain = "".join(text for text, literal in section if not literal)
    letters = _DATE.findall(plain)
    seen = 0
    for text, literal in section:
        if literal:
            parts.append(_quoted(text))
            continue
        position = 0
        for match in _DATE.finditer(text):
            parts.append(_quoted(text[position : match.start()]))
            before = letters[seen - 1] if seen else ""
            after = letters[seen + 1] if seen + 1 < len(letters) else ""
            parts.append(_date_letters(match.group(), before, after, twelve))
            is_date, position, seen = True, match.end(), seen + 1
        parts.append(_quoted(text[position:]))
    return "".join(parts) if is_date else None


def _date_letters(letters: str, before: str, after: str, twelve: bool) -> str:
    """One run of letters; m is a minute behind hours and before seconds, and else a month."""
    low, count = letters.lower(), len(letters)
    if low in ("am/pm", "a/p"):
        return "a"
    if low[0] == "h":
        return ("h" if twelve else "H") * min(count, 2)
    if low[0] == "s":
        whole, _, fraction = low.replace(",", ".").partition(".")
        return "s" * min(len(whole), 2) + ("." + "S" * len(fraction) if fraction else "")
    if low[0] == "m":
        is_minute = before[:1].lower() == "h" or after[:1].lower() == "s"
        return ("m" if is_minute else "M") * min(count, 2 if is_minute else 5)
    if low[0] == "d":
        return {1: "d", 2: "dd", 3: "EEE"}.get(count, "EEEE")
    return "yy" if count == 2 else "yyyy"


def _sections(code: str) -> list[list[tuple[str, bool]]]:
    """The sections between semicolons, each as texts that are literal or not. Colours and conditions fall away."""
    sections: list[list[tuple[str, bool]]] = [[]]
    for match in _TOKEN.finditer(code):
        if match.group("plain") == ";":
            sections.append([])
            continue
        text, literal = _token(match)
        last = sections[-1]
        if last and last[-1][1] == literal:
            last[-1] = (last[-1][0] + text, literal)
        elif text:
            last.append((text, literal))
    return sections


def _token(match: re.Match[str]) -> tuple[str, bool]:
    if match.group("plain") is not None:
        return match.group("plain"), False
    if match.group("bracket") is not None:
        symbol = _SYMBOL.match(match.group("bracket"))
        return (symbol.group(1) if symbol else ""), True
    if match.group("space") is not None:
        return "\u00a0" if match.group().startswith("_") else "", True
    return match.group("quoted") or match.group("escaped") or "", True


def _number_section(section: list[tuple[str, bool]]) -> tuple[str, int] | None:
    pattern, thousands, found = "", 0, False
    for text, literal in section:
        if literal:
            pattern += _quoted(text)
            continue
        match = _NUMBER.search(text)
        if match is None or found:
            if re.search(r"[#0?/@]|General", text):
                return None
            pattern += text
            continue
        found, thousands = True, len(match.group("thousands"))
        digits = match.group("digits").replace("?", "#")
        if digits.endswith(","):
            thousands += len(digits) - len(digits.rstrip(","))
            digits = digits.rstrip(",")
        behind = text[match.end() :]
        if re.search(r"[#0?/]", behind):
            return None
        pattern += text[: match.start()] + digits + (match.group("exponent") or "") + behind
    return (pattern, thousands) if found else None


def _quoted(text: str) -> str:
    if not text or not re.search(r"[A-Za-z#0-9.,;%'¤@+-]", text):
        return text
    return "'" + text.replace("'", "''") + "'"
