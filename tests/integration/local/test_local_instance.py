"""An instance with two services of a few lines, beside programs that are none of its business."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from libs.common.errors import PermanentFailure, TransientFailure
from libs.local.instance import Instance
from libs.local.ports import free_port, is_open
from libs.local.processes import MARK, alive, marked
from libs.local.readiness import probes
from libs.local.waiting import wait_until

TINY_SERVICE = Path(__file__).with_name("tiny_service.py")
PATIENCE = 60

Make = Callable[..., Instance]


def given() -> dict[str, str]:
    """The environment of somebody who has given no settings; broker and mail server are not needed here."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PRESSROOM_")}
    return environ | {"PRESSROOM_BROKER_URL": "amqp://nobody@127.0.0.1:1/", "PRESSROOM_SMTP_URL": "smtp://127.0.0.1:1"}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes an instance of services given by name with the options of tiny_service.py, and stops it in the end."""
    made: list[Instance] = []

    def instance(name: str = "var", environ: dict[str, str] | None = None, /, **services: str) -> Instance:
        procfile = tmp_path / f"Procfile.{name}"
        script = shlex.quote(str(TINY_SERVICE))
        lines = [f"{service}: python {script} {service} {options}" for service, options in services.items()]
        procfile.write_text("\n".join(lines))
        made.append(Instance(tmp_path / name, environ=given() if environ is None else environ, procfile=procfile))
        return made[-1]

    yield instance
    for each in made:
        each.stop()


@pytest.fixture
def running(make: Make) -> Instance:
    instance = make(alpha="", beta="")
    instance.start()
    instance.wait_ready(PATIENCE)
    return instance


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of somebody else that looks much like one of ours."""
    environ = {**os.environ, "PRESSROOM_ALPHA_OPERATIONS_PORT": str(free_port()), MARK: "/somewhere/else"}
    process = subprocess.Popen([sys.executable, TINY_SERVICE, "alpha"], env=environ)
    yield process
    process.kill()
    process.wait()


def wait_for_another(instance: Instance, name: str, old: int) -> int:
    wait_until(lambda: instance.pid(name) not in (0, old), PATIENCE, lambda: f"{name} did not come back")
    return instance.pid(name)


def test_everything_runs_with_a_broker_and_a_mail_sink_of_its_own(make):
    environ = {name: value for name, value in given().items() if not name.startswith("PRESSROOM_")}
    instance = make("everything", environ, alpha="")
    instance.start()
    instance.wait_ready(PATIENCE)
    assert {state.name: state.state for state in instance.status().values()}.keys() == {
        "epmd", "broker", "mailsink", "alpha",
    }  # fmt: skip
    before = marked(instance.root)
    for name in ("epmd", "broker", "mailsink"):
        old = instance.pid(name)
        os.kill(old, signal.SIGKILL)
        wait_for_another(instance, name, old)
    instance.wait_ready(PATIENCE)
    assert instance.stop() == "stopped"
    assert marked(instance.root) == []
    assert not any(alive(pid) for pid in before)


def test_a_killed_service_comes_back_each_time(running):
    for _ in range(3):
        old = running.pid("alpha")
        os.kill(old, signal.SIGKILL)
        wait_for_another(running, "alpha", old)
    running.wait_ready(PATIENCE)


def test_a_killed_service_takes_nobody_with_it(running):
    beta = running.pid("beta")
    os.kill(running.pid("alpha"), signal.SIGKILL)
    running.wait_ready(PATIENCE)
    assert running.pid("beta") == beta


def test_a_stopped_service_stays_stopped_until_it_is_started(running):
    running.stop_service("alpha")
    assert running.pid("alpha") == 0
    assert list(running.unready()) == ["alpha"]
    running.stop_service("alpha")  # twice is normal
    running.start_service("alpha")
    running.start_service("alpha")
    running.wait_ready(PATIENCE)


def test_an_unknown_service_is_named(running):
    for act in (running.stop_service, running.start_service, running.pid):
        with pytest.raises(PermanentFailure, match=r"[Nn]o program gamma"):
            act("gamma")


def test_stop_ends_all_that_was_started_and_nothing_else(running, bystander, make):
    other = make("other", alpha="")
    other.start()
    other.wait_ready(PATIENCE)
    before = marked(running.root)
    assert len(before) >= 3
    assert running.stop() == "stopped"
    assert not any(alive(pid) for pid in before)
    assert bystander.poll() is None
    assert other.unready() == {}
    assert other.running()


def test_a_second_start_leaves_what_runs_alone(running):
    pids = {name: state.pid for name, state in running.status().items()}
    assert running.start() is False
    assert {name: state.pid for name, state in running.status().items()} == pids


def test_who_did_not_start_it_can_stop_it(running):
    somebody_later = Instance(running.root, environ={})
    assert somebody_later.running()
    assert somebody_later.unready() == {}
    assert somebody_later.stop() == "stopped"


