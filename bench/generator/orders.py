"""Places orders as the scheduler does: for each report that a moment came, and the command to make it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from bench.house import House
from libs.common.clock import utc_now
from libs.common.envelope import pack
from libs.common.ids import occurrence_id, report_id
from libs.common.messages import (
    DeliveryPlan,
    Format,
    GenerateReport,
    OccurrenceStarted,
    Parameter,
    Query,
    Recipient,
    ReportOrder,
    Source,
    Template,
)
from libs.common.publisher import ConfirmingPublisher
from libs.common.sealing import Sealer
from libs.common.topology import Topology

_BATCH = 100


def order(
    house: House,
    title: str,
    sql: str,
    formats: Sequence[Format],
    *,
    recipients: Sequence[str] = (),
    parameters: Sequence[Parameter] = (),
) -> ReportOrder:
    """An order for a report on the house's database."""
    return ReportOrder(
        template=Template(
            template_id=UUID(int=1), slug=title.lower(), title=title, queries=(Query(name=title, sql=sql),)
        ),
        source=Source(
            source_id=UUID(int=2),
            name="warehouse",
            sealed_url=Sealer(house.seal_key).seal(house.database_url),
            max_rows=10_000_000,
        ),
        parameters=tuple(parameters),
        formats=tuple(formats),
        delivery=DeliveryPlan(recipients=tuple(Recipient(address=address) for address in recipients)),
    )


class Desk:
    """Where orders are placed, with confirms, many at a time."""

    def __init__(self, broker_url: str) -> None:
        self._publisher = ConfirmingPublisher(broker_url, Topology())

    def place(self, orders: Sequence[ReportOrder]) -> list[UUID]:
        """Place `orders`, each for a moment of a schedule of its own; the ids of the reports."""
        now, reports = utc_now(), []
        for first in range(0, len(orders), _BATCH):
            parcels = []
            for number, one in enumerate(orders[first : first + _BATCH], start=first):
                moment = now + timedelta(microseconds=number)
                schedule = uuid4()
                occurrence = occurrence_id(schedule, moment)
                started = OccurrenceStarted(
                    at=now,
                    occurrence_id=occurrence,
                    schedule_id=schedule,
                    schedule_version=1,
                    scheduled_for=moment,
                    report_id=report_id(occurrence),
                    order=one,
                )
                command = GenerateReport(
                    report_id=started.report_id,
                    order=one,
                    requested_at=now,
                    occurrence_id=occurrence,
                    schedule_id=schedule,
                    scheduled_for=moment,
                )
                parcels += [pack(message, message_id=str(uuid4()), now=now) for message in (started, command)]
                reports.append(started.report_id)
            if len(self._publisher.publish(parcels)) != len(parcels):
                raise RuntimeError("The broker has refused orders.")
        return reports

    def close(self) -> None:
        """Close the connection."""
        self._publisher.close()
