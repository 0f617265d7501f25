"""Who may be written to: what recipients said, and what servers told of letters to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from libs.common.addresses import AllowedDomains, address_key, parse_allowed
from libs.common.errors import SettingsError
from libs.common.messages import (
    DeliveryBounced,
    Message,
    RecipientBounced,
    RecipientPreferenceSet,
    RecipientSuppressed,
    SuppressionChanged,
    decode_event,
)
from libs.common.outbox import outbox
from libs.common.sealing import new_key
from libs.common.store import Store
from services.mailer.bounces import ReturnPaths
from services.mailer.consent import objection
from services.mailer.listener import RECIPIENT_HANDLERS
from services.mailer.tables import bounces, deliveries

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
SALES, STOCK = UUID(int=1), UUID(int=2)
ANN = "ann@example.org"
KEY = new_key()


class Ledger:
    """Tells the mailer what was said, a minute after the other, and asks what follows from it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = AT

    def hear(self, kind: Any, **facts: Any) -> None:
        self.now += timedelta(minutes=1)
        event = kind(**{"at": self.now, "address": ANN, **facts})
        with self.store.begin() as session:
            RECIPIENT_HANDLERS[type(event)](session, event)

    def prefer(self, schedule_id: UUID | None, **facts: Any) -> None:
        self.hear(RecipientPreferenceSet, **{"schedule_id": schedule_id, "by": "recipient", "wanted": True, **facts})

    def bounce(self, delivery_id: UUID | None, **facts: Any) -> None:
        given = {"delivery_id": delivery_id, "hard": True, "failed": True, "diagnostic": "550 No", **facts}
        self.hear(RecipientBounced, **given)

    def objection(self, schedule_id: UUID | None = SALES, address: str = ANN, **how: bool) -> str:
        with self.store.begin() as session:
            return objection(session, address, schedule_id, **how)

    def sent(self, state: str = "sent", address: str = ANN) -> UUID:
        delivery_id = uuid4()
        values = {
            "delivery_id": delivery_id,
            "report_id": UUID(int=9),
            "channel": "email",
            "address": address,
            "name": "Ann",
            "rfc_message_id": f"<{delivery_id}@example.org>",
            "state": state,
            "attempt": 2,
            "first_seen_at": AT,
            "changed_at": AT,
        }
        with self.store.begin() as session:
            session.execute(insert(deliveries).values(values))
        return delivery_id

    def state(self, delivery_id: UUID) -> str:
        with self.store.read() as session:
            query = select(deliveries.c.state).where(deliveries.c.delivery_id == delivery_id)
            return str(session.execute(query).scalar_one())

    def announced(self, kind: type[Message]) -> list[Any]:
        with self.store.read() as session:
            rows = session.execute(select(outbox.c.wire_name, outbox.c.body).order_by(outbox.c.id)).all()
        told = [decode_event(row.body, row.wire_name) for row in rows]
        return [one for one in told if isinstance(one, kind)]

    def kept(self) -> int:
        with self.store.read() as session:
            return len(session.execute(select(bounces)).all())


@pytest.fixture
def ledger(ledger_store: Store) -> Ledger:
    return Ledger(ledger_store)


def test_the_last_word_of_a_recipient_counts_in_whatever_order_it_comes(ledger: Ledger) -> None:
    assert ledger.objection() == ""
    ledger.prefer(SALES, wanted=False)
    assert ledger.objection(SALES) == "The recipient has unsubscribed from this report since 2026-03-02."
    assert ledger.objection(STOCK) == ledger.objection(None) == ""
    ledger.prefer(None, wanted=False, by="admin")
    assert (
        ledger.objection(STOCK) == "The recipient does not want letters from here since 2026-03-02, as admin has said."
    )
    ledger.prefer(SALES, wanted=True)
    assert ledger.objection(SALES) == ""
    assert ledger.objection(None) != ""
    ledger.prefer(SALES, wanted=False, at=AT)  # said before all that, and heard late
    assert ledger.objection(SALES) == ""
    ledger.prefer(SALES, forgotten=True)
    assert ledger.objection(SALES) == ledger.objection(STOCK) != ""
    assert ledger.objection(SALES, is_test=True) == ledger.objection(SALES, ask_preferences=False) == ""
    ledger.prefer(None, forgotten=True)
    assert ledger.objection(STOCK) == ""


