"""How a mail server calls a letter in its own log, found in its answer to the final dot.

The one thing its operator needs to find the letter. Servers say it in their own ways:

| server | says |
|---|---|
| Postfix | `2.0.0 Ok: queued as 4F1Xyz` |
| Exim | `OK id=1tAbCd-000000012Ab-3xYz` |
| OpenSMTPD | `2.0.0 4d1f8a2c Message accepted for delivery` |
| Sendmail | `2.0.0 4AB9xyz012345 Message accepted for delivery` |
| Exchange | `2.6.0 <id@host> [InternalId=123, Hostname=…] Queued mail for delivery` |
| Gmail | `2.0.0 OK  1764000000 xyz-123sor456.7 - gsmtp` |
| Amazon SES | `Ok 0100018f…-000000` |
| qmail | `ok 1764000000 qp 12345` |
| SendGrid | `Ok: queued as AbC-1_x` |
| Mailgun | `Great success`, and so none |
"""

from __future__ import annotations

import re

MAX_CHARACTERS = 120

_WAYS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bqueued as <?([\w.+/=@-]+?)>?(?=[\s.,;)]*(?:\s|$))",
        r"\bid=<?([\w.+/=@-]+)",
        r"\[InternalId=(\d+)",
        r"\bOK\s+\d+\s+([\w.-]+)\s+-\s+gsmtp\b",
        r"(?:^|\s)([\w-]+) Message accepted for delivery",
        r"\bok\s+(\d+ qp \d+)\b",
        r"^(?:2\.\d\.\d\s+)?Ok\s+([0-9a-f]{16}-[\w-]+)\s*$",
        r"\bKept as ([0-9a-f]+)",
    )
)


def queue_id(text: str) -> str:
    """The id in the words of an answer (without its code), or an empty string."""
    for way in _WAYS:
        if found := way.search(text):
            return found[1][:MAX_CHARACTERS]
    return ""
