"""An example of every message about deliveries that came with 0.2."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from example_parts import ARTIFACT, AT, DELIVERY, DUE, QUESTION, REPORT, SCHEDULE

from libs.common.delivering import (
    Burst,
    BurstRecipient,
    BurstSample,
    Destination,
    Figure,
    MailProfile,
    Manner,
    Part,
    Preview,
    PreviewColumn,
    Seen,
)
from libs.common.messages import (
    BurstAdvanced,
    BurstChanged,
    BurstChecked,
    CheckBurst,
    ContinueBurst,
    DeliverReport,
    DeliveryBounced,
    DeliveryCancelled,
    DeliveryPlan,
    DeliverySending,
    DeliverySent,
    DeliverySuppressed,
    DestinationTested,
    Message,
    NoticeEnded,
    ProfileTested,
    Recipient,
    RecipientBounced,
    RecipientPreferenceSet,
    RecipientSuppressed,
    ReportOrder,
    ReportSpread,
    SendNotice,
    Source,
    StopBurst,
    SuppressionChanged,
    Template,
    TestDestination,
    TestProfile,
)

PROFILE = UUID("7c7fac0f-fbcf-5c7f-8cb8-af8fdfaf9f87")
DESTINATION = UUID("8d8fbd1f-0cdf-5d8f-9dc9-bf9fefbfaf98")
NOTICE = UUID("9e9fce2f-1def-5e9f-8eda-cfaffecfbfa9")

ANN = Recipient(address="ann@example.org", name="Ann Übel", role="cc", locale="de")
MAIL = MailProfile(
    profile_id=PROFILE,
    name="Company",
    sealed_url="gAAAAAB-sealed-four",
    sender="Reports <reports@example.org>",
    reply_to="Help <help@example.org>",
    cc=("archive@example.org",),
    bcc=("audit@example.org",),
    per_minute=120,
    connections=4,
    max_megabytes=20.5,
    ca_certificate="-----BEGIN CERTIFICATE-----",
)
HOOK = Destination(
    destination_id=DESTINATION,
    name="Warehouse",
    kind="webhook",
    sealed_url="gAAAAAB-sealed-five",
    shown="https://warehouse.example.org/…",
    sealed_secret="gAAAAAB-sealed-six",
    attach=False,
)
MANNER = Manner(
    profile=MAIL,
    reply_to="Shop <shop@example.org>",
    preview_rows=5,
    attach="zip",
    show_recipients=True,
    subscription=True,
    resend_unknown=True,
    max_attempts=4,
    is_test=True,
)
PLAN = DeliveryPlan(recipients=(ANN,), subject="Sales", body="Good morning", destinations=(HOOK,), manner=MANNER)
BURST = Burst(sql="SELECT email AS address, region FROM managers", share_out_by="region", cap=500, canary=10)
PART = Part(folder_key="2026/03/parts", value="North", shares=((0, 512), (2_048, 640)))
_ABOUT: dict[str, Any] = {
    "at": AT,
    "delivery_id": DELIVERY,
    "report_id": REPORT,
    "channel": "email",
    "recipient": ANN,
    "attempt": 2,
}

SINCE_0_2: tuple[Message, ...] = (
    DeliverReport(
        delivery_id=DELIVERY,
        report_id=REPORT,
        title="Sales by region",
        channel="webhook",
        recipient=Recipient(address=str(DESTINATION), name="Warehouse"),
        artifacts=(ARTIFACT,),
        generated_at=AT,
        manner=MANNER,
        destination=HOOK,
        to=(Seen(address="bob@example.org", name="Bob"),),
        cc=(Seen(address="ann@example.org", name="Ann Übel"),),
        preview=Preview(
            title="Sales",
            columns=(PreviewColumn(label="Region"), PreviewColumn(label="Amount", numeric=True)),
            rows=(("North", "1.204,50"),),
            total_rows=12,
            more_columns=3,
        ),
        figures=(
            Figure(
                label="Amount", value="10.204,50 €", change="+12 %", direction="up", previous="9.111,16 €", mood="good"
            ),
        ),
        expires_at=DUE,
        locale="de",
        accent="#AA3300",
        parameters=(("from", "2026-02-23"),),
        report_type="sales",
        replay=1,
    ),
    DeliverySent(
        **_ABOUT,
        rfc_message_id="<3e3d6f8e@pressroom.example.org>",
        answer="250 2.0.0 Ok: queued as 4F1",
        seconds=0.75,
        queue_id="4F1",
        form="zip",
        bytes=20_480,
    ),
)

ALL: tuple[Message, ...] = (
    SendNotice(
        notice_id=NOTICE,
        recipient=ANN,
        subject="Sales by region failed",
        paragraphs=("The report that was due at 08:00 did not come.",),
        facts=(("Reason", "The database refused the connection."),),
        links=(("The report", "https://reports.example.org/reports/1"),),
        profile=MAIL,
        destination=HOOK,
        schedule_id=SCHEDULE,
        requested_at=AT,
    ),
    TestProfile(test_id=QUESTION, profile=MAIL, recipient=ANN, requested_at=AT),
    TestDestination(test_id=QUESTION, destination=HOOK, requested_at=AT),
    RecipientPreferenceSet(
        at=AT, address="ann@example.org", wanted=False, schedule_id=SCHEDULE, by="recipient", forgotten=True
    ),
    RecipientSuppressed(
        at=AT, address="ann@example.org", cause="by_hand", detail="She left.", by="admin", released=True
    ),
    RecipientBounced(
        at=AT,
        delivery_id=DELIVERY,
        address="ann@example.org",
        hard=True,
        diagnostic="550 5.1.1 No such user",
        complaint=True,
        failed=True,
        status="5.1.1",
        reference="<20260302070001.4F1@mx.example.org>",
    ),
    DeliverySending(**_ABOUT),
    DeliverySuppressed(**_ABOUT, reason="The address was unsubscribed."),
    DeliveryCancelled(**_ABOUT, reason="Cancelled by ann."),
    DeliveryBounced(**_ABOUT, reason="The mailbox does not exist.", answer="550 5.1.1 No such user"),
    SuppressionChanged(
        at=AT, address="ann@example.org", suppressed=True, cause="bounce", detail="550 5.1.1 No such user", by="mailer"
    ),
    NoticeEnded(
        at=AT, notice_id=NOTICE, state="rejected", reason="The mail server refuses the address.", answer="550 No"
    ),
    ProfileTested(at=AT, test_id=QUESTION, ok=True, sentences=("The server took the letter.",), seconds=0.5),
    CheckBurst(
        check_id=QUESTION,
        order=ReportOrder(
            template=Template(template_id=PROFILE, slug="sales", title="Sales by region", queries=()),
            source=Source(source_id=NOTICE, name="shop", sealed_url="gAAAAAB-sealed-one"),
            burst=BURST,
        ),
        requested_at=AT,
    ),
    ContinueBurst(report_id=REPORT, requested_by="ann", requested_at=AT),
    StopBurst(report_id=REPORT, requested_by="ann", reason="The wrong month.", requested_at=AT),
    ReportSpread(
        at=AT,
        report_id=REPORT,
        attempt=2,
        recipients=312,
        duplicates=3,
        without_rows=4,
        state="held",
        reason="There are 312 recipients, more than the cap of 300: a person has to let them go on.",
        cap=300,
        canary=10,
        query_seconds=1.5,
        expires_at=DUE,
    ),
    BurstAdvanced(
        at=AT,
        report_id=REPORT,
        recipients=(
            BurstRecipient(
                position=4,
                address="ann@example.org",
                name="Ann Übel",
                channel="slack",
                report_id=DELIVERY,
                formats=("csv",),
                values=(("region", "N"),),
            ),
            BurstRecipient(position=5, address="bob@", refusal="invalid", reason="This is no e-mail address."),
        ),
    ),
    BurstChanged(at=AT, report_id=REPORT, version=3, state="stopped", reason="The wrong month.", by="ann"),
    BurstChecked(
        at=AT,
        check_id=QUESTION,
        recipients=312,
        duplicates=3,
        without_address=1,
        invalid=2,
        not_allowed=5,
        unfit=6,
        without_rows=4,
        problems=("The recipients query must give a column 'address'.",),
        remarks=("bob@: This is no e-mail address.",),
        sample=(BurstSample(address="ann@example.org", name="Ann Übel", key="North", parameters=(("region", "N"),)),),
        addresses=("ann@example.org",),
        seconds=0.75,
        unknown="The source cannot be reached.",
    ),
    DestinationTested(at=AT, test_id=QUESTION, ok=False, sentences=("It answered 403.",), seconds=0.25),
)
