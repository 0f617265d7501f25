"""deploy/setup/install.sh with package managers that only note what they were asked for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "deploy" / "setup" / "install.sh"
TOOLS = ("sh", "env", "rm", "tee", "chmod", "cat")


class Machine:
    """A PATH with nothing but a few tools and the fakes of one test."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.asked = folder / "asked"
        self.policy = folder / "policy-rc.d"
        for tool in TOOLS:
            (self.bin / tool).symlink_to(f"/bin/{tool}" if Path(f"/bin/{tool}").exists() else f"/usr/bin/{tool}")
        self.is_root(True)

    def has(self, name: str, then: str = "") -> None:
        """A program that notes its arguments and then does something."""
        path = self.bin / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.asked}\n{then}\n')
        path.chmod(0o755)

    def is_root(self, yes: bool) -> None:
        self.has("id", f"echo {0 if yes else 1000}")

    def install(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": str(self.bin), "PRESSROOM_POLICY_RC_D": str(self.policy)}
        return subprocess.run(
            ["sh", SCRIPT, *arguments], env=environ, capture_output=True, text=True, timeout=20, cwd=os.sep
        )

    def orders(self, name: str) -> list[str]:
        lines = self.asked.read_text().splitlines()
        return [line for line in lines if line.split()[0] == name]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("manager", "program", "order"),
    [
        ("apt-get", "rabbitmq", "apt-get install -y -qq --no-install-recommends rabbitmq-server"),
        ("dnf", "rabbitmq", "dnf install -y rabbitmq-server"),
        ("apk", "rabbitmq", "apk add rabbitmq-server"),
        ("pacman", "rabbitmq", "pacman -S --noconfirm --needed rabbitmq"),
        ("zypper", "rabbitmq", "zypper --non-interactive install rabbitmq-server"),
        ("brew", "rabbitmq", "brew install rabbitmq"),
        ("apt-get", "postgresql", "apt-get install -y -qq --no-install-recommends postgresql"),
        ("dnf", "postgresql", "dnf install -y postgresql-server"),
    ],
)
def test_each_package_manager_is_asked_for_its_package(machine, manager, program, order):
    machine.has(manager)
    done = machine.install(program)
    assert done.returncode == 0, done.stderr
    assert machine.orders(manager)[-1] == order
    assert f"is missing. Installing it: {manager} " in done.stdout


def test_the_venv_module_is_that_of_the_python_in_use(machine):
    machine.has("apt-get")
    machine.install("python-venv", "3.13")
    assert machine.orders("apt-get")[-1].endswith(" python3.13-venv")


def test_a_package_that_apt_does_not_know_yet_makes_it_update_its_lists(machine):
    machine.has("apt-get", 'case "$*" in *--simulate*) exit 100 ;; esac')
    assert machine.install("rabbitmq").returncode == 0
    assert [order.split()[1] for order in machine.orders("apt-get")][-2:] == ["update", "install"]


def test_an_installation_that_fails_is_tried_again_with_new_lists(machine):
    lists = machine.policy.with_name("lists")
    machine.has("apt-get", f'[ "$1" = update ] && : > {lists}; [ "$2" = --simulate ] || [ -e {lists} ] || exit 100')
    assert machine.install("rabbitmq").returncode == 0
    assert [order.split()[1] for order in machine.orders("apt-get")][-3:] == ["install", "update", "install"]


def test_services_may_not_start_while_apt_installs_and_may_again_afterwards(machine):
    machine.has("apt-get", f'[ "$2" = --simulate ] || {{ sh {machine.policy}; echo policy $? >> {machine.asked}; }}')
    assert machine.install("rabbitmq").returncode == 0
    assert machine.orders("policy") == ["policy 101"]
    assert not machine.policy.exists()


def test_services_may_start_again_when_the_installation_failed(machine):
    machine.has("apt-get", "exit 100")
    assert machine.install("rabbitmq").returncode == 100
    assert not machine.policy.exists()


def test_a_policy_that_was_there_before_stays(machine):
    machine.policy.write_text("#!/bin/sh\nexit 0\n")
    machine.has("apt-get")
    machine.install("rabbitmq")
    assert machine.policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_the_service_of_the_package_is_kept_off_and_that_is_said(machine):
    machine.has("apt-get")
    machine.has("systemctl")
    done = machine.install("rabbitmq")
    assert machine.orders("systemctl") == ["systemctl disable rabbitmq-server.service"]
    assert "stays off" in done.stdout


def test_who_is_not_root_installs_through_sudo(machine):
    machine.is_root(False)
    machine.has("sudo", 'test "$1" = -n && shift; exec "$@"')
    machine.has("true")
    machine.has("dnf")
    assert machine.install("rabbitmq").returncode == 0
    assert machine.orders("sudo")[-1] == "sudo -n dnf install -y rabbitmq-server"


def test_who_may_not_install_is_told_what_to_run(machine):
    machine.is_root(False)
    machine.has("sudo", "exit 1")
    machine.has("apt-get")
    done = machine.install("rabbitmq")
    assert done.returncode == 1
    assert done.stderr == (
        "RabbitMQ is missing, and installing it needs root: run "
        "`sudo apt-get install -y --no-install-recommends rabbitmq-server`. Then run make again.\n"
    )
    assert machine.orders("id")
    assert not machine.policy.exists()


def test_homebrew_is_never_run_as_root(machine):
    machine.is_root(False)
    machine.has("sudo", "exit 1")
    machine.has("brew")
    assert machine.install("rabbitmq").returncode == 0
    assert machine.orders("brew") == ["brew install rabbitmq"]


def test_a_system_without_a_known_package_manager_is_told_so(machine):
    done = machine.install("rabbitmq")
    assert done.returncode == 1
    assert "no package manager" in done.stderr
