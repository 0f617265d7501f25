"""One full example of every message: each field has a value, and none of them is its default.

An example belongs to the golden file of the same name and stays as it is for ever. When a message gets a new field, add
an example under a new name, like `report.failed.v1.since-1.1`, that fills it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from uuid import UUID

import delivery_examples
from msgspec.structs import replace

from libs.common.conditions import Change, Checks, Condition, Conditions, Freshness, NullShare
from libs.common.handling import Drop, Keeping, Limits, Packing
from libs.common.look import ColourRule, ColumnSetting, CsvDialect, Look, Sort, Widget
from libs.common.messages import (
    Artifact,
    ArtifactsExpired,
    Calendar,
    CheckTemplate,
    DeleteExpired,
    DeliverReport,
    DeliveryDeferred,
    DeliveryPlan,
    DeliveryRejected,
    DeliverySent,
    DeliveryUnknown,
    GenerateReport,
    Message,
    Misfire,
    OccurrenceMissed,
    OccurrencesPassed,
    OccurrencesStarted,
    OccurrenceStarted,
    OccurrenceSucceeded,
    Parameter,
    PlannedDelivery,
    Query,
    QueryColumn,
    QueryColumns,
    Recipient,
    ReleaseReport,
    ReportCancelled,
    ReportCancelRequested,
    ReportFailed,
    ReportGenerated,
    ReportHeld,
    ReportOrder,
    ReportProgressed,
    ReportRetrying,
    ReportSkipped,
    ReportStarted,
    ScheduleDeleted,
    SchedulePaused,
    ScheduleSaved,
    Source,
    SourceTested,
    StartedOccurrence,
    Template,
    TemplateChecked,
    TestSource,
    TimetableRequested,
    Timing,
)

AT = datetime(2026, 3, 2, 7, 0, 1, 250_000, tzinfo=UTC)
DUE = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
SCHEDULE = UUID("0b0a3f5e-8b6e-4b0e-9a51-3f1f6f3c2d10")
OCCURRENCE = UUID("1c1b4f6e-9c7f-5c1f-8b62-4f2f7f4d3e21")
REPORT = UUID("2d2c5f7e-ad8f-5d2f-9c73-5f3f8f5e4f32")
DELIVERY = UUID("3e3d6f8e-be9f-5e3f-8d84-6f4f9f6f5f43")
QUESTION = UUID("6b6f9abf-eabf-5b6f-9ba7-9f7fcf9f8f76")
ANN = Recipient(address="ann@example.org", name="Ann Übel")

ORDER = ReportOrder(
    timezone="Europe/Berlin",
    template=Template(
        template_id=UUID("4f4e7f9e-cfaf-5f4f-9e95-7f5faf7f6f54"),
        slug="sales-by-region",
        title="Sales by region",
        description="What each region sold.",
        queries=(Query(name="Sales", sql="SELECT region, sum(amount) FROM sales WHERE day >= :since GROUP BY region"),),
    ),
    source=Source(
        source_id=UUID("5a5f8fae-dfbf-5a5f-8fa6-8f6fbf8f7f65"),
        name="shop",
        sealed_url="gAAAAAB-sealed",
        statement_timeout_seconds=60,
        max_rows=50_000,
    ),
    parameters=(
        Parameter(name="since", type="date", value="2026-03-01"),
        Parameter(name="least", type="number", value=2.5),
        Parameter(name="limit", type="integer", value=9_007_199_254_740_993),
        Parameter(name="open", type="boolean", value=True),
        Parameter(name="region", type="text", value=None),
    ),
    formats=("xlsx", "csv", "pdf"),
    priority="urgent",
    delivery=DeliveryPlan(channel="email", recipients=(ANN,), subject="Sales", body="Good morning"),
    max_retries=5,
)
ARTIFACT = Artifact(
    key="2026/03/sales.xlsx",
    filename="sales.xlsx",
    format="xlsx",
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    size_bytes=6_042,
    rows=12,
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
)
NOTE = "50,000 of 1,204,331 rows."

DASHBOARD = replace(
    ORDER.template,
    widgets=(
        Widget(
            kind="bar",
            query="Sales",
            title="Regions",
            columns=(
                ColumnSetting(
                    column="region",
                    label="Region",
                    format="text",
                    width=24.0,
                    align="center",
                    total="count",
                    hidden=True,
                    rules=(ColourRule(when="=", value="North", text="#7A4F00", paper="#FFF4D6"),),
                ),
            ),
            sort=(Sort(column="amount", descending=True),),
            group_by=("region",),
            value="amount",
            previous="amount_before",
            better="higher",
            x="region",
            series=("amount", "returns"),
            stacked=True,
            format="currency:EUR",
            width="half",
        ),
    ),
    look=Look(
        subtitle="All shops",
        logo_key="looks/logo.png",
        accent="#004D40",
        page="A3",
        orientation="landscape",
        locale="de_AT",
        cover=False,
        workbook_key="looks/brand.xlsx",
    ),
    csv=CsvDialect(
        delimiter=";",
        quoting="all",
        encoding="windows-1252",
        bom=False,
        decimal=",",
        header=False,
        null="NULL",
        guard=False,
    ),
    checks=Checks(
        min_rows=1,
        max_rows=500,
        required_columns=("region",),
        nulls=(NullShare(query="Sales", column="region", at_most=0.05),),
        fresh=(Freshness(query="Sales", column="day", within_seconds=86_400),),
        change=(Change(query="Sales", measure="amount", at_most=0.5),),
        on_failure="hold",
    ),
    packing=Packing(pack="zip", sealed_password="gAAAAAB-sealed-too"),
    drop=Drop(sealed_url="gAAAAAB-sealed-three", shown="s3://reports/sales", pattern="{year}/{filename}"),
    keeping=Keeping(days=90, reuse_seconds=600),
    limits=Limits(
        soft_seconds=60.0, hard_seconds=90.0, memory_megabytes=512, max_rows=9_999, file_megabytes=20, max_retries=1
    ),
)
CONDITIONS = Conditions(
    only_if=(Condition(query="Sales", measure="amount", when="<", value=1_000.5),),
    crossing=True,
    quiet_seconds=3_600,
    only_if_changed=True,
    send_empty=False,
)

_ALL: tuple[Message, ...] = (
    GenerateReport(
        report_id=REPORT,
        order=ORDER,
        requested_at=AT,
        occurrence_id=OCCURRENCE,
        schedule_id=SCHEDULE,
        scheduled_for=DUE,
    ),
    DeliverReport(
        delivery_id=DELIVERY,
        report_id=REPORT,
        title="Sales by region",
        channel="email",
        recipient=ANN,
        artifacts=(ARTIFACT,),
        priority="low",
        subject="Sales",
        body="Good morning",
        occurrence_id=OCCURRENCE,
        schedule_id=SCHEDULE,
        scheduled_for=DUE,
        generated_at=AT,
        timezone="Europe/Berlin",
        notes=(NOTE,),
    ),
    ScheduleSaved(
        at=AT,
        schedule_id=SCHEDULE,
        version=3,
        active=True,
        timing=Timing(
            frequency="weekly",
            config={"day_of_week": [0, 6], "hour": 8, "minute": 30},
            timezone="Europe/Vienna",
            starts_at=DUE,
            ends_at=datetime(2026, 12, 31, 23, 0, tzinfo=UTC),
        ),
        order=ORDER,
    ),
    ScheduleDeleted(at=AT, schedule_id=SCHEDULE, version=4),
    OccurrenceStarted(
        at=AT,
        occurrence_id=OCCURRENCE,
        schedule_id=SCHEDULE,
        schedule_version=3,
        scheduled_for=DUE,
        report_id=REPORT,
        order=ORDER,
    ),
    OccurrenceMissed(
        at=AT,
        occurrence_id=OCCURRENCE,
        schedule_id=SCHEDULE,
        schedule_version=3,
        scheduled_for=DUE,
        reason="The platform was down.",
    ),
    OccurrencesStarted(
        at=AT,
        started=(
            StartedOccurrence(
                occurrence_id=OCCURRENCE,
                schedule_id=SCHEDULE,
                schedule_version=3,
                scheduled_for=DUE,
                report_id=REPORT,
                order=ORDER,
                jitter_seconds=300,
            ),
        ),
    ),
    OccurrencesPassed(
        at=AT,
        schedule_id=SCHEDULE,
        schedule_version=3,
        outcome="skipped",
        moments=(DUE, AT),
        reason="It is Christmas Day.",
    ),
    OccurrenceSucceeded(at=AT, schedule_id=SCHEDULE, scheduled_for=DUE),
    TimetableRequested(at=AT),
    SchedulePaused(at=AT, schedule_id=SCHEDULE, version=3, reason="The time zone no longer exists."),
    ReportStarted(at=AT, report_id=REPORT, attempt=1),
    ReportProgressed(at=AT, report_id=REPORT, attempt=1, stage="query", rows=10_000, percent=40),
    ReportRetrying(
        at=AT, report_id=REPORT, attempt=1, max_attempts=4, stage="query", reason="The database does not answer."
    ),
    ReportGenerated(
        at=AT,
        report_id=REPORT,
        attempt=2,
        artifacts=(ARTIFACT,),
        deliveries=(PlannedDelivery(delivery_id=DELIVERY, channel="email", recipient=ANN),),
        rows=12,
        notes=(NOTE,),
        query_seconds=0.25,
        render_seconds=1.5,
        store_seconds=0.125,
    ),
    ReportFailed(
        at=AT,
        report_id=REPORT,
        attempt=4,
        stage="query",
        error_class="permanent",
        reason="The table sales does not exist.",
    ),
    ReleaseReport(report_id=REPORT, approved_by="ann", requested_at=AT),
    TestSource(test_id=QUESTION, source=ORDER.source, requested_at=AT),
    CheckTemplate(
        check_id=QUESTION,
        template=ORDER.template,
        source=ORDER.source,
        parameters=ORDER.parameters,
        requested_at=AT,
    ),
    DeleteExpired(requested_at=AT),
    ReportCancelRequested(at=AT, report_id=REPORT, requested_by="ann", reason="It asks for the wrong year."),
    ReportCancelled(at=AT, report_id=REPORT, attempt=1, requested_by="ann", reason="It asks for the wrong year."),
    ReportHeld(
        at=AT,
        report_id=REPORT,
        attempt=2,
        artifacts=(ARTIFACT,),
        rows=12,
        reasons=("The query Sales gives 12 rows; at least 100 are expected.",),
        notes=(NOTE,),
        expires_at=DUE,
    ),
    ReportSkipped(at=AT, report_id=REPORT, attempt=1, rows=3, reason="There are 3 rows; more than 10 were asked for."),
    ArtifactsExpired(at=AT, report_id=REPORT, keys=("2026/03/sales.xlsx",)),
    SourceTested(
        at=AT, test_id=QUESTION, source_id=SCHEDULE, ok=True, sentences=("PostgreSQL 17 answers.",), seconds=0.125
    ),
    TemplateChecked(
        at=AT,
        check_id=QUESTION,
        ok=True,
        problems=("The query Sales has no column called day.",),
        queries=(QueryColumns(query="Sales", columns=(QueryColumn(name="region", kind="text"),)),),
        seconds=0.25,
    ),
    DeliverySent(
        at=AT,
        delivery_id=DELIVERY,
        report_id=REPORT,
        channel="email",
        recipient=ANN,
        attempt=1,
        rfc_message_id="<3e3d6f8e@pressroom.example.org>",
        answer="250 2.0.0 Ok: queued as 4F1",
        seconds=0.75,
    ),
    DeliveryDeferred(
        at=AT,
        delivery_id=DELIVERY,
        report_id=REPORT,
        channel="email",
        recipient=ANN,
        attempt=1,
        max_attempts=8,
        reason="The mail server asks to try again later.",
        answer="451 4.7.1 Greylisted",
    ),
    DeliveryRejected(
        at=AT,
        delivery_id=DELIVERY,
        report_id=REPORT,
        channel="email",
        recipient=ANN,
        attempt=1,
        reason="The mail server refuses the address.",
        error_class="permanent",
        answer="550 5.1.1 No such user",
    ),
    DeliveryUnknown(
        at=AT,
        delivery_id=DELIVERY,
        report_id=REPORT,
        channel="email",
        recipient=ANN,
        attempt=1,
        rfc_message_id="<3e3d6f8e@pressroom.example.org>",
        reason="The connection broke after the letter was handed over.",
    ),
)

_SINCE_0_2: tuple[Message, ...] = (
    TemplateChecked(
        at=AT,
        check_id=QUESTION,
        ok=False,
        problems=("Template sales: the column day does not exist.",),
        fields=("queries[0].sql",),
        queries=(),
        seconds=0.25,
        unknown="The source 'shop' cannot be reached.",
    ),
    GenerateReport(
        report_id=REPORT,
        order=replace(
            ORDER,
            template=DASHBOARD,
            source=replace(ORDER.source, concurrency=3),
            conditions=CONDITIONS,
            delivery=delivery_examples.PLAN,
            burst=delivery_examples.BURST,
            part=delivery_examples.PART,
        ),
        requested_at=AT,
        parent_id=DELIVERY,
    ),
    ReportGenerated(
        at=AT,
        report_id=REPORT,
        attempt=2,
        artifacts=(ARTIFACT,),
        deliveries=(),
        rows=12,
        query_seconds=0.25,
        render_seconds=1.5,
        store_seconds=0.125,
        expires_at=DUE,
        reused_from=DELIVERY,
        dropped_to="s3://reports/sales",
        shortfalls=("Returns: The table returns does not exist.",),
    ),
    ScheduleSaved(
        at=AT,
        schedule_id=SCHEDULE,
        version=4,
        active=True,
        timing=Timing(
            frequency="daily",
            config={"hour": 8},
            starts_at=DUE,
            max_occurrences=20,
            calendar=Calendar(
                name="Works in Munich", country="DE", subdivision="BY", dates=(date(2026, 12, 24),), weekend=(6,)
            ),
            on_day_off="next",
            jitter_seconds=300,
        ),
        order=ORDER,
        misfire=Misfire(policy="all", max_lateness_seconds=7_200, max_catch_up=12),
    ),
    OccurrenceStarted(
        at=AT,
        occurrence_id=OCCURRENCE,
        schedule_id=SCHEDULE,
        schedule_version=3,
        scheduled_for=DUE,
        report_id=REPORT,
        order=replace(ORDER, template=replace(ORDER.template, filename="Sales {{last_month_start|%B %Y}}")),
        jitter_seconds=300,
    ),
)

EXAMPLES: Mapping[str, Message] = {
    **{message.wire_name(): message for message in (*_ALL, *delivery_examples.ALL)},
    **{f"{message.wire_name()}.since-0.2": message for message in (*_SINCE_0_2, *delivery_examples.SINCE_0_2)},
}
"""By the name of their golden file."""