def test_it_starts_again_after_a_stop_with_the_same_ports_and_secrets(running):
    addresses, token = running.addresses, running.admin_token
    running.stop()
    assert not any(is_open(port) for port in addresses.operations_ports.values())
    running.start()
    running.wait_ready(PATIENCE)
    assert running.addresses == addresses
    assert running.admin_token == token != ""


def test_stopping_what_does_not_run_says_so(make):
    assert make(alpha="").stop() == "nothing ran"


def test_what_a_killed_supervisor_left_behind_is_ended(running):
    pid = running.supervisor.pid()
    assert pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), PATIENCE, lambda: "the supervisor lives")
    assert len(marked(running.root)) >= 2
    assert running.stop() == "the supervisor had died"
    assert marked(running.root) == []


def test_a_start_after_the_death_of_the_supervisor_begins_afresh(running):
    alpha, supervisor = running.pid("alpha"), running.supervisor.pid()
    assert supervisor
    os.kill(supervisor, signal.SIGKILL)
    wait_until(lambda: not alive(supervisor), PATIENCE, lambda: "the supervisor lives")
    assert running.start()
    running.wait_ready(PATIENCE)
    assert not alive(alpha)


def test_a_remembered_process_id_of_a_stranger_is_not_believed(make, bystander):
    instance = make(alpha="")
    instance.root.mkdir()
    (instance.root / "supervisord.pid").write_text(f"{bystander.pid}\n")
    assert not instance.running()
    assert instance.stop() == "nothing ran"
    assert bystander.poll() is None


def test_a_service_that_is_not_ready_is_named_with_its_reason_and_its_log(make):
    instance = make(alpha="", beta="--never-ready")
    instance.start()
    with pytest.raises(TransientFailure) as failure:
        instance.wait_ready(3)
    text = str(failure.value)
    assert text.startswith("Not ready: beta.")
    assert '{"database": "away"}' in text
    assert "beta starts" in text


def test_a_service_that_ends_again_and_again_is_not_waited_for_until_the_end(make):
    instance = make(alpha="--exits-after 0")
    instance.start()
    with pytest.raises(TransientFailure, match=r"(?s)alpha: it ends again and again.*no more ink"):
        instance.wait_ready(10 * PATIENCE)


def test_a_port_that_somebody_took_meanwhile_is_chosen_again(running, tmp_path):
    running.stop()
    port = running.addresses.operations_ports["alpha"]
    environ = {**os.environ, "PRESSROOM_THIEF_OPERATIONS_PORT": str(port)}
    thief = subprocess.Popen([sys.executable, TINY_SERVICE, "thief"], env=environ)
    try:
        wait_until(lambda: is_open(port), PATIENCE, lambda: "the thief does not listen")
        running.start()
        running.wait_ready(PATIENCE)
        assert running.addresses.operations_ports["alpha"] != port
    finally:
        thief.kill()
        thief.wait()


def test_given_settings_reach_the_services(make, tmp_path):
    port = free_port()
    instance = make("var", given() | {"PRESSROOM_ALPHA_OPERATIONS_PORT": str(port)}, alpha="")
    instance.start()
    instance.wait_ready(PATIENCE)
    assert is_open(port)
    assert instance.environment["PRESSROOM_ALPHA_OPERATIONS_PORT"] == str(port)


def test_a_folder_with_an_odd_and_long_name_is_no_obstacle(make):
    instance = make("it's “our” 100% #;$HOME\\var" + " and more" * 12, alpha="")
    instance.start()
    instance.wait_ready(PATIENCE)
    os.kill(instance.pid("alpha"), signal.SIGKILL)
    instance.wait_ready(PATIENCE)
    assert instance.stop() == "stopped"
    assert marked(instance.root) == []


def test_a_cleaner_of_temporary_folders_cannot_cut_us_off(make):
    instance = make("a rather odd name", alpha="")
    instance.start()
    shutil.rmtree(Path((instance.root / "alias").read_text()).parent)
    instance.wait_ready(PATIENCE)
    assert instance.stop() == "stopped"


def test_secrets_are_neither_in_command_lines_nor_in_the_supervisors_files(make):
    environ = {name: value for name, value in given().items() if name != "PRESSROOM_BROKER_URL"}
    instance = make("var", environ, alpha="")
    instance.start()
    secrets = [path.read_bytes().strip() for path in (instance.root / "secrets").iterdir()]
    assert len(secrets) == 4
    files = [instance.root / "supervisord.conf", *(instance.root / "programs").iterdir()]
    command_lines = [Path(f"/proc/{pid}/cmdline") for pid in marked(instance.root)]
    for path in [*files, *command_lines]:
        assert not any(secret in path.read_bytes() for secret in secrets)


def test_every_program_has_a_probe(running):
    assert probes(running.addresses).keys() == {"alpha", "beta"}
