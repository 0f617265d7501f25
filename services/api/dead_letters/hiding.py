"""Shows the payload of a dead letter without its secrets."""

from __future__ import annotations

from typing import Any

HIDDEN = "(hidden)"
_SEALED = "sealed_"


def without_secrets(part: Any) -> Any:
    """`part`, a piece of JSON, with everything that is sealed hidden."""
    if isinstance(part, dict):
        return {
            name: HIDDEN if name.startswith(_SEALED) and value else without_secrets(value)
            for name, value in part.items()
        }
    if isinstance(part, list):
        return [without_secrets(one) for one in part]
    return part
