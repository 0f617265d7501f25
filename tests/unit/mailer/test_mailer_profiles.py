"""Letters leave through the server of their profile; a changed profile has new connections."""

from __future__ import annotations

import ssl
from uuid import UUID

import msgspec
import pytest

from libs.common.delivering import MailProfile
from libs.common.errors import PermanentFailure
from libs.common.sealing import Sealer, new_key
from services.mailer import profiles as module
from services.mailer.mailbox import parse_mailbox
from services.mailer.profiles import Profiles
from services.mailer.server import parse_server
from services.mailer.smtp import Timeouts

SEALER = Sealer(new_key())
URL = "smtp://reports:s3cret@mail.example.org:2525"
PROFILE = MailProfile(
    profile_id=UUID(int=1), name="Company", sealed_url=SEALER.seal(URL), sender="Company <reports@example.org>"
)


@pytest.fixture
def profiles() -> Profiles:
    return Profiles(
        parse_server("smtp://127.0.0.1:25"),
        ssl.create_default_context(),
        parse_mailbox("Pressroom <own@example.com>"),
        opened=SEALER.open,
        timeouts=Timeouts(command=5, data=5),
    )


def changed(**changes: object) -> MailProfile:
    return msgspec.structs.replace(PROFILE, **changes)


def test_who_has_no_profile_gets_the_server_of_the_settings(profiles: Profiles) -> None:
    outlet = profiles.outlet(None)
    assert (str(outlet.connections.server), outlet.sender.addr_spec) == ("127.0.0.1:25", "own@example.com")


def test_a_profile_has_its_server_and_its_sender(profiles: Profiles) -> None:
    outlet = profiles.outlet(PROFILE)
    server = outlet.connections.server
    assert (str(server), server.user, server.password) == ("mail.example.org:2525", "reports", "s3cret")
    assert outlet.sender.addr_spec == profiles.sender(PROFILE).addr_spec == "reports@example.org"
    assert profiles.outlet(changed()) is outlet


def test_what_determines_the_server_determines_the_connections(profiles: Profiles) -> None:
    pool = profiles.outlet(PROFILE).connections
    assert profiles.outlet(changed(sealed_url=SEALER.seal(URL))).connections is pool
    assert profiles.outlet(changed(sender="other@example.org", per_minute=5)).connections is pool
    moved = changed(sealed_url=SEALER.seal("smtp://mail2.example.org"))
    assert profiles.outlet(moved).connections is not pool


def test_the_smaller_limit_counts(profiles: Profiles) -> None:
    assert profiles.limit_for(PROFILE) is None
    profiles.outlet(PROFILE).connections.size_limit = 10_000_000
    assert profiles.limit_for(PROFILE) == 10_000_000
    assert profiles.limit_for(changed(max_megabytes=1.5)) == 1_500_000
    assert profiles.limit_for(changed(max_megabytes=50)) == 10_000_000


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (
            changed(sealed_url=SEALER.seal("http://mail.example.org")),
            "URL of the profile “Company” must read smtp:",
        ),
        (changed(sealed_url=Sealer(new_key()).seal(URL)), "not among PRESSROOM_SEAL_KEYS"),
        (changed(ca_certificate="no certificate"), "CA certificate of the profile “Company” is no PEM text"),
        (changed(sender="nobody"), "sender of the profile “Company” is wrong"),
    ],
)
def test_a_wrong_profile_is_named_and_keeps_its_secrets(profiles: Profiles, profile: MailProfile, words: str) -> None:
    with pytest.raises(PermanentFailure, match=words) as refused:
        profiles.outlet(profile)
    assert "s3cret" not in str(refused.value)
    assert profiles.sender(profile).domain in ("example.org", "example.com")


def test_profiles_that_nobody_uses_are_forgotten(profiles: Profiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KNOWN", 2)
    first = profiles.outlet(PROFILE)
    for number in range(2, 5):
        profiles.outlet(changed(name=f"Company {number}"))
    assert profiles.known(PROFILE) is None
    assert profiles.outlet(PROFILE) is not first
