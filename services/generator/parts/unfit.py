"""A widget that does not fit its answer."""

from __future__ import annotations

from services.generator.answers import Answer


class Unfit(Exception):
    """This widget cannot be drawn, in a sentence for its place; `no_rows` if only because nothing was found."""

    def __init__(self, reason: str, *, no_rows: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.no_rows = no_rows


def place_of(answer: Answer, column: str) -> int:
    """Where `column` is in the answer's batches. Raises Unfit if the query gives no such column."""
    for index, own in enumerate(answer.columns):
        if own.name == column:
            return index
    names = ", ".join(own.name for own in answer.columns[:20]) + (", …" if len(answer.columns) > 20 else "")
    raise Unfit(f"The query '{answer.name}' has no column '{column}'; it has {names}.")
