"""PRESSROOM_SMTP_URL is read at the door, and a wrong one is named there."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from libs.common.errors import SettingsError
from services.mailer.server import parse_server, tls_context


def test_all_parts_of_a_url_are_understood() -> None:
    server = parse_server("smtp://reports%40example.org:p%3Assw%2Frd@mail.example.org:2525?starttls=when-offered")
    assert (server.host, server.port) == ("mail.example.org", 2525)
    assert (server.user, server.password) == ("reports@example.org", "p:ssw/rd")
    assert (server.implicit_tls, server.starttls) == (False, "when-offered")


@pytest.mark.parametrize(
    ("url", "port"), [("smtp://mail.example.org", 587), ("smtps://mail.example.org", 465), ("smtp://m.example:25", 25)]
)
def test_the_port_follows_from_the_scheme(url: str, port: int) -> None:
    assert parse_server(url).port == port


@pytest.mark.parametrize("host", ["mail.example.org", "10.0.0.5", "[2001:db8::1]", "mailsink"])
def test_a_server_elsewhere_must_offer_starttls(host: str) -> None:
    assert parse_server(f"smtp://{host}").starttls == "required"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
def test_a_server_on_this_machine_needs_none(host: str) -> None:
    assert parse_server(f"smtp://{host}").starttls == "never"


def test_starttls_can_be_asked_for_on_this_machine_too() -> None:
    assert parse_server("smtp://localhost?starttls=required").starttls == "required"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://mail.example.org", "must read smtp://"),
        ("smtp://", "must read smtp://"),
        ("smtp://user:secret@", "must read smtp://"),
        ("smtp://user:secret@mail.example.org:port", "port is none"),
        ("smtp://user:secret@mail.example.org:99999", "port is none"),
        ("smtp://user:secret@mail.example.org?starttls=maybe", "required, when-offered, never"),
        ("smtp://user:secret@mail.example.org?tls=yes", "nobody knows: tls"),
    ],
)
def test_a_wrong_url_is_named_without_its_password(url: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match="PRESSROOM_SMTP_URL") as wrong:
        parse_server(url)
    assert complaint in str(wrong.value)
    assert "secret" not in str(wrong.value)


def test_a_server_is_shown_without_its_password() -> None:
    server = parse_server("smtp://user:secret@mail.example.org")
    assert "secret" not in f"{server} {server!r} {[server]}"


def test_certificates_are_always_checked(tmp_path: Path) -> None:
    context = tls_context("")
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    (tmp_path / "no.pem").write_text("this is no certificate")
    for missing in ("no.pem", "nothing.pem"):
        with pytest.raises(SettingsError, match="PRESSROOM_SMTP_CA_FILE"):
            tls_context(str(tmp_path / missing))
