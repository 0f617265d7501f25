"""Names that Excel accepts for a sheet."""

from __future__ import annotations

import re

MAX_LENGTH = 31
_RESERVED = {"history"}


class SheetNames:
    """Gives each sheet of a workbook a name of its own, as near to the wanted one as Excel allows."""

    def __init__(self) -> None:
        self._taken: set[str] = set(_RESERVED)

    def name(self, wanted: str) -> str:
        """A name that no sheet has yet; Excel does not tell capital letters from small ones."""
        clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]+", " ", wanted)
        clean = " ".join(clean.split()).strip("' ") or "Sheet"
        candidate, count = clean[:MAX_LENGTH].rstrip("' "), 1
        while candidate.casefold() in self._taken:
            count += 1
            ending = f" ({count})"
            candidate = clean[: MAX_LENGTH - len(ending)].rstrip("' ") + ending
        self._taken.add(candidate.casefold())
        return candidate
