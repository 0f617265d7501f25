"""What lies in the dead-letter queues of a real broker comes into the record, each once, whatever it is."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import amqp
from api_process import ApiProcess, Queue, soon

from libs.common.clock import utc_now
from libs.common.connection import open_connection
from libs.common.envelope import pack
from libs.common.messages import Artifact, DeliverReport, Recipient
from libs.common.topology import DEAD, UNROUTABLE, Topology, dead_queue

FILE = Artifact(
    key="a/b.csv", filename="b.csv", format="csv", media_type="text/csv", size_bytes=1, rows=1, sha256="0" * 64
)
COMMAND = DeliverReport(
    delivery_id=UUID(int=1),
    report_id=UUID(int=2),
    title="Sales",
    channel="email",
    recipient=Recipient(address="ann@example.org"),
    artifacts=(FILE,),
    generated_at=utc_now(),
)


def test_dead_letters_come_into_the_record_and_go_back_on_request(api: ApiProcess, broker_url: str) -> None:
    parcel = pack(COMMAND, message_id=str(uuid4()), now=utc_now())
    told = {"x-reason": "The mail server refuses the address.", "x-exception": "PermanentFailure", "x-attempts": 1}
    told["x-failed-at"] = 1_772_000_000_000
    with open_connection(broker_url) as connection:
        channel = connection.default_channel
        Topology().declare(channel)
        # Twice, as after a broken connection; then what no service of ours has made.
        for _ in range(2):
            _publish(channel, DEAD, "mail.normal", parcel.body, told, parcel.message_id)
        _publish(channel, DEAD, "reports.normal", b"\xff\x00 no JSON", {}, "")
        _publish(channel, DEAD, "reports.normal", b"[" * 50_000, {}, "")
        _publish(channel, DEAD, "pressroom.events.api", json.dumps({"a": "x" * 2_000_000}).encode(), {}, "")
        _publish(channel, "", UNROUTABLE, b"{}", {}, "")

    soon(lambda: len(api.shown("/dead-letters/")["items"]) == 5, "all are in the record")
    soon(lambda: Queue(broker_url, dead_queue("mail.normal")).look() == [], "the queue is empty")
    (letter,) = api.shown("/dead-letters/?stage=deliver")["items"]
    assert (letter["cause"], letter["attempts"]) == ("The mail server refuses the address.", 1)
    assert {one["error_class"] for one in api.shown("/dead-letters/?stage=message")["items"]} == {"permanent"}
    soon(lambda: 'pressroom_dead_letters{class="permanent",stage="deliver"} 1.0' in _metrics(api), "it is counted")

    answer = api.http.post(f"/api/v1/dead-letters/{letter['id']}/replay", json={})
    assert answer.status_code == 200, answer.text
    queue = Queue(broker_url, "mail.normal")
    soon(lambda: len(queue.look()) == 1, "it is ordered again")
    (body,) = queue.bodies
    assert (body["kwargs"]["replay"], body["options"]["replay_of"]) == (1, letter["id"])


def _publish(
    channel: Any, exchange: str, routing_key: str, body: bytes, headers: dict[str, Any], message_id: str
) -> None:
    properties = {"message_id": message_id} if message_id else {}
    message = amqp.Message(body, application_headers=headers, delivery_mode=2, **properties)
    channel.basic_publish(message, exchange, routing_key)


def _metrics(api: ApiProcess) -> str:
    return api.http.get(f"http://127.0.0.1:{api.operations_port}/metrics").text