@pytest.mark.parametrize("cause", ["bounce", "complaint", "by_hand", "unsubscribed"])
def test_nobody_writes_to_a_suppressed_address_until_it_is_released(ledger: Ledger, cause: str) -> None:
    ledger.hear(RecipientSuppressed, cause=cause, detail="She left.", by="admin", address="Ann@Example.ORG")
    ledger.hear(RecipientSuppressed, cause="by_hand", by="admin")
    assert ledger.objection().startswith("Nobody may write to this address since 2026-03-02: ")
    assert ledger.objection().endswith(" (She left).")
    assert bool(ledger.objection(is_test=True)) == (cause != "unsubscribed")
    ledger.hear(RecipientSuppressed, cause=cause, by="admin", released=True, at=AT)  # said before, and heard late
    assert ledger.objection() != ""
    ledger.hear(RecipientSuppressed, cause=cause, detail="Back.", by="admin", released=True)
    ledger.hear(RecipientSuppressed, cause=cause, by="admin", at=AT)
    assert ledger.objection() == ""
    told = ledger.announced(SuppressionChanged)
    assert [(one.address, one.suppressed, one.cause) for one in told] == [(ANN, True, cause), (ANN, False, cause)]


def test_a_letter_to_nobody_is_bounced_and_its_address_suppressed_at_once(ledger: Ledger) -> None:
    delivery_id = ledger.sent()
    for _ in range(2):
        # The notice names whom the letter was forwarded to.
        ledger.bounce(delivery_id, address="other@example.com", status="5.1.1", diagnostic="550 5.1.1 No such user")
    assert ledger.state(delivery_id) == "bounced"
    [bounced] = ledger.announced(DeliveryBounced)
    assert (bounced.recipient.address, bounced.recipient.name, bounced.attempt) == (ANN, "Ann", 2)
    assert (bounced.reason, bounced.answer) == (
        "The letter came back: there is no such mailbox.",
        "550 5.1.1 No such user",
    )
    assert ledger.objection() == (
        "Nobody may write to this address since 2026-03-02: letters to it come back (550 5.1.1 No such user)."
    )
    assert ledger.objection(address="other@example.com") == ""
    assert ledger.kept() == 1


def test_three_other_letters_within_a_month_are_enough_and_a_release_forgives_them(ledger: Ledger) -> None:
    for status in ("5.7.1", "5.0.0", "5.7.1"):
        assert ledger.objection() == ""
        ledger.bounce(ledger.sent(), status=status)
    assert ledger.objection() != ""
    ledger.hear(RecipientSuppressed, cause="bounce", by="admin", released=True)
    for _ in range(2):
        ledger.bounce(ledger.sent(), status="5.7.1")
        assert ledger.objection() == ""
    ledger.now += timedelta(days=31)
    ledger.bounce(ledger.sent(), status="5.7.1")
    assert ledger.objection() == ""


@pytest.mark.parametrize(
    ("facts", "state", "reason"),
    [
        ({"hard": False, "failed": False, "status": "4.4.1"}, "sent", ""),
        ({"hard": False, "status": "5.2.2"}, "bounced", "The letter came back: the mailbox is full."),
        (
            {"hard": False, "status": "4.4.7"},
            "bounced",
            "The letter came back: the recipient's mail server did not take it in time.",
        ),
        ({"status": "5.1.8"}, "bounced", "The letter came back: the recipient's mail server refused it."),
        ({"status": "5.3.4"}, "bounced", "The letter came back: the recipient's mail server refused it."),
    ],
)
def test_what_is_not_the_fault_of_the_address_is_kept_and_never_suppresses(
    ledger: Ledger, facts: dict[str, Any], state: str, reason: str
) -> None:
    letters = [ledger.sent() for _ in range(4)]
    for delivery_id in letters:
        ledger.bounce(delivery_id, **facts)
    assert {ledger.state(delivery_id) for delivery_id in letters} == {state}
    assert {one.reason for one in ledger.announced(DeliveryBounced)} == ({reason} if reason else set())
    assert ledger.kept() == 4
    assert ledger.objection() == ""


def test_a_complaint_suppresses_at_once_and_the_letter_did_arrive(ledger: Ledger) -> None:
    delivery_id = ledger.sent()
    ledger.bounce(delivery_id, hard=False, failed=False, complaint=True, diagnostic="Feedback-Type: abuse")
    assert ledger.state(delivery_id) == "sent"
    assert "its reader called a letter unwanted" in ledger.objection(is_test=True)


