"""Dead letters in the record: explained, grouped, replayed, discarded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import dramatiq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from libs.common.envelope import pack
from libs.common.ids import delivery_id
from libs.common.messages import (
    COMMANDS,
    Artifact,
    DeliverReport,
    GenerateReport,
    Message,
    Recipient,
    ReportOrder,
    ReportStarted,
    encode,
    read_command,
)
from libs.common.outbox import outbox
from services.api.dead_letters.keeping import keep
from services.api.dead_letters.reading import KILLED, NOT_OURS, UNHEARD, Dead, read_dead

NOW = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
REPORT = UUID("2d2c5f7e-ad8f-5d2f-9c73-5f3f8f5e4f32")
FILE = Artifact(
    key="a/sales.csv",
    filename="sales.csv",
    format="csv",
    media_type="text/csv",
    size_bytes=3,
    rows=1,
    sha256="0" * 64,
)


def headers(reason: str, exception: str = "PermanentFailure", **more: object) -> dict[str, Any]:
    """What our workers write beside a dead letter."""
    told = {"x-reason": reason, "x-exception": exception, "x-traceback": "Traceback …", "x-attempts": 4}
    return {**told, "x-failed-at": int(NOW.timestamp() * 1000), **more}


def dead(message: Message, told: dict[str, Any] | None = None, queue: str = "mail.normal") -> Dead:
    parcel = pack(message, message_id=str(uuid4()), now=NOW)  # type: ignore[arg-type]
    return read_dead(queue, parcel.body, told or {}, parcel.message_id, parcel.wire_name, NOW)


def letter(address: str = "ann@example.org", **fields: Any) -> DeliverReport:
    return DeliverReport(
        delivery_id=delivery_id(REPORT, "email", address),
        report_id=REPORT,
        title="Sales",
        channel="email",
        recipient=Recipient(address=address),
        artifacts=(FILE,),
        generated_at=NOW,
        **fields,
    )


@pytest.fixture
def kept(api: Any) -> Any:
    """Keeps dead letters, and gives their ids."""

    def keep_all(*letters: Dead) -> list[str]:
        with api.records.begin() as session:
            for one in letters:
                assert keep(session, one)
        return [str(one.id) for one in letters]

    return keep_all


def order(api: Any) -> ReportOrder:
    """What a schedule that is made here orders."""
    api.made("/sources/", {"name": "shop", "url": "sqlite:///var/shop.sqlite"})
    api.made("/templates/", {"slug": "sales", "title": "Sales", "source": "shop", "query": "SELECT 1 AS one"})
    schedule = {
        "name": "Sales",
        "report_type": "sales",
        "frequency": "daily",
        "schedule_config": {"hour": 8},
        "recipients": ["ann@example.org"],
    }
    api.made("/reports/schedules/", schedule)
    (saved,) = [one for one in api.announced() if hasattr(one, "timing")]
    found = saved.order
    assert isinstance(found, ReportOrder)
    return found


def last_command(api: Any) -> tuple[dict[str, Any], Message]:
    """The options and the command of the last parcel in the outbox."""
    with api.records.read() as session:
        row = session.execute(select(outbox).order_by(outbox.c.id.desc()).limit(1)).mappings().one()
    message = dramatiq.Message.decode(row["body"])
    return dict(message.options), read_command(COMMANDS[row["wire_name"]], message.kwargs)


def test_a_rejected_letter_is_explained_and_shown_without_secrets(api: Any, kept: Any) -> None:
    (one,) = kept(dead(letter(), headers("The mail server refuses the address.", **{"x-stage": ""})))
    shown = api.get("/dead-letters/").json()["items"]
    assert [found["id"] for found in shown] == [one]
    assert (shown[0]["stage"], shown[0]["error_class"], shown[0]["attempts"]) == ("deliver", "permanent", 4)
    assert "replay it, or discard it" in shown[0]["next_step"]
    whole = api.get(f"/dead-letters/{one}").json()
    assert whole["payload"]["recipient"] == {"address": "ann@example.org"}
    assert whole["traceback"] == "Traceback …"


def test_sealed_values_are_hidden_and_survive_an_edit(api: Any, kept: Any) -> None:
    command = GenerateReport(report_id=REPORT, order=order(api), requested_at=NOW)
    (one,) = kept(dead(command, headers("no such column: nope", **{"x-stage": "query"}), "reports.normal"))
    payload = api.get(f"/dead-letters/{one}").json()["payload"]
    assert payload["order"]["source"]["sealed_url"] == "(hidden)"
    payload["order"]["template"]["queries"][0]["sql"] = "SELECT 2 AS two"
    changes = {"order": {"template": payload["order"]["template"], "source": payload["order"]["source"]}}
    assert api.post(f"/dead-letters/{one}/replay", {"changes": changes}).status_code == 200
    options, sent = last_command(api)
    assert isinstance(sent, GenerateReport)
    assert sent.order.template.queries[0].sql == "SELECT 2 AS two"
    assert sent.order.source.sealed_url == command.order.source.sealed_url
    assert (options["replay_of"], options["replays"], options["max_retries"]) == (one, 1, 3)


def test_a_replay_that_fails_again_says_so_and_counts(api: Any, kept: Any) -> None:
    (first,) = kept(dead(letter(), headers("Refused.")))
    api.post(f"/dead-letters/{first}/replay", {})
    with api.records.read() as session:
        row = session.execute(select(outbox).order_by(outbox.c.id.desc()).limit(1)).mappings().one()
    again = read_dead("mail.normal", row["body"], headers("Refused."), row["message_id"], row["wire_name"], NOW)
    (second,) = kept(again)
    assert api.get(f"/dead-letters/{first}").json()["letter"]["state"] == "failed_again"
    details = api.get(f"/dead-letters/{second}").json()
    assert (details["letter"]["replays"], details["replay_of"]) == (1, first)
    refused = api.post(f"/dead-letters/{first}/replay", {})
    assert refused.status_code == 409
    assert "failed again as another one" in refused.json()["detail"]
    api.post(f"/dead-letters/{second}/replay", {})
    options, sent = last_command(api)
    assert isinstance(sent, DeliverReport)
    assert (sent.replay, options["replays"]) == (2, 2)


def test_what_failed_for_the_same_reason_is_one_cause_and_is_settled_together(api: Any, kept: Any) -> None:
    ids = kept(
        *(
            dead(
                letter(f"reader{number}@example.org"), headers(f"550 reader{number}@example.org is unknown ({number}).")
            )
            for number in range(5)
        ),
        dead(letter("full@example.org"), headers("452 The mailbox is full.", "TransientFailure")),
    )
    causes = api.get("/dead-letters/causes").json()["items"]
    assert [(one["count"], one["error_class"]) for one in causes] == [(5, "permanent"), (1, "transient")]
    settled = api.post("/dead-letters/replay", {"matching": {"cause": causes[0]["cause_id"]}}).json()
    assert settled == {"settled": 5, "left": 0, "refused": []}
    assert [one["id"] for one in api.get("/dead-letters/?state=open").json()["items"]] == [ids[-1]]
    reason = {"reason": "She has another address by now."}
    assert api.post("/dead-letters/discard", {"matching": {"report": str(REPORT)}, **reason}).json()["settled"] == 1
    (discarded,) = api.get("/dead-letters/?state=discarded").json()["items"]
    assert (discarded["settled_by"], discarded["settled_reason"]) == ("admin", reason["reason"])


def test_afresh_takes_the_template_as_it_is_now(api: Any, kept: Any) -> None:
    command = GenerateReport(report_id=REPORT, order=order(api), requested_at=NOW)
    (one,) = kept(dead(command, headers("no such table", **{"x-stage": "query"}), "reports.normal"))
    assert api.patch("/templates/sales", {"query": "SELECT 3 AS three"}).status_code == 200
    assert api.post(f"/dead-letters/{one}/replay", {"how": "afresh"}).status_code == 200
    _, sent = last_command(api)
    assert isinstance(sent, GenerateReport)
    assert (sent.report_id, sent.order.template.queries[0].sql) == (REPORT, "SELECT 3 AS three")


def test_a_delivery_afresh_is_a_new_report_for_that_recipient_alone(api: Any, kept: Any) -> None:
    order(api)
    (schedule,) = api.get("/reports/schedules/").json()["items"]
    due = NOW - timedelta(minutes=30)
    command = letter("bob@example.org", schedule_id=UUID(schedule["id"]), scheduled_for=due)
    (one,) = kept(dead(command, headers("Refused.")))
    assert api.get(f"/dead-letters/{one}").json()["letter"]["schedule"] == "Sales"
    assert api.post(f"/dead-letters/{one}/replay", {"how": "afresh"}).status_code == 200
    _, sent = last_command(api)
    assert isinstance(sent, GenerateReport)
    assert [to.address for to in sent.order.delivery.recipients] == ["bob@example.org"]
    assert sent.scheduled_for == due
    (other,) = kept(dead(letter("eve@example.org"), headers("Refused.")))
    refused = api.post(f"/dead-letters/{other}/replay", {"how": "afresh"})
    assert (refused.status_code, "ask for it anew" in refused.json()["detail"]) == (409, True)
    burst = {"sql": "SELECT address, id AS key FROM members", "share_out_by": "member"}
    assert api.patch(f"/reports/schedules/{schedule['id']}", {"burst": burst, "recipients": []}).status_code == 200
    (part,) = kept(dead(letter("cy@example.org", schedule_id=UUID(schedule["id"])), headers("Refused.")))
    refused = api.post(f"/dead-letters/{part}/replay", {"how": "afresh"})
    assert refused.status_code == 409, "made alone it would show the rows of everybody"


def test_an_event_goes_back_to_the_service_that_could_not_take_it(api: Any, kept: Any) -> None:
    event = ReportStarted(at=NOW, report_id=REPORT, attempt=1)
    told = headers("a bug", "ZeroDivisionError")
    one = read_dead("pressroom.events.api", encode(event), told, "an-id", "report.started.v1", NOW)
    kept(one)
    view = api.get(f"/dead-letters/{one.id}").json()["letter"]
    assert (view["stage"], view["error_class"], view["report_id"]) == ("record", "unknown", str(REPORT))
    assert api.post(f"/dead-letters/{one.id}/replay", {}).status_code == 200
    with api.records.read() as session:
        row = session.execute(select(outbox).order_by(outbox.c.id.desc()).limit(1)).mappings().one()
    assert (row["exchange"], row["routing_key"], row["message_id"]) == ("", "pressroom.events.api", "an-id")


@pytest.mark.parametrize(
    ("body", "told", "reason"),
    [
        (b"\xff\xfe", {}, NOT_OURS),
        (b"[" * 100_000, {}, NOT_OURS),
        (b'{"actor_name": "format_disk.v1", "kwargs": {}}', {}, NOT_OURS),
        (
            json.dumps({"actor_name": "deliver_report.v1", "kwargs": {"report_id": "x"}}).encode(),
            {"x-death": [{"reason": "delivery_limit", "count": 9, "time": NOW}]},
            KILLED,
        ),
        (json.dumps({"report_id": str(REPORT)}).encode(), {}, UNHEARD),
    ],
)
def test_what_the_broker_gave_up_has_a_cause_too(
    api: Any, kept: Any, body: bytes, told: dict[str, Any], reason: str
) -> None:
    wire_name = "report.started.v1" if reason == UNHEARD else ""
    one = read_dead("reports.normal", body, told, "", wire_name, NOW)
    assert one.reason == reason
    kept(one)
    view = api.get(f"/dead-letters/{one.id}").json()["letter"]
    assert view["cause"] == reason
    assert view["next_step"]
    if reason == NOT_OURS:
        refused = api.post(f"/dead-letters/{one.id}/replay", {})
        assert (refused.status_code, "cannot be read" in refused.json()["detail"]) == (409, True)


@given(
    st.binary(max_size=200),
    st.dictionaries(
        st.sampled_from(["x-reason", "x-failed-at", "x-death", "x-attempts", "x-stage"]),
        st.none() | st.text() | st.integers() | st.lists(st.integers(), max_size=2),
    ),
)
@settings(max_examples=60, deadline=None)
def test_reading_never_fails(body: bytes, told: dict[str, Any]) -> None:
    one = read_dead("mail.normal", body, told, "id", "type", NOW)
    assert one.reason


def test_a_request_that_means_everything_or_changes_it_into_nonsense_is_refused(api: Any, kept: Any) -> None:
    (one,) = kept(dead(letter(), headers("Refused.")))
    everything = api.post("/dead-letters/replay", {"matching": {}})
    assert everything.json()["detail"].startswith("matching must name at least one of cause, stage")
    nonsense = api.post(f"/dead-letters/{one}/replay", {"changes": {"report_id": 7}})
    assert nonsense.json()["errors"][0]["field"] == "changes"
    assert "report_id" in nonsense.json()["detail"]
    assert api.post(f"/dead-letters/{one}/discard", {"reason": ""}).status_code == 422
    assert api.get(f"/dead-letters/{uuid4()}").status_code == 404
