"""What happens to files, checked before it is kept: secrets are sealed here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET

from libs.common.drops import pattern_complaint, read_target
from libs.common.handling import Drop, Limits, Packing
from libs.common.look import CsvDialect
from libs.common.sealing import Sealer
from services.api.definitions import as_json
from services.api.problems import Findings
from services.api.schemas.handling import NewDrop, NewPacking
from services.api.words import either, shown

PROTECTED = ("xlsx", "pdf")
"""Formats that can be encrypted by themselves; the others need a zip."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def check_csv(csv: CsvDialect, wrong: Findings) -> None:
    """What contradicts itself in `csv` goes to `wrong`."""
    if csv.decimal == csv.delimiter:
        wrong.add("csv.decimal", f"csv.decimal must be different from csv.delimiter, not {shown(csv.decimal)} as well.")


def check_limits(limits: Limits, wrong: Findings) -> None:
    """What contradicts itself in `limits` goes to `wrong`."""
    if limits.soft_seconds and limits.hard_seconds and limits.soft_seconds > limits.hard_seconds:
        sentence = f"must be at least soft_seconds, which is {limits.soft_seconds:g}, not {limits.hard_seconds:g}."
        wrong.add("limits.hard_seconds", f"limits.hard_seconds {sentence}")


def sealed_packing(
    new: NewPacking, kept: dict[str, Any], formats: Sequence[str], sealer: Sealer, wrong: Findings
) -> dict[str, Any]:
    """The packing as it travels; a password that is left out is the one of `kept`."""
    password = str(kept.get("sealed_password", "")) if new.password is UNSET else ""
    if isinstance(new.password, str):
        password = sealer.seal(new.password)
    packing = Packing(pack=new.pack, sealed_password=password)
    if open_ones := _unprotected(packing, formats):
        sentence = f"must be zip, because {either(open_ones)} files cannot have a password by themselves."
        wrong.add("packing.pack", f"packing.pack {sentence}")
    return dict(as_json(packing))


def check_formats(formats: Sequence[str] | None, packing: dict[str, Any], wrong: Findings) -> None:
    """Formats that somebody chose instead of the template's must be such that its password protects them."""
    if open_ones := _unprotected(msgspec.convert(packing, Packing), formats or ()):
        sentence = f"{either(open_ones)} files cannot have the password of the template, which packs no zip."
        wrong.add("formats", f"formats must be {either(PROTECTED)}: {sentence}")


def _unprotected(packing: Packing, formats: Sequence[str]) -> list[str]:
    if not packing.sealed_password or packing.pack == "zip":
        return []
    return [one for one in formats if one not in PROTECTED]


def sealed_drop(
    new: NewDrop | None, kept: dict[str, Any] | None, sealer: Sealer, wrong: Findings
) -> dict[str, Any] | None:
    """The drop as it travels; a URL that is left out is the one of `kept`."""
    if new is None:
        return None
    if complaint := pattern_complaint(new.pattern):
        wrong.add("drop.pattern", f"drop.pattern {complaint}.")
    if new.url is not UNSET:
        shown_url = _without_secrets(new.url, wrong)
        return dict(as_json(Drop(sealed_url=sealer.seal(new.url), shown=shown_url, pattern=new.pattern)))
    if kept is None:
        wrong.add("drop.url", f"drop.url is missing; it must be {_URL}.")
        return None
    return dict(as_json(Drop(sealed_url=kept["sealed_url"], shown=kept["shown"], pattern=new.pattern)))


_URL = "a folder like daily/sales or a bucket like s3://key:secret@bucket/prefix"


def _without_secrets(url: str, wrong: Findings) -> str:
    """What may be shown of `url`; one that names no place is wrong and is not quoted."""
    try:
        target = read_target(url)
    except ValueError as error:
        wrong.add("drop.url", f"drop.url {error}.")
        return ""
    # A secret with a / ends the address for every reader of URLs: what follows would be shown as the prefix.
    if target.bucket and not _BUCKET.fullmatch(urlsplit(url).netloc.rpartition("@")[2]):
        wrong.add("drop.url", f"drop.url must be {_URL}; signs like / and @ in a secret are written as %2F and %40.")
        return ""
    return target.shown
