"""Try a mail server while its owner waits: connect, encrypt, sign in, send a letter, and tell what came of each."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from email.headerregistry import Address
from typing import Any

from sqlalchemy.orm import Session

from libs.common.addresses import AllowedDomains
from libs.common.errors import PermanentFailure, PressroomError
from libs.common.mail_server import MailServer
from libs.common.messages import ProfileTested, SendNotice, TestProfile
from libs.common.outbox import Outbox
from services.mailer.answers import NoAnswer
from services.mailer.consent import objection
from services.mailer.deliver import PostOffice
from services.mailer.letter import Letter, compose_notice, message_id_of
from services.mailer.profiles import Outlet
from services.mailer.smtp import SmtpConnection

log = logging.getLogger(__name__)


async def try_profile(command: TestProfile, office: PostOffice, allowed: AllowedDomains) -> None:
    """Make the test and announce ProfileTested. It is made again if nobody has written down what came of it."""
    began = time.monotonic()
    sentences: list[str] = []
    try:
        await _try(command, office, allowed, sentences)
        ok = True
    except PressroomError as failure:
        sentences.append(str(failure))
        ok = False
    seconds = time.monotonic() - began

    def announce(session: Session) -> None:
        now = office.clock()
        event = ProfileTested(at=now, test_id=command.test_id, ok=ok, sentences=tuple(sentences), seconds=seconds)
        Outbox(session, now).add(event)

    await office.clerk.ask(announce)
    log.info("a mail server was tried", extra={"ok": ok, "test_id": str(command.test_id), "reason": sentences[-1]})


async def _try(command: TestProfile, office: PostOffice, allowed: AllowedDomains, said: list[str]) -> None:
    outlet = await office.profiles.find(command.profile)
    address = command.recipient.address
    if not allowed.allows(address):
        raise PermanentFailure(allowed.sentence(address))
    if reason := await office.clerk.ask(lambda session: objection(session, address, None, is_test=True)):
        raise PermanentFailure(reason)
    letter = _letter(command, outlet.sender, office)
    connection = outlet.connections.new()
    try:
        await _talk(connection, letter, outlet, said)
    finally:
        await connection.close()


async def _talk(connection: SmtpConnection, letter: Letter, outlet: Outlet, said: list[str]) -> None:
    server = outlet.connections.server
    await connection.connect()
    said.append(f"Connected to {server}.")
    await connection.encrypt()
    said.append(_encryption(server, connection.certificate))
    await connection.authenticate()
    said.append(f"Signed in as {server.user}." if server.user else "Nobody signed in: the URL names no user.")
    connection.be_ready()
    try:
        answer = await connection.hand_over(letter, _nobody_objects)
    except NoAnswer as failure:
        raise NoAnswer(f"{failure} Look into the mailbox of {letter.recipient}.") from failure
    said.append(f"It took the letter to {letter.recipient}: {answer}")


async def _nobody_objects() -> None:
    """A test is in no ledger: if it is made twice, its reader gets two letters."""


def _encryption(server: MailServer, certificate: Mapping[str, Any] | None) -> str:
    if certificate is None:
        return "The connection is not encrypted: the server does not offer STARTTLS, or the URL says not to use it."
    how = "It speaks TLS" if server.implicit_tls else "It offered STARTTLS"
    until = certificate.get("notAfter", "nobody knows when")
    return f"{how} with a certificate of {_holder(certificate)}, valid until {until}."


def _holder(certificate: Mapping[str, Any]) -> str:
    names = {key: value for part in certificate.get("subject", ()) for key, value in part}
    alternatives = [value for kind, value in certificate.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    return str(names.get("commonName") or ", ".join(alternatives) or "nobody in particular")


def _letter(command: TestProfile, sender: Address, office: PostOffice) -> Letter:
    name = f"“{command.profile.name}”" if command.profile else "of the mailer's settings"
    notice = SendNotice(
        notice_id=command.test_id,
        recipient=command.recipient,
        subject=f"Test of the mail server {name}",
        paragraphs=(
            f"Somebody has tried the mail server {name}, and named you as the reader of this letter.",
            "It has arrived, so reports can be sent this way. There is nothing to do.",
        ),
        profile=command.profile,
        requested_at=command.requested_at,
    )
    message_id = message_id_of(command.test_id, sender)
    return compose_notice(notice, sender=sender, message_id=message_id, written_at=office.clock())
