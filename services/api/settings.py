"""What the api must know before it can run."""

from __future__ import annotations

from typing import Annotated

import msgspec

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
    max_recipients: Annotated[
        int, msgspec.Meta(ge=1, description="How many recipients a schedule or a report may have.")
    ] = 100
    max_body_bytes: Annotated[int, msgspec.Meta(ge=1_000, description="A request with a larger body is refused.")] = (
        1_000_000
    )
