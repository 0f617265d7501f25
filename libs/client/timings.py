"""Days off, and what a timing means before anybody waits for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from libs.client.answers import Calendar, Preview
from libs.client.calls import API, Calls, step


class TimingCalls(Calls):
    """Calendars and previews."""

    def create_calendar(self, name: str, *, key: str = "", **fields: Any) -> Calendar:
        """Days on which nobody works; `fields` are the other fields of `POST /calendars`."""
        return self._create("calendars", Calendar, {"name": name, **fields}, key)

    def change_calendar(self, calendar: UUID | str, **changes: Any) -> Calendar:
        """Change fields of a calendar, named by its id or name; its schedules follow."""
        return self._change(f"calendars/{step(calendar)}", Calendar, changes)

    def delete_calendar(self, calendar: UUID | str) -> None:
        """ApiProblem (409) while a schedule keeps to it."""
        self._delete(f"calendars/{step(calendar)}")

    def calendars(self) -> Iterator[Calendar]:
        """All calendars, by name."""
        return self._pages("calendars", Calendar)

    def preview_schedule(self, schedule_id: UUID, count: int = 10) -> Preview:
        """The next moments of a schedule, as if it were active."""
        return self._get(f"reports/schedules/{schedule_id}/preview/", Preview, {"count": count})

    def preview_timing(self, frequency: str, schedule_config: Mapping[str, Any], **fields: Any) -> Preview:
        """The next moments of a timing that nobody has saved; `fields` are the others of `POST …/preview`."""
        body = {"frequency": frequency, "schedule_config": schedule_config, **fields}
        return self._transport.call("POST", f"{API}/reports/schedules/preview/", Preview, body=body)
