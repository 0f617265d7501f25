"""PRESSROOM_* settings that the caller's environment gives; they win over what an instance makes up for itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from libs.common.settings import PREFIX

FILE = "_FILE"


def is_given(name: str, environ: Mapping[str, str]) -> bool:
    """Whether PRESSROOM_<name> is set, itself or as a file; empty counts as not set."""
    return any(environ.get(PREFIX + variable) for variable in (name, name + FILE))


def unless_given(generated: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables for those of `generated` (settings without their prefix) that the caller has not set."""
    ours = {name: value for name, value in generated.items() if not is_given(name.removesuffix(FILE), environ)}
    return {PREFIX + name: value for name, value in ours.items()}


def value_of(name: str, environ: Mapping[str, str]) -> str:
    """The value of PRESSROOM_<name>, which may lie in a file; empty if it is not set."""
    path = environ.get(PREFIX + name + FILE)
    return Path(path).read_text(encoding="utf-8").strip() if path else environ.get(PREFIX + name, "")
