"""While the broker is away the api goes on: it records, and what it has recorded leaves later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
from api_process import Queue, soon

if TYPE_CHECKING:
    from libs.local.private_broker import PrivateBroker


def test_requests_are_accepted_before_the_broker_is_there_and_ordered_then(
    new_api: Any, broker_node: PrivateBroker, store_url: str
) -> None:
    broker_url = broker_node.new_vhost()
    broker_node.stop()
    api = new_api(broker_url, store_url)
    try:
        api.with_template()
        made = api.made("/reports/", {"report_type": "delays"})
        ready = httpx.get(f"{api.url}/health/ready")
        assert ready.status_code == 503
        assert ready.json()["failures"] == {"broker": "The broker does not answer."}
        assert api.answers("/health/live")
        assert api.shown(f"/reports/{made['id']}/")["status"] == "queued"
    finally:
        broker_node.start()
    queue = Queue(broker_url, "reports.normal")
    soon(lambda: len(queue.look()) == 1, "the order leaves once the broker is there")
    assert str(queue.commands()[0].report_id) == made["id"]
    soon(lambda: api.answers("/health/ready"), "the api is ready again")
    assert api.terminate() == 0
