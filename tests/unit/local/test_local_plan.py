from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from libs.common.errors import PermanentFailure
from libs.local import addresses
from libs.local.given import value_of
from libs.local.plan import Plan, make_plan
from libs.local.ports import free_port

BROKER = {"PRESSROOM_BROKER_URL": "amqp://somebody:hush-hush@rabbit.example/reports"}
MAIL = {"PRESSROOM_SMTP_URL": "smtp://mail.example"}


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    path = tmp_path / "Procfile"
    path.write_text("api: python -m services.api\nmailer: python -m services.mailer\n")
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "var"


def names(plan: Plan, group: str) -> list[str]:
    return [program.name for program in plan.groups[group]]


def settings(plan: Plan, service: str) -> dict[str, str]:
    return dict(next(program for program in plan.groups["services"] if program.name == service).environment)


def test_with_a_given_broker_and_mail_server_only_the_services_run(root, commands):
    plan = make_plan(root, BROKER | MAIL, commands, {})
    assert names(plan, "ground") == []
    assert names(plan, "services") == ["api", "mailer"]


def test_the_own_mail_sink_runs_unless_a_mail_server_is_given(root, commands):
    plan = make_plan(root, BROKER, commands, {})
    assert names(plan, "ground") == ["mailsink"]
    assert settings(plan, "mailer")["PRESSROOM_SMTP_URL"] == f"smtp://127.0.0.1:{plan.addresses.mail_port}"


def test_an_empty_setting_counts_as_not_given(root, commands):
    assert names(make_plan(root, BROKER | {"PRESSROOM_SMTP_URL": ""}, commands, {}), "ground") == ["mailsink"]


def test_a_sender_is_made_up_for_the_own_sink_only(root, commands):
    assert "PRESSROOM_MAIL_FROM" in settings(make_plan(root, BROKER, commands, {}), "mailer")
    assert "PRESSROOM_MAIL_FROM" not in settings(make_plan(root, BROKER | MAIL, commands, {}), "mailer")


@pytest.mark.parametrize(
    "name",
    ["PRESSROOM_API_STORE_URL", "PRESSROOM_ARTIFACTS_URL", "PRESSROOM_MAIL_FROM", "PRESSROOM_MAILER_OPERATIONS_PORT"],
)
def test_a_given_setting_wins(root, commands, name):
    assert name not in settings(make_plan(root, BROKER | {name: "12345"}, commands, {}), "api")
    assert name in settings(make_plan(root, BROKER, commands, {}), "api")


@pytest.mark.parametrize("given", ["PRESSROOM_SEAL_KEYS", "PRESSROOM_SEAL_KEYS_FILE"])
def test_a_given_secret_wins_over_the_file_of_the_generated_one(root, commands, given):
    plan = make_plan(root, BROKER | {given: "/run/secrets/keys"}, commands, {})
    assert "PRESSROOM_SEAL_KEYS_FILE" not in settings(plan, "api")
    assert not (root / "secrets" / "seal-keys").exists()


def test_secrets_are_made_once_and_are_for_their_owner_alone(root, commands):
    first = settings(make_plan(root, BROKER, commands, {}), "api")
    again = settings(make_plan(root, BROKER, commands, {}), "api")
    for name in ("SEAL_KEYS", "ADMIN_TOKEN"):
        assert value_of(name, first) == value_of(name, again) != ""
        assert stat.S_IMODE(Path(first[f"PRESSROOM_{name}_FILE"]).stat().st_mode) == 0o600
    assert stat.S_IMODE((root / "secrets").stat().st_mode) == 0o700


def test_the_seal_key_seals(root, commands):
    key = value_of("SEAL_KEYS", settings(make_plan(root, BROKER, commands, {}), "api"))
    assert Fernet(key).decrypt(Fernet(key).encrypt(b"ink")) == b"ink"


def test_two_instances_share_no_secret(tmp_path, commands):
    one, other = (settings(make_plan(tmp_path / name, BROKER, commands, {}), "api") for name in ("one", "other"))
    assert value_of("ADMIN_TOKEN", one) != value_of("ADMIN_TOKEN", other)


def test_no_secret_stands_in_a_service_s_environment(root, commands):
    plan = make_plan(root, BROKER, commands, {})
    secrets = {value_of(name, settings(plan, "api")) for name in ("SEAL_KEYS", "ADMIN_TOKEN")}
    assert not any(secret in text for secret in secrets for text in settings(plan, "api").values())
    assert not any(secret in str(plan.addresses) for secret in secrets | {"hush-hush"})


def test_addresses_follow_the_ports_in_use(root, commands):
    api, operations = free_port(), free_port()
    given = {"PRESSROOM_API_PORT": str(api), "PRESSROOM_API_OPERATIONS_PORT": str(operations)}
    found = make_plan(root, BROKER | given, commands, {}).addresses
    assert found.api_url == f"http://127.0.0.1:{api}"
    assert found.operations_ports["api"] == operations
    assert found.operations_ports["mailer"] not in (api, operations)


@pytest.mark.parametrize(
    ("host", "shown"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("10.1.2.3", "10.1.2.3"), ("", "127.0.0.1")],
)
def test_the_url_of_the_api_names_a_host_that_can_be_reached(root, commands, host, shown):
    found = make_plan(root, BROKER | {"PRESSROOM_API_HOST": host}, commands, {"API_PORT": 0}).addresses
    assert found.api_url.rpartition(":")[0] == f"http://{shown}"


@pytest.mark.parametrize("wrong", ["http", "0", "65536", "-1"])
def test_a_wrong_port_is_named(root, commands, wrong):
    with pytest.raises(PermanentFailure, match="PRESSROOM_API_PORT must be a port"):
        make_plan(root, BROKER | {"PRESSROOM_API_PORT": wrong}, commands, {})


def test_addresses_are_recalled_as_they_were(root, commands):
    found = make_plan(root, BROKER, commands, {}).addresses
    addresses.remember(found, root)
    assert addresses.recall(root) == found


def test_without_a_start_there_are_no_addresses(tmp_path):
    with pytest.raises(PermanentFailure, match="No Pressroom was ever started"):
        addresses.recall(tmp_path)
