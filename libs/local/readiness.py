"""Whether a program is of use yet: a sentence says what is missing, an empty one that nothing is."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from urllib.parse import urlsplit

from libs.local.addresses import Addresses
from libs.local.ports import LOOPBACK, is_open

Probe = Callable[[], str]

ANSWER_SECONDS = 5


def port_answers(port: int, host: str = LOOPBACK) -> Probe:
    """Ready when somebody listens on `port`."""
    return lambda: "" if is_open(port, host) else f"nobody answers on port {port}"


def service_is_ready(operations_port: int) -> Probe:
    """Ready when the service says so itself."""
    return lambda: _missing(operations_port)


def _missing(port: int) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        return f"nobody answers on port {port}"
    finally:
        connection.close()
    return "" if response.status == http.HTTPStatus.OK else _in_words(body)


def _in_words(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return body.decode("utf-8", "replace")


def both(first: Probe, second: Probe) -> Probe:
    """Ready when both are."""
    return lambda: first() or second()


def probes(addresses: Addresses) -> dict[str, Probe]:
    """How to see of each program of an instance whether it is of use; the order is that of who needs whom."""
    found: dict[str, Probe] = {}
    if addresses.broker_port:
        found["broker"] = port_answers(addresses.broker_port)
    if addresses.mail_port:
        found["mailsink"] = port_answers(addresses.mail_port)
    for service, port in addresses.operations_ports.items():
        found[service] = service_is_ready(port)
    if addresses.api_url:
        url = urlsplit(addresses.api_url)
        found["api"] = both(found["api"], port_answers(url.port or 0, url.hostname or LOOPBACK))
    return found
