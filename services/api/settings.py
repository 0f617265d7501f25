"""What the api must know before it can run."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec

from libs.common.addresses import AllowedDomains, parse_allowed
from libs.common.settings import CommonSettings


class ApiSettings(CommonSettings, frozen=True, kw_only=True):
    """The settings of the api, beside those that every service has."""

    seal_keys: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            description="Fernet keys that seal the URLs of sources, separated by commas: the first seals, all open.",
        ),
    ]
    api_store_url: Annotated[
        str,
        msgspec.Meta(min_length=1, description="The records: sqlite:///path or postgresql://user:password@host/db."),
    ] = "sqlite:///var/records.sqlite"
    api_host: Annotated[
        str, msgspec.Meta(min_length=1, description="The address the api listens on; 0.0.0.0 in a container.")
    ] = "127.0.0.1"
    api_port: Annotated[
        int, msgspec.Meta(ge=0, le=65535, description="The port the api listens on; 0 takes any free one.")
    ] = 8000
    api_operations_port: Annotated[
        int, msgspec.Meta(ge=0, le=65535, description="The port of /health and /metrics for machines, without a token.")
    ] = 9104
    admin_token: Annotated[
        Annotated[str, msgspec.Meta(min_length=24)] | None,
        msgspec.Meta(
            description="A bearer token of the user admin, at least 24 characters, valid from the first start on."
        ),
    ] = None
    admin_email: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^([^\s@]+@[^\s@]+)?$",
            description="The e-mail address of the user admin, until one is set over the api; tests are sent there.",
        ),
    ] = ""
    public_url: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$",
            description="Where recipients reach the api, like https://reports.example.org; links begin with it.",
        ),
    ] = ""
    digest_hour: Annotated[
        int,
        msgspec.Meta(ge=0, le=23, description="At which hour, by the clock of their schedules, owners get digests."),
    ] = 7
    allowed_domains: Annotated[
        str,
        msgspec.Meta(
            description=(
                "Domains to which letters may go, separated by commas: example.org, *.example.org for all below it. "
                "Empty: all. The same as those of the mailer."
            )
        ),
    ] = ""
    mailer_allowed_networks: Annotated[
        str,
        msgspec.Meta(
            description=(
                "Networks that are not public and that destinations may be in all the same, like 10.1.0.0/16, "
                "separated by commas. The same for the api and the mailer."
            )
        ),
    ] = ""
    min_interval_seconds: Annotated[
        int,
        msgspec.Meta(ge=60, le=86_400, description="The shortest time between two reports of a schedule."),
    ] = 60
    reconcile_after_seconds: Annotated[
        int,
        msgspec.Meta(
            ge=60, le=86_400, description="A moment that the ledger has no row of after so long raises an alert."
        ),
    ] = 900
    give_up_after_seconds: Annotated[
        int,
        msgspec.Meta(
            ge=3_600, le=31_536_000, description="A report or moment of which nothing is heard for so long is closed."
        ),
    ] = 86_400
    max_recipients: Annotated[
        int, msgspec.Meta(ge=1, description="How many recipients a schedule or a report may have.")
    ] = 100
    source_test_seconds: Annotated[
        float,
        msgspec.Meta(ge=0, le=60, description="How long a test of a source is waited for; then the answer is 202."),
    ] = 20.0
    delivery_test_seconds: Annotated[
        float,
        msgspec.Meta(
            ge=0,
            le=60,
            description="How long a test of a mail server or a destination is waited for; then the answer is 202.",
        ),
    ] = 20.0
    test_send_seconds: Annotated[
        float,
        msgspec.Meta(
            ge=0, le=60, description="How long a report sent as a test is waited for; then the answer is 202."
        ),
    ] = 60.0
    burst_check_seconds: Annotated[
        float,
        msgspec.Meta(ge=0, le=60, description="How long a dry run of a burst is waited for; then the answer is 202."),
    ] = 30.0
    link_days: Annotated[
        int,
        msgspec.Meta(ge=7, le=366, description="How long a link works, unless its file is deleted before."),
    ] = 14
    template_check_seconds: Annotated[
        float,
        msgspec.Meta(
            ge=0,
            le=60,
            description=(
                "How long a generator's dry run of a template is waited for; then it is saved unchecked. 0: not asked."
            ),
        ),
    ] = 10.0
    max_body_bytes: Annotated[int, msgspec.Meta(ge=1_000, description="A request with a larger body is refused.")] = (
        1_000_000
    )

    @property
    def allowed(self) -> AllowedDomains:
        """Domains to which letters may go; a SettingsError if one of them is none."""
        return parse_allowed(self.allowed_domains)

    @property
    def grace(self) -> timedelta:
        """How long a moment may be without a row in the ledger."""
        return timedelta(seconds=self.reconcile_after_seconds)

    @property
    def give_up(self) -> timedelta:
        """How long nothing may be heard of what is under way."""
        return timedelta(seconds=self.give_up_after_seconds)

    @property
    def least_between_reports(self) -> timedelta:
        """The shortest time between two reports of a schedule."""
        return timedelta(seconds=self.min_interval_seconds)
