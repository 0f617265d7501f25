"""The first token is made at set-up, from the command line, without a broker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from api_process import ApiProcess

from libs.common.store import Store
from services.api.people import caller_of, email_of

NOWHERE = "amqp://nobody:nothing@127.0.0.1:1/"


def test_the_command_prints_a_token_that_works(tmp_path: Path, store_url: str) -> None:
    environment = ApiProcess(tmp_path, NOWHERE, store_url).environment
    command = [sys.executable, "-m", "services.api", "create-token", "--name", "ann", "--email", "Ann@example.org"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    (token,) = done.stdout.splitlines()
    assert token.startswith("pressroom_")
    store = Store(store_url)
    caller = caller_of(store, token)
    assert caller is not None
    with store.read() as session:
        assert (caller.name, email_of(session, caller)) == ("ann", "ann@example.org")
    store.dispose()


def test_a_wrong_setting_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    environment = ApiProcess(tmp_path, NOWHERE, "sqlite:///never.sqlite").environment
    for name, value in (("PRESSROOM_ADMIN_TOKEN", "too-short"), ("PRESSROOM_SEAL_KEYS", "no-key")):
        wrong = {**environment, name: value, "PRESSROOM_API_STORE_URL": f"sqlite:///{tmp_path}/records.sqlite"}
        done = subprocess.run(
            [sys.executable, "-m", "services.api"], env=wrong, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 2
        (sentence,) = done.stderr.splitlines()
        assert sentence.startswith(name)
        assert value not in sentence


def test_it_can_be_stopped_while_the_broker_is_away(tmp_path: Path) -> None:
    api = ApiProcess(tmp_path, NOWHERE, f"sqlite:///{tmp_path}/records.sqlite")
    api.start()
    try:
        assert api.http.get("/health/ready").json()["failures"].keys() == {"broker"}
        assert api.terminate() == 0
    finally:
        api.close()
