from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from libs.common.errors import SettingsError
from libs.common.settings import CommonSettings, load

BROKER = {"PRESSROOM_BROKER_URL": "amqp://press:room@broker/"}


class MailSettings(CommonSettings, frozen=True, kw_only=True):
    mail_max_attempts: Annotated[int, msgspec.Meta(ge=1, description="Attempts at a delivery.")] = 8
    mail_use_tls: bool = False
    seal_key: Annotated[str | None, msgspec.Meta(description="The seal.")] = None


def test_what_is_not_set_has_its_default() -> None:
    settings = load(MailSettings, BROKER)
    assert (settings.mail_max_attempts, settings.queue_type, settings.artifacts_url) == (8, "quorum", "var/artifacts")


def test_texts_become_numbers_and_truths() -> None:
    environ = {**BROKER, "PRESSROOM_MAIL_MAX_ATTEMPTS": "3", "PRESSROOM_MAIL_USE_TLS": "true"}
    settings = load(MailSettings, environ)
    assert (settings.mail_max_attempts, settings.mail_use_tls) == (3, True)


@pytest.mark.parametrize("environ", [{}, {"PRESSROOM_BROKER_URL": ""}])
def test_a_missing_setting_is_named_with_what_it_is_for(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"PRESSROOM_BROKER_URL is not set\. RabbitMQ, as amqp://user"):
        load(MailSettings, environ)


@pytest.mark.parametrize(
    ("variable", "value", "right"),
    [
        ("PRESSROOM_BROKER_URL", "http://broker", "amqp://user:password@host:5672/vhost"),
        ("PRESSROOM_QUEUE_TYPE", "stream", "must be quorum or classic"),
        ("PRESSROOM_LOG_LEVEL", "loud", "must be debug or info or warning or error"),
        ("PRESSROOM_MAIL_MAX_ATTEMPTS", "many", "`int`"),
        ("PRESSROOM_MAIL_MAX_ATTEMPTS", "0", ">= 1"),
        ("PRESSROOM_MAIL_USE_TLS", "perhaps", "`bool`"),
        ("PRESSROOM_STOP_TIMEOUT_SECONDS", "-1", "> 0"),
    ],
)
def test_a_wrong_value_names_its_variable_and_what_would_be_right(variable: str, value: str, right: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(MailSettings, {**BROKER, variable: value})
    assert str(raised.value).startswith(f"{variable} is wrong: ")
    assert right in str(raised.value)


def test_a_wrong_value_is_not_repeated_because_it_may_be_a_secret() -> None:
    with pytest.raises(SettingsError) as raised:
        load(MailSettings, {"PRESSROOM_BROKER_URL": "amq://press:tiptop@broker/"})
    assert "tiptop" not in str(raised.value)


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "seal_key"
    secret.write_text("from a file\n")
    assert load(MailSettings, {**BROKER, "PRESSROOM_SEAL_KEY_FILE": str(secret)}).seal_key == "from a file"


def test_an_empty_file_counts_as_not_set(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(SettingsError, match="PRESSROOM_BROKER_URL is not set"):
        load(MailSettings, {"PRESSROOM_BROKER_URL_FILE": str(tmp_path / "empty")})


def test_a_variable_and_its_file_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PRESSROOM_SEAL_KEY and PRESSROOM_SEAL_KEY_FILE are both set"):
        load(MailSettings, {**BROKER, "PRESSROOM_SEAL_KEY": "a", "PRESSROOM_SEAL_KEY_FILE": str(tmp_path / "b")})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for path, cause in ((tmp_path / "absent", "No such file"), (tmp_path / "binary", "no UTF-8 text")):
        with pytest.raises(SettingsError, match=f"PRESSROOM_SEAL_KEY_FILE names a file that .*{cause}"):
            load(MailSettings, {**BROKER, "PRESSROOM_SEAL_KEY_FILE": str(path)})
