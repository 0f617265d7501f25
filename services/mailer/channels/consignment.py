"""What a channel is asked to bring, and where: a destination that was opened."""

from __future__ import annotations

import re

import msgspec

from libs.common.delivering import Destination
from libs.common.destinations import Place
from services.mailer.channels.parcel import Parcel
from services.mailer.headers import one_line

MOST_OF_AN_ANSWER = 300
"""Characters of an answer that are kept: enough to see why something was refused."""
LEAST_HIDDEN = 4
"""Shorter words are in every text, and give nothing away."""


class Consignment(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel for one place. Shown, it is the destination without secrets."""

    parcel: Parcel
    destination: Destination
    place: Place
    secret: str

    def __repr__(self) -> str:
        return f"<Consignment for {self}>"

    def __str__(self) -> str:
        return f"{self.destination.name} ({self.place.shown})"

    def clean(self, text: str) -> str:
        """What the other side said, on one line, short, without what must not be repeated."""
        hidden = {self.secret, *self.place.secrets(), *self.secret.splitlines()}
        for word in sorted(filter(lambda word: len(word) >= LEAST_HIDDEN, hidden), key=len, reverse=True):
            text = re.sub(re.escape(word), "***", text, flags=re.IGNORECASE)
        return one_line(text)[:MOST_OF_AN_ANSWER]
