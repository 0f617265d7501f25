"""The mail server that takes our letters: where it is and how we talk to it."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from typing import Literal, cast, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from libs.common.errors import SettingsError

StartTls = Literal["required", "when-offered", "never"]

SUBMISSION_PORT = 587
SUBMISSIONS_PORT = 465

_HOW = "PRESSROOM_SMTP_URL must read smtp://user:password@host:port or smtps://…"


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server. Shown, it is `host:port`: its password stays out of logs and sentences."""

    host: str
    port: int
    implicit_tls: bool = False
    starttls: StartTls = "required"
    user: str = ""
    password: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"<MailServer {self}>"

    @property
    def may_send_password_in_clear(self) -> bool:
        """Only if somebody chose `starttls=never`; an attacker who strips STARTTLS must not get it."""
        return self.starttls == "never"


def parse_server(url: str) -> MailServer:
    """The server of PRESSROOM_SMTP_URL, or a SettingsError that says how one must read.

    Without `starttls=…` a server elsewhere must offer STARTTLS: one that does not is either misconfigured or has
    somebody in between. On this machine nothing travels, and local servers often show a certificate that nobody can
    check, so there it is not asked for.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError(f"{_HOW}; its host or port is none.") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SettingsError(f"{_HOW}.")
    implicit = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname,
        port=port or (SUBMISSIONS_PORT if implicit else SUBMISSION_PORT),
        implicit_tls=implicit,
        starttls=_starttls(parts.query, parts.hostname),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Trust the system's authorities, and the one in `ca_file` if given; certificates are always checked."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            raise SettingsError(
                f"PRESSROOM_SMTP_CA_FILE names a file without a usable certificate: {ca_file}."
            ) from error
    return context


def _starttls(query: str, host: str) -> StartTls:
    options = dict(parse_qsl(query))
    choice = options.pop("starttls", "never" if _is_this_machine(host) else "required")
    if options:
        raise SettingsError(f"PRESSROOM_SMTP_URL has an option that nobody knows: {', '.join(options)}.")
    if choice not in get_args(StartTls):
        raise SettingsError(f"starttls in PRESSROOM_SMTP_URL must be one of {', '.join(get_args(StartTls))}.")
    return cast("StartTls", choice)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
