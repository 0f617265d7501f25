"""The failure of a timing that makes no sense."""

from __future__ import annotations

from libs.common.errors import PermanentFailure


class TimingError(PermanentFailure):
    """A timing that makes no sense. `field` is its path in a schedule, like `schedule_config.hour`."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
