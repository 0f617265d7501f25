from __future__ import annotations

import ssl
from typing import Any

import pika
import pytest

from libs.common.connection import kombu_connection, pika_url


def test_tls_checks_the_certificate_and_the_name_with_both_libraries() -> None:
    tls: Any = kombu_connection("amqps://ann:tip%40top@broker.example.org/press").ssl
    assert (tls["cert_reqs"], tls["server_hostname"]) == (ssl.CERT_REQUIRED, "broker.example.org")
    options = pika.URLParameters(pika_url("amqps://ann:tip%40top@broker.example.org/press")).ssl_options
    assert options.context.verify_mode == ssl.CERT_REQUIRED
    assert options.context.check_hostname


@pytest.mark.parametrize(
    ("url", "port", "vhost"),
    [
        ("amqp://ann:tip%40top@broker", 5672, "/"),
        ("amqp://ann:tip%40top@broker:5673/", 5673, "/"),
        ("amqp://ann:tip%40top@broker/%2F", 5672, "/"),
        ("amqps://ann:tip%40top@broker/press%2Froom", 5671, "press/room"),
    ],
)
def test_both_libraries_read_the_same_from_a_url(url: str, port: int, vhost: str) -> None:
    read = pika.URLParameters(pika_url(url))
    assert (read.port, read.virtual_host, read.credentials.password) == (port, vhost, "tip@top")
    connection = kombu_connection(url)
    found_port = connection.port or connection.transport.default_connection_params["port"]
    assert (found_port, connection.virtual_host, connection.password) == (port, vhost, "tip@top")


def test_what_the_url_says_about_heartbeats_wins() -> None:
    assert pika.URLParameters(pika_url("amqp://broker")).heartbeat == 60
    assert pika.URLParameters(pika_url("amqp://broker/?heartbeat=7")).heartbeat == 7


def test_a_blocked_broker_is_not_waited_for_without_end() -> None:
    assert pika.URLParameters(pika_url("amqp://broker")).blocked_connection_timeout == 30
