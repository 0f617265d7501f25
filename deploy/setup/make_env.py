"""Write .env from .env.example with fresh random secrets. An .env that exists is never changed.

A line of the example that ends in `=` is a secret to be filled in. Needs nothing but Python.
"""
# ruff: noqa: T201 (it talks to people)

from __future__ import annotations

import base64
import os
import re
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECRET = re.compile(r"^(\w+)=$", re.MULTILINE)
SETTING = re.compile(r"^(\w+)=", re.MULTILINE)


def main(folder: Path, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> int:
    """0 if `folder` has an .env with every setting of .env.example, written now or found; 1 if some are missing."""
    example = (folder / ".env.example").read_text(encoding="utf-8")
    path = folder / ".env"
    try:
        _write_private(path, filled(example, random_bytes))
    except FileExistsError:
        return _report(path, missing(example, path.read_text(encoding="utf-8")))
    print(f"Wrote {path} with fresh secrets. Keep a copy in a safe place.")
    return 0


def filled(example: str, random_bytes: Callable[[int], bytes]) -> str:
    """`example` with a secret after each `NAME=` that has none."""
    return SECRET.sub(lambda line: f"{line[1]}={_secret(line[1], random_bytes)}", example)


def missing(example: str, present: str) -> list[str]:
    """The settings that `example` sets and `present` does not."""
    return sorted(set(SETTING.findall(example)) - set(SETTING.findall(present)))


def _secret(name: str, random_bytes: Callable[[int], bytes]) -> str:
    if name == "PRESSROOM_SEAL_KEYS":
        return base64.urlsafe_b64encode(random_bytes(32)).decode()  # the form that Fernet wants
    return random_bytes(24).hex()  # nothing in it has a meaning in a URL


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _report(path: Path, absent: list[str]) -> int:
    if not absent:
        print(f"{path} exists and was left as it is.")
        return 0
    print(f"{path} exists and was left as it is, but it lacks: {', '.join(absent)}. See .env.example.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(ROOT))