@pytest.mark.parametrize("state", ["pending", "deferred", "rejected", "suppressed", "cancelled"])
def test_only_what_was_handed_over_can_come_back(ledger: Ledger, state: str) -> None:
    delivery_id = ledger.sent(state)
    ledger.bounce(delivery_id, status="5.7.1")
    assert ledger.state(delivery_id) == state


def test_of_a_letter_that_nobody_knows_the_address_counts(ledger: Ledger) -> None:
    for reference in ("<1@mx>", "<1@mx>", "<2@mx>"):
        ledger.bounce(None, status="5.7.1", reference=reference)
    assert ledger.objection() == ""
    ledger.bounce(uuid4(), status="5.7.1", reference="<3@mx>")
    assert ledger.objection() != ""


# Return paths -----------------------------------------------------------------------------------------------


@given(delivery_id=st.uuids())
def test_a_return_path_names_its_delivery_to_those_with_the_key(delivery_id: UUID) -> None:
    paths = ReturnPaths("bounces@reports.example.org", KEY)
    address = paths.of(delivery_id)
    assert len(address.partition("@")[0]) <= 64
    assert paths.delivery_of(address) == paths.delivery_of(f"<{address.upper()}>") == delivery_id
    assert ReturnPaths("bounces@reports.example.org", f"{new_key()},{KEY}").delivery_of(address) == delivery_id
    assert ReturnPaths("bounces@reports.example.org", new_key()).delivery_of(address) is None


def test_nobody_can_make_a_return_path_of_their_own() -> None:
    paths = ReturnPaths("bounces@reports.example.org", KEY)
    local, _, domain = paths.of(UUID(int=5)).partition("@")
    other = "b" if local[-30] == "a" else "a"
    forged = [
        f"{local[:-30]}{other}{local[-29:]}@{domain}",
        f"{local}@elsewhere.example",
        f"{local[:-1]}@{domain}",
        f"other{local}@{domain}",
        f"bounces@{domain}",
        f"bounces+@{domain}",
        "bounces+ää@" + domain,
        "",
    ]
    assert [paths.delivery_of(address) for address in forged] == [None] * len(forged)


def test_an_address_for_bounces_must_leave_room_for_the_token() -> None:
    assert ReturnPaths("", KEY).of(UUID(int=5)) == ""
    for wrong in ("bounces", "@example.org", f"{'b' * 25}@example.org", "bünces@example.org"):
        with pytest.raises(SettingsError, match="PRESSROOM_BOUNCE_ADDRESS must be an address"):
            ReturnPaths(wrong, KEY)


# Domains ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "allowed", "refused"),
    [
        ("", ["a@anywhere.example"], []),
        (
            "example.org",
            ["a@example.org", "A@EXAMPLE.ORG"],
            ["a@x.example.org", "a@badexample.org", "a@example.org.evil"],
        ),
        ("*.example.org", ["a@x.example.org", "a@x.y.example.org"], ["a@example.org", "a@xexample.org"]),
        (" Example.org , *.example.com ", ["a@example.org", "a@x.example.com"], ["a@example.com"]),
        ("straße.example", ["a@straße.example", "a@xn--strae-oqa.example"], ["a@strasse.example"]),
        ("*.xn--bcher-kva.example", ["a@shop.bücher.example"], ["a@shop.bucher.example", "no address"]),
    ],
)
def test_letters_go_only_to_allowed_domains(text: str, allowed: list[str], refused: list[str]) -> None:
    domains: AllowedDomains = parse_allowed(text)
    assert all(domains.allows(address) for address in allowed)
    assert not any(domains.allows(address) for address in refused)


@pytest.mark.parametrize("text", ["example.org,@example.com", "*", "exa mple.org", "*.", "a..b"])
def test_a_domain_that_is_none_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match="PRESSROOM_ALLOWED_DOMAINS must hold domains"):
        parse_allowed(text)


def test_an_address_is_the_same_however_it_is_written() -> None:
    make: Callable[[str], str] = address_key
    assert make(" Ann@Example.ORG. ") == make("ann@example.org") == "ann@example.org"
    assert make("Jörg@BÜCHER.example") == make("jörg@xn--bcher-kva.example") == "jörg@xn--bcher-kva.example"
