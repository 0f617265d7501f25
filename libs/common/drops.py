"""Where copies of files are dropped: the address of a folder or bucket, and the pattern of their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from urllib.parse import parse_qsl, unquote, urlsplit

FACTS = ("slug", "date", "year", "month", "day", "time", "report_id", "format", "filename")
"""What a pattern may name, in braces."""

_OPTIONS = ("region", "endpoint")
_SIMPLE = re.compile(r"[^\x00-\x1f\x7f\\]*")


@dataclass(frozen=True)
class Target:
    """A folder under the generator's own drop folder, or a bucket with what is needed to write to it.

    `key` and `secret` are empty where the generator's own role or environment gives access.
    """

    folder: str = ""
    bucket: str = ""
    prefix: str = ""
    key: str = ""
    secret: str = ""
    region: str = ""
    endpoint: str = ""

    @property
    def shown(self) -> str:
        """The address without secrets."""
        if not self.bucket:
            return self.folder
        return "/".join(filter(None, (f"s3://{self.bucket}", self.prefix)))


def read_target(url: str) -> Target:
    """The target that `url` names; ValueError with a clause that says what would be right."""
    if "://" not in url:
        return Target(folder=_folder(url))
    parts = urlsplit(url)
    if parts.scheme != "s3":
        raise ValueError("must be a folder, or s3://key:secret@bucket/prefix")
    if not parts.hostname:
        raise ValueError("must name a bucket, as in s3://key:secret@bucket/prefix")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("must have both a key and a secret, as in s3://key:secret@bucket/prefix, or neither")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := [name for name in options if name not in _OPTIONS]:
        raise ValueError(f"may have the options {' and '.join(_OPTIONS)}, not {unknown[0]}")
    prefix = unquote(parts.path).strip("/")
    if prefix and (complaint := _complaint_of_path(prefix)):
        raise ValueError(complaint)
    return Target(
        bucket=parts.hostname,
        prefix=prefix,
        key=unquote(parts.username or ""),
        secret=unquote(parts.password or ""),
        region=options.get("region", ""),
        endpoint=options.get("endpoint", ""),
    )


def pattern_complaint(pattern: str) -> str | None:
    """What is wrong with a pattern, as a clause that follows its name; None if it can be used."""
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(pattern)]
    except ValueError:
        return "must have a name in each pair of braces, like {slug}/{date}/{filename}"
    named = [name for name, _, _ in fields if name is not None]
    if wrong := [name for name in named if name not in FACTS]:
        return f"may name {', '.join(FACTS)}, not {wrong[0] or 'nothing'}"
    if any(spec or conversion for _, spec, conversion in fields):
        return "must have names alone in its braces, without : and !"
    if "filename" not in named:
        return "must name {filename}, so that two files of a report never have one name"
    return _complaint_of_path(named_after(pattern, dict.fromkeys(FACTS, "x")))


def named_after(pattern: str, facts: Mapping[str, str]) -> str:
    """The pattern with its names replaced; `facts` has a value for each of FACTS."""
    return Formatter().vformat(pattern, (), facts)


def _folder(url: str) -> str:
    folder = url.rstrip("/") or url
    if not folder.strip():
        raise ValueError("must be a folder, or s3://key:secret@bucket/prefix")
    if complaint := _complaint_of_path(folder.lstrip("/") or "x"):
        raise ValueError(complaint)
    return folder


def _complaint_of_path(path: str) -> str | None:
    if not _SIMPLE.fullmatch(path):
        return "must have neither control characters nor backslashes"
    if any(step.strip() in ("", ".", "..") for step in path.split("/")):
        return "must be a relative path of plain names, without .. and without empty steps"
    return None
