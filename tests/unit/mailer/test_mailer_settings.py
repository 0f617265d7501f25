"""The mailer's settings are complete with three of its own, and a wrong one is named."""

from __future__ import annotations

import pytest

from libs.common.errors import SettingsError
from libs.common.settings import load
from services.mailer.settings import MailerSettings

ENOUGH = {
    "PRESSROOM_BROKER_URL": "amqp://user:password@127.0.0.1/",
    "PRESSROOM_SMTP_URL": "smtp://127.0.0.1:1025",
    "PRESSROOM_MAIL_FROM": "Reports <reports@example.org>",
    "PRESSROOM_SEAL_KEYS": "a-key",
}


def test_three_settings_of_its_own_are_enough() -> None:
    settings = load(MailerSettings, ENOUGH)
    assert settings.mailer_max_attempts == 8


@pytest.mark.parametrize("name", ["PRESSROOM_SMTP_URL", "PRESSROOM_MAIL_FROM", "PRESSROOM_SEAL_KEYS"])
def test_without_them_it_says_which_is_missing(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        load(MailerSettings, {key: value for key, value in ENOUGH.items() if key != name})


def test_eight_attempts_spread_over_about_six_hours() -> None:
    settings = load(MailerSettings, ENOUGH)
    least = [
        min(settings.mailer_min_backoff_seconds * 2**retry, settings.mailer_max_backoff_seconds)
        for retry in range(settings.mailer_max_attempts - 1)
    ]
    middle_hours = sum(min(1.5 * pause, settings.mailer_max_backoff_seconds) for pause in least) / 3600
    assert 5.5 <= middle_hours <= 7
