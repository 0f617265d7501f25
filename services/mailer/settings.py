"""What the mailer must know before it can run."""

from __future__ import annotations

from typing import Annotated

import msgspec

from libs.common.settings import CommonSettings


class MailerSettings(CommonSettings, frozen=True, kw_only=True):
    """The settings of the mailer, beside those that every service has.

    The pauses between attempts double from `mailer_min_backoff_seconds` and are stretched by a random factor of up to
    two: with the defaults seven pauses take six hours in the middle, and never less than four.
    """

    smtp_url: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^smtps?://.+",
            description=(
                "The mail server: smtp://user:password@host:port, or smtps:// for TLS from the first byte. "
                "?starttls=required|when-offered|never; required is the default, never for a server on this machine."
            ),
        ),
    ]
    mail_from: Annotated[
        str, msgspec.Meta(min_length=3, description="Who the letters are from: Reports <reports@example.org>.")
    ]
    smtp_ca_file: Annotated[
        str,
        msgspec.Meta(description="PEM file of the authority behind the mail server's certificate, if private."),
    ] = ""
    smtp_client_name: Annotated[
        str, msgspec.Meta(description="The name that the mailer says in EHLO; the name of this machine if empty.")
    ] = ""
    smtp_timeout_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="How long connecting, or the answer to one SMTP command, may take.")
    ] = 60.0
    smtp_data_timeout_seconds: Annotated[
        float,
        msgspec.Meta(gt=0, description="How long the mail server may think about a letter (RFC 5321: 600)."),
    ] = 600.0
    mailer_lease_seconds: Annotated[
        float,
        msgspec.Meta(
            ge=1,
            description=(
                "A letter that was handed over by a mailer that then died counts as unknown after this time; "
                "a mailer that lives renews it while it waits for the answer."
            ),
        ),
    ] = 15.0
    mailer_store_url: Annotated[
        str,
        msgspec.Meta(min_length=1, description="The ledger: sqlite:///path or postgresql://user:password@host/db."),
    ] = "sqlite:///var/ledger.sqlite"
    mailer_operations_port: Annotated[
        int, msgspec.Meta(ge=0, le=65535, description="The port of /health and /metrics.")
    ] = 9103
    mailer_max_attempts: Annotated[
        int, msgspec.Meta(ge=1, description="How often a delivery is attempted before it counts as rejected.")
    ] = 8
    mailer_min_backoff_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="The shortest pause before the second attempt.")
    ] = 120.0
    mailer_max_backoff_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="The longest pause between two attempts.")
    ] = 14_400.0
    mailer_urgent_threads: Annotated[
        int, msgspec.Meta(ge=0, le=64, description="Letters of urgent and high priority under way at the same time.")
    ] = 2
    mailer_normal_threads: Annotated[
        int, msgspec.Meta(ge=0, le=64, description="Letters of normal and low priority under way at the same time.")
    ] = 4
