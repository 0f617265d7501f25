"""The mail server that takes our letters, read from a URL: a setting of the mailer, or a profile of the api."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Literal, cast, get_args
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

from libs.common.errors import SettingsError

StartTls = Literal["required", "when-offered", "never"]

SUBMISSION_PORT = 587
SUBMISSIONS_PORT = 465

SETTING = "PRESSROOM_SMTP_URL"
HOW = "must read smtp://user:password@host:port or smtps://…"

_NO_HOST = re.compile(r"[\s\x00-\x1f]|^$")


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server. Shown, it is `host:port`: its password stays out of logs and sentences."""

    host: str
    port: int
    implicit_tls: bool = False
    starttls: StartTls = "required"
    user: str = ""
    password: str = ""
    profile: str = ""
    """The name of the profile that names this server; empty: the mailer's settings do."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"<MailServer {self}>"

    @property
    def shown(self) -> str:
        """The URL without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'smtps' if self.implicit_tls else 'smtp'}://{host}:{self.port}"

    @property
    def url_is_in(self) -> str:
        """Where a person finds the URL of this server."""
        return f"the profile “{self.profile}”" if self.profile else SETTING

    @property
    def may_send_password_in_clear(self) -> bool:
        """Only if somebody chose `starttls=never`; an attacker who strips STARTTLS must not get it."""
        return self.starttls == "never"


def parse_server(url: str, where: str = SETTING) -> MailServer:
    """The server of `url`, or a SettingsError that says how one must read, and that it came from `where`.

    Without `starttls=…` a server elsewhere must offer STARTTLS: one that does not is either misconfigured or has
    somebody in between. On this machine nothing travels, and local servers often show a certificate that nobody can
    check, so there it is not asked for.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise SettingsError(f"{where} {HOW}; its host or port is none.") from None
    if "@" in parts.path + parts.query + parts.fragment:
        # What we took for the host is the beginning of a password.
        raise SettingsError(f"{where} {HOW}; signs like / ? # @ in a password are written as %2F %3F %23 %40.")
    if parts.scheme not in ("smtp", "smtps") or _NO_HOST.search(host) or parts.path.strip("/") or parts.fragment:
        raise SettingsError(f"{where} {HOW}.")
    return _server(parts, host, port, where)


def _server(parts: SplitResult, host: str, port: int | None, where: str) -> MailServer:
    implicit = parts.scheme == "smtps"
    return MailServer(
        host=host,
        port=port or (SUBMISSIONS_PORT if implicit else SUBMISSION_PORT),
        implicit_tls=implicit,
        starttls=_starttls(parts.query, host, where),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _starttls(query: str, host: str, where: str) -> StartTls:
    options = dict(parse_qsl(query, keep_blank_values=True))
    choice = options.pop("starttls", "never" if _is_this_machine(host) else "required")
    if options:
        raise SettingsError(f"{where} has an option that nobody knows: {', '.join(options)}.")
    if choice not in get_args(StartTls):
        raise SettingsError(f"starttls in {where} must be one of {', '.join(get_args(StartTls))}.")
    return cast("StartTls", choice)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
