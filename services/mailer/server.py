"""How we talk to a mail server: whose certificates are trusted."""

from __future__ import annotations

import ssl

import msgspec

from libs.common.errors import PermanentFailure, SettingsError
from libs.common.mail_server import MailServer, StartTls, parse_server

__all__ = ["MailServer", "StartTls", "parse_server", "profile_server", "profile_tls_context", "tls_context"]


def profile_server(url: str, profile: str) -> MailServer:
    """The server of a profile; a PermanentFailure says how its URL must read."""
    try:
        server = parse_server(url, f"the URL of the profile “{profile}”")
    except SettingsError as error:
        sentence = str(error)
        raise PermanentFailure(f"{sentence[0].upper()}{sentence[1:]}") from None
    return msgspec.structs.replace(server, profile=profile)


def profile_tls_context(ca_certificate: str, profile: str) -> ssl.SSLContext:
    """Trust the system's authorities, and those in the PEM text if there is any."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    if ca_certificate:
        try:
            context.load_verify_locations(cadata=ca_certificate)
        except (ssl.SSLError, ValueError) as error:
            raise PermanentFailure(f"The CA certificate of the profile “{profile}” is no PEM text.") from error
    return context


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
