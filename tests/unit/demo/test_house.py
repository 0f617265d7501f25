from __future__ import annotations

import os
import signal
from pathlib import Path

import msgspec
import pytest

from demo.house import HURRIED, House, only_demo, settings_of, signals_as_interrupts, undisturbed
from libs.common.errors import PermanentFailure
from services.generator.settings import GeneratorSettings
from services.mailer.settings import MailerSettings


def test_settings_of_another_pressroom_do_not_reach_the_demo() -> None:
    environ = {
        "PATH": "/bin",
        "PRESSROOM_SMTP_URL": "smtp://mail.example.com",
        "PRESSROOM_API_STORE_URL": "postgresql://production/records",
        "PRESSROOM_ADMIN_TOKEN": "secret",
    }

    settings = settings_of(environ)

    assert settings["PATH"] == "/bin"
    assert not environ.keys() & settings.keys() - {"PATH"}


def test_every_setting_of_the_demo_is_one_that_a_service_has() -> None:
    known = {field.name.upper() for cls in (MailerSettings, GeneratorSettings) for field in msgspec.structs.fields(cls)}

    assert HURRIED.keys() <= known


def test_a_broker_of_ones_own_is_used() -> None:
    environ = {"PRESSROOM_BROKER_URL": "amqp://broker.example.com", "PRESSROOM_QUEUE_TYPE": "classic"}

    assert environ.items() <= settings_of(environ).items()


def test_a_new_demo_begins_with_the_flights_and_the_ports_and_nothing_else(tmp_path: Path) -> None:
    house = House(tmp_path, {})
    for name in ("flights.sqlite", "ports.json", "records.sqlite", "addresses.json"):
        (tmp_path / name).write_text("something")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "old.eml").write_text("an old letter")
    elsewhere = tmp_path.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (tmp_path / "link").symlink_to(elsewhere)

    assert not house.clear()

    assert {path.name for path in tmp_path.iterdir()} == {"flights.sqlite", "ports.json"}
    assert (elsewhere / "kept").exists()


def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with only_demo(tmp_path), pytest.raises(PermanentFailure, match="Another demo runs in"), only_demo(tmp_path):
        pass

    with only_demo(tmp_path):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whoever_asks_for_an_end_is_heard_once(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    with signals_as_interrupts():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)  # the demo is stopping by now

    assert signal.getsignal(number) is before


def test_stopping_is_not_disturbed() -> None:
    with signals_as_interrupts(), undisturbed():
        os.kill(os.getpid(), signal.SIGTERM)
