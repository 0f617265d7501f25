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
    seal_keys: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            description="Fernet keys, the same as those of the api: they open passwords and sign links.",
        ),
    ]
    public_url: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$",
            description=(
                "Where recipients reach the api, like https://reports.example.org; links in letters begin with it. "
                "Empty: letters have no links, and one that is too large cannot be sent."
            ),
        ),
    ] = ""
    allowed_domains: Annotated[
        str,
        msgspec.Meta(
            description=(
                "Domains to which letters may go, separated by commas: example.org, *.example.org for all below it. "
                "Empty: all. The same as those of the api."
            )
        ),
    ] = ""
    bounce_address: Annotated[
        str,
        msgspec.Meta(
            description=(
                "Where letters come back to, like bounces@reports.example.org; each has an address of its own below "
                "it, bounces+…@. Empty: to the sender, and nobody notices."
            )
        ),
    ] = ""
    bounce_host: Annotated[
        str, msgspec.Meta(min_length=1, description="The address on which bounces are taken; 0.0.0.0 in a container.")
    ] = "127.0.0.1"
    bounce_port: Annotated[
        int, msgspec.Meta(ge=0, le=65535, description="The port on which bounces are taken, by SMTP; 0: none.")
    ] = 0
    link_days: Annotated[
        int,
        msgspec.Meta(
            ge=7,
            description="How long links in letters work, in days; never longer than the files are kept.",
        ),
    ] = 14
    mailer_max_megabytes: Annotated[
        float,
        msgspec.Meta(
            ge=0.1,
            description=(
                "The largest letter, encoded, in millions of bytes. A larger one is zipped, or gets links; profiles "
                "and mail servers may allow less."
            ),
        ),
    ] = 20.0
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
    mailer_allowed_networks: Annotated[
        str,
        msgspec.Meta(
            description=(
                "Networks that are not public and that destinations may be in all the same, like 10.1.0.0/16, "
                "separated by commas. The same for the api and the mailer."
            )
        ),
    ] = ""
    mailer_drop_folder: Annotated[
        str,
        msgspec.Meta(min_length=1, description="Destinations of the kind folder are only folders under this one."),
    ] = "var/drop"
    mailer_outgoing_timeout_seconds: Annotated[
        float,
        msgspec.Meta(gt=0, description="How long a webhook, chat or SFTP server may take for a whole delivery."),
    ] = 120.0
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
