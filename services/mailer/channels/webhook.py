"""Webhooks: a signed POST with all there is to say about a report, and its files if wanted.

A webhook is repeated until it is answered. Its receiver recognises what it has had already by Pressroom-Delivery, which
is the same at every attempt, so nothing is `unknown` here: a connection that breaks is tried again.
"""

from __future__ import annotations

from datetime import datetime

from services.mailer.channels.consignment import Consignment
from services.mailer.channels.multipart import Multipart
from services.mailer.channels.parcel import in_threads
from services.mailer.channels.payload import DELIVERY_HEADER, payload_of, signed
from services.mailer.channels.web import Body, post
from services.mailer.outgoing import Outgoing
from services.mailer.senders import BeforeFinal, Receipt


async def send_webhook(
    consignment: Consignment,
    outgoing: Outgoing,
    now: datetime,
    before_final: BeforeFinal,  # noqa: ARG001
) -> Receipt:
    """Make one attempt. `before_final` is not called: to do it again does no harm, and to leave it out would."""
    parcel = consignment.parcel
    payload = payload_of(parcel)
    headers = {DELIVERY_HEADER: str(parcel.id)}
    if consignment.secret:
        headers |= signed(consignment.secret, payload, now)
    with_files = consignment.destination.attach and bool(parcel.files)
    if with_files:
        form = Multipart(payload, parcel)
        media_type, size, pieces = form.media_type, form.size_bytes, in_threads(form.pieces())
    else:
        media_type, size, pieces = "application/json", len(payload), in_threads(iter([payload]))
    headers |= {"Content-Type": media_type, "Content-Length": str(size)}
    answer, _ = await post(outgoing, consignment, headers, Body(pieces), repeatable=True)
    return Receipt(answer=answer, form="files" if with_files else "link", bytes=size)
