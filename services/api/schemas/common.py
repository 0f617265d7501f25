"""Kinds of fields that several requests and answers share.

`extra={"right": …}` completes the sentence "… must be …" in a refusal (see services/api/words.py).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from libs.common.messages import Format

END = r"$(?!\n)"
"""The very end of the text: Python's `$` alone also matches before a last line break."""

LINE = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f\u0085\u2028\u2029]*[^\s\x00-\x1f\x7f])?" + END
"""One line that neither begins nor ends with a blank."""

Name = Annotated[
    str,
    msgspec.Meta(
        pattern=LINE,
        max_length=200,
        description="A name for people.",
        extra={"right": "one line of 1 to 200 characters, without blanks at its ends"},
    ),
]
Subject = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"{LINE}|^{END}",
        max_length=300,
        description="The subject of the letters; empty takes the default.",
        extra={"right": "one line of at most 300 characters"},
    ),
]
Body = Annotated[
    str,
    msgspec.Meta(max_length=20_000, description="The text of the letters; empty takes the default."),
]
Formats = Annotated[
    list[Format],
    msgspec.Meta(
        min_length=1,
        max_length=10,
        description="The files to make.",
        extra={"right": "a list of one or more of xlsx, csv, pdf, json, ndjson, parquet, html"},
    ),
]
Values = Annotated[
    dict[str, Any],
    msgspec.Meta(description="A value for each parameter of the template; one with a default may be left out."),
]
ReportType = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=80, description="The slug of a template.", extra={"right": "the slug of a template"}
    ),
]

ReportStatus = Literal[
    "queued", "running", "retrying", "held", "delivering", "completed", "partial", "failed", "skipped", "cancelled"
]
OccurrenceStatus = Literal["started", "success", "partial", "failed", "skipped", "held", "missed"]
DeliveryState = Literal[
    "pending", "sending", "deferred", "sent", "rejected", "bounced", "suppressed", "unknown", "cancelled"
]


class NewRecipient(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody who receives letters."""

    address: Annotated[str, msgspec.Meta(max_length=320, description="An e-mail address.")]
    name: Annotated[
        str,
        msgspec.Meta(pattern=rf"{LINE}|^{END}", max_length=200, extra={"right": "one line of at most 200 characters"}),
    ] = ""


Recipients = Annotated[
    list[str | NewRecipient],
    msgspec.Meta(
        description="Who receives the files: addresses, or objects with `address` and `name`.",
        extra={"right": "a list of e-mail addresses or of objects with address and name"},
    ),
]


class RecipientView(msgspec.Struct):
    """Somebody who receives letters; the address is normalised."""

    address: str
    name: str
