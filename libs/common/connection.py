"""Connections to RabbitMQ, for kombu and for pika, from one URL."""

from __future__ import annotations

import ssl
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from kombu.connection import Connection

HEARTBEAT_SECONDS = 30
BLOCKED_SECONDS = 30
"""A publisher gives up after this long under a memory or disk alarm of the broker; what it holds is sent later."""

# kombu's own default is to try again until the broker is back: a thread in there would not notice that it must stop.
_ONE_MORE_TRY = {"max_retries": 1, "interval_start": 0.2}


def kombu_connection(broker_url: str) -> Connection:
    """A kombu connection (not yet open) with heartbeats, time limits and, for amqps, a checked certificate."""
    parts = urlsplit(broker_url)
    tls = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname, "ca_certs": _trusted()}
    return Connection(
        urlunsplit(parts._replace(scheme="amqp", query="")),
        ssl=tls if parts.scheme == "amqps" else False,
        heartbeat=HEARTBEAT_SECONDS,
        connect_timeout=10,
        transport_options={"read_timeout": 60, "write_timeout": BLOCKED_SECONDS, **_ONE_MORE_TRY},
    )


def open_connection(broker_url: str) -> Connection:
    """The same, open; if the broker is away it says so after one more try instead of waiting for ever."""
    connection = kombu_connection(broker_url)
    connection.ensure_connection(**_ONE_MORE_TRY)
    return connection


def pika_url(broker_url: str) -> str:
    """The URL with heartbeats and a limit for a blocked connection; pika's own default is to wait for ever."""
    parts = urlsplit(broker_url)
    query = {
        "heartbeat": str(HEARTBEAT_SECONDS * 2),
        "blocked_connection_timeout": str(BLOCKED_SECONDS),
        "connection_attempts": "1",
        "socket_timeout": "10",
        **dict(parse_qsl(parts.query)),
    }
    return urlunsplit(parts._replace(query=urlencode(query)))


def _trusted() -> str | None:
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.openssl_cafile
