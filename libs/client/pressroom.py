"""Orders and questions to Pressroom."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from libs.client.answers import (
    HELD,
    Accepted,
    Artifact,
    Named,
    Occurrence,
    Progress,
    Report,
    ReportLine,
    Schedule,
    SourceTest,
    Template,
)
from libs.client.calls import API, step
from libs.client.consent import ConsentCalls
from libs.client.delivery import DeliveryCalls
from libs.client.problem import Unreachable
from libs.client.timings import TimingCalls


class _Occurrences(msgspec.Struct):
    items: list[Occurrence]


class Pressroom(ConsentCalls, DeliveryCalls, TimingCalls):
    """The API at `url`. Without arguments: PRESSROOM_URL and PRESSROOM_TOKEN of the environment.

    Whatever creates something takes an Idempotency-Key as `key`: a repetition with the same key creates nothing new.
    Without one, each call has its own, so that a repetition after a broken connection is safe all the same.
    """

    # Orders ----------------------------------------------------------------------------------------------------

    def create_source(self, name: str, url: str, *, key: str = "", **settings: Any) -> Named:
        """A database to read from; `settings` are the other fields of `POST /sources`."""
        return self._create("sources", Named, {"name": name, "url": url, **settings}, key)

    def create_template(self, slug: str, *, title: str, source: str, key: str = "", **fields: Any) -> Template:
        """What to produce; `fields` are the other fields of `POST /templates`, such as `query` or `queries`."""
        return self._create("templates", Template, {"slug": slug, "title": title, "source": source, **fields}, key)

    def create_schedule(
        self,
        name: str,
        report_type: str,
        *,
        frequency: str,
        schedule_config: Mapping[str, Any],
        key: str = "",
        **fields: Any,
    ) -> Schedule:
        """When to produce it and for whom; `fields` are the other fields of `POST /reports/schedules/`."""
        body = {"name": name, "report_type": report_type, "frequency": frequency, "schedule_config": schedule_config}
        return self._create("reports/schedules/", Schedule, {**body, **fields}, key)

    def change_source(self, source: UUID | str, **changes: Any) -> Named:
        """Change fields of a source, named by its id or name; the schedules that read from it follow."""
        return self._transport.call("PATCH", f"{API}/sources/{step(source)}", Named, body=changes)

    def change_template(self, template: UUID | str, **changes: Any) -> Template:
        """Change fields of a template, named by its id or slug; the schedules that use it follow."""
        return self._transport.call("PATCH", f"{API}/templates/{step(template)}", Template, body=changes)

    def change_schedule(self, schedule_id: UUID, **changes: Any) -> Schedule:
        """Change fields of a schedule; `active=False` pauses it."""
        return self._transport.call("PATCH", f"{API}/reports/schedules/{schedule_id}", Schedule, body=changes)

    def delete_schedule(self, schedule_id: UUID) -> None:
        """It fires no more."""
        self._transport.delete(f"{API}/reports/schedules/{schedule_id}")

    def order_report(self, report_type: str, *, key: str = "", **fields: Any) -> Accepted:
        """One report now; `fields` are the other fields of `POST /reports/`, such as `priority` and `recipients`."""
        return self._create("reports/", Accepted, {"report_type": report_type, **fields}, key)

    def cancel_report(self, report_id: UUID, reason: str = "") -> Accepted:
        """Stop a report, or let it never begin; ApiProblem (409) if it has ended."""
        body = {"reason": reason} if reason else {}
        return self._transport.call("POST", f"{API}/reports/{report_id}/cancel/", Accepted, body=body)

    def approve_report(self, report_id: UUID) -> Accepted:
        """Let a report that is held be sent; doing it again changes nothing."""
        return self._transport.call("POST", f"{API}/reports/{report_id}/approve/", Accepted)

    def set_logo(self, template: UUID | str, picture: bytes) -> Template:
        """A PNG or JPEG that the template's files carry."""
        return self._transport.send("PUT", f"{API}/templates/{step(template)}/logo", picture, Template)

    def set_workbook(self, template: UUID | str, workbook: bytes) -> Template:
        """An xlsx file whose named ranges and tables are filled instead of a new workbook."""
        return self._transport.send("PUT", f"{API}/templates/{step(template)}/workbook", workbook, Template)

    # Questions -------------------------------------------------------------------------------------------------

    def test_source(self, source: UUID | str, *, timeout_seconds: float = 60) -> SourceTest:
        """Have a generator connect, read and try to write; Unreachable if none answers in time."""
        test = self._transport.call("POST", f"{API}/sources/{step(source)}/test/", SourceTest)
        return self._answered(test, "generator", f"the source {source}", timeout_seconds)

    def sources(self) -> Iterator[Named]:
        """All sources, by name."""
        return self._pages("sources", Named)

    def templates(self) -> Iterator[Template]:
        """All templates, by slug."""
        return self._pages("templates", Template)

    def schedules(self) -> Iterator[Schedule]:
        """All schedules, the latest first."""
        return self._pages("reports/schedules", Schedule)

    def reports(self, **filters: Any) -> Iterator[ReportLine]:
        """Reports, the latest first; `filters` are `status`, `report_type` and `schedule`."""
        return self._pages("reports", ReportLine, **filters)

    def schedule(self, schedule_id: UUID) -> Schedule:
        """A schedule."""
        return self._transport.call("GET", f"{API}/reports/schedules/{schedule_id}", Schedule)

    def executions(self, schedule_id: UUID) -> Sequence[Occurrence]:
        """The latest occurrences of a schedule, the newest first."""
        return self._transport.call("GET", f"{API}/reports/schedules/{schedule_id}/executions/", _Occurrences).items

    def report(self, report_id: UUID) -> Report:
        """A report with its files and deliveries."""
        return self._transport.call("GET", f"{API}/reports/{report_id}", Report)

    def progress(self, report_id: UUID) -> Progress:
        """How far a report is."""
        return self._transport.call("GET", f"{API}/reports/{report_id}/progress/", Progress)

    def wait_for_report(self, report_id: UUID, *, timeout_seconds: float) -> Report:
        """The report once it has ended or is held for a person; Unreachable if that takes too long."""
        deadline = time.monotonic() + timeout_seconds
        while not (progress := self.progress(report_id)).ended and progress.status != HELD:
            if time.monotonic() > deadline:
                raise Unreachable(f"The report {report_id} is still {progress.status} after {timeout_seconds:g} s.")
            time.sleep(0.1)
        return self.report(report_id)

    def download(self, artifact: Artifact, folder: Path) -> Path:
        """Save a file of a report into `folder` under its own name, and check that it arrived whole."""
        path = folder / Path(artifact.filename).name
        self._transport.save(artifact.url, path, artifact.sha256)
        return path
