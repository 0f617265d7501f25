"""How a report reaches people: over which server, in what kind of letter, or to a place that is no mailbox."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from libs.common.values import Choice, Value

Channel = Literal["email", "webhook", "slack", "teams", "chat", "folder", "sftp"]
"""`chat` is anything else that the library of the mailer speaks; `folder` a folder or bucket."""

SuppressionCause = Literal["bounce", "complaint", "unsubscribed", "by_hand"]
"""Why nobody may write to an address any more."""

BY_RECIPIENT = "recipient"
"""Who said what a recipient wants, if it was the recipient over a link; else it is the name of a user."""

DestinationKind = Literal["webhook", "slack", "teams", "chat", "folder", "sftp"]


class MailProfile(Choice, frozen=True, kw_only=True):
    """A mail server and who writes through it; the mailer's own settings serve whoever has none."""

    profile_id: UUID
    name: str
    sealed_url: str
    """As PRESSROOM_SMTP_URL: smtp://user:password@host:port, or smtps://…"""
    sender: str
    """A mailbox: `Reports <reports@example.org>`."""
    reply_to: str = ""
    """A mailbox; empty: the sender."""
    cc: tuple[str, ...] = ()
    """Addresses that get a copy of every report of this profile, and that everybody sees."""
    bcc: tuple[str, ...] = ()
    """Addresses that get one without being seen."""
    per_minute: int = 0
    """Letters a minute, by all mailers that share a ledger; 0: as many as the server takes."""
    connections: int = 0
    """Connections of one mailer at a time; 0: as many as it has lanes."""
    max_megabytes: float = 0
    """The largest letter, encoded; the server's own limit counts too. 0: only that one."""
    ca_certificate: str = ""
    """PEM of an authority that is trusted beside those of the system."""


class Destination(Choice, frozen=True, kw_only=True):
    """A place that is no mailbox: a webhook, a chat, a folder, a bucket, an SFTP server."""

    destination_id: UUID
    name: str
    kind: DestinationKind
    sealed_url: str
    """Where it is, with its secrets; see docs/destinations.md for each kind."""
    shown: str
    """The same without secrets, for people."""
    sealed_secret: str = ""
    """Signs what a webhook gets (HMAC-SHA256), or is the private key of an SFTP account."""
    attach: bool = True
    """False: the place gets links instead of files."""


class Manner(Choice, frozen=True, kw_only=True):
    """How the deliveries of a report are made, the same for all its recipients."""

    profile: MailProfile | None = None
    reply_to: str = ""
    """A mailbox; empty: the profile's."""
    preview_rows: Annotated[int, msgspec.Meta(ge=0, le=50)] = 10
    """So many rows of the first table are shown in the letter; 0: none. Protected files are never shown."""
    attach: Literal["files", "zip", "link"] = "files"
    """Where the ladder begins: a letter that is too large is zipped, and linked if that does not help."""
    show_recipients: bool = False
    """Everybody sees who else got it; else each sees only themselves. Copies (cc) are seen in any case."""
    subscription: bool = False
    """Letters carry a way to unsubscribe (RFC 8058)."""
    resend_unknown: bool = False
    """Try again what may have arrived: a recipient may get it twice, but rarely not at all."""
    max_attempts: Annotated[int, msgspec.Meta(ge=0, le=50)] = 0
    """How often a delivery is tried before it is given up; 0: as the mailer's setting says."""
    is_test: bool = False
    """Somebody wants to see what it would look like: the letter says so, and nobody may mistake it."""


class Seen(Value, frozen=True, kw_only=True):
    """Somebody whom the letter names in its To or Cc."""

    address: str
    name: str = ""


class PreviewColumn(Value, frozen=True, kw_only=True):
    """A column of a preview; `numeric` ones stand to the right."""

    label: str
    numeric: bool = False


class Preview(Value, frozen=True, kw_only=True):
    """The first rows of a table, written as its locale writes them, for the body of the letter."""

    title: str
    columns: tuple[PreviewColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    total_rows: int
    more_columns: int = 0
    """Columns that were left out because a letter is narrow."""


class Figure(Value, frozen=True, kw_only=True):
    """A key figure, written as its locale writes it."""

    label: str
    value: str
    change: str = ""
    """By how much it differs from `previous`, like `+12.3 %`."""
    direction: Literal["up", "down", ""] = ""
    previous: str = ""
    """The value that it is compared with."""
    mood: Literal["good", "bad", ""] = ""
    """What its owner thinks of the change."""


class Burst(Choice, frozen=True, kw_only=True):
    """Personal reports: a query gives the recipients, and each gets a report of their own.

    Its columns: `address` (needed), `name`, `locale`, `formats` (like `xlsx,pdf`), `channel` and `destination`; `key`
    if rows are shared out; every other column is the value of the template's parameter of that name.
    """

    sql: str
    share_out_by: str = ""
    """Each query of the template is executed once, and a recipient gets the rows whose value in this column is their
    `key`. Empty: the queries are executed for each recipient, with their parameters."""
    cap: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 10_000
    """More recipients than this, and nobody gets a report: it is held."""
    canary: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    """The first so many are sent; the rest wait until somebody lets them go on."""


class Part(Choice, frozen=True, kw_only=True):
    """The share of a recipient in what was read for all of them."""

    folder_key: str
    """Where in the artifact storage it is kept, a file per query."""
    value: str
    """The recipient's `key`, as text."""
    shares: tuple[tuple[int, int], ...] = ()
    """For each query, from which byte of its file on and how many of them are the recipient's."""


BurstState = Literal["spreading", "paused", "held", "spread", "stopped"]
"""`spreading`: reports are being ordered; `paused`: the first are, and the rest waits; `held`: there are too many
recipients, and all wait; `spread`: all are ordered; `stopped`: no more will be."""

Refusal = Literal["", "without_address", "invalid", "not_allowed", "unfit"]
"""Why a recipient of a burst gets no report; empty: they get one."""


class BurstRecipient(Choice, frozen=True, kw_only=True):
    """A line of the recipients query, and what was done about it."""

    position: int
    """In the list, counted from 0."""
    address: str
    name: str = ""
    channel: Channel = "email"
    report_id: UUID | None = None
    """The report of their own; None if they get none."""
    refusal: Refusal = ""
    reason: str = ""
    """Why they get none, in words."""
    formats: tuple[str, ...] = ()
    """Empty: those of the order."""
    values: tuple[tuple[str, bool | int | float | str | None], ...] = ()
    """Of the parameters that are their own."""


class BurstSample(Choice, frozen=True, kw_only=True):
    """A recipient as a dry run shows them."""

    address: str
    name: str = ""
    key: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
