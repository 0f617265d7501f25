"""`python -m libs.local up | down | status | logs NAME`: the whole of Pressroom on one machine."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from libs.common.errors import PressroomError
from libs.local.instance import PROCFILE, Instance

READY_SECONDS = 180

PREFERRED_PORTS = {
    "API_PORT": 8000,
    "SCHEDULER_OPERATIONS_PORT": 9101,
    "GENERATOR_OPERATIONS_PORT": 9102,
    "MAILER_OPERATIONS_PORT": 9103,
    "API_OPERATIONS_PORT": 9104,
}


def main() -> int:
    """Do what the command line asks for; 1 if it failed, with a sentence that says why."""
    arguments = _arguments()
    instance = Instance(arguments.root, procfile=arguments.procfile, preferred_ports=PREFERRED_PORTS)
    try:
        return COMMANDS[arguments.command](instance, arguments)
    except PressroomError as failure:
        print(failure, file=sys.stderr)
    except OSError as error:  # a folder that is somebody else's, a full disk
        print(f"{error.strerror or error}: {error.filename or instance.root}.", file=sys.stderr)
    return 1


def up(instance: Instance, _: argparse.Namespace) -> int:
    """Start everything, wait until it is ready and say where it answers."""
    started = instance.start()
    print(f"Pressroom {'is starting' if started else 'already runs'} in {instance.root}.", flush=True)
    try:
        instance.wait_ready(READY_SECONDS)
    except BaseException:
        if started:  # half of a Pressroom is of no use to anybody; the logs stay
            instance.stop()
        raise
    print(description(instance))
    return 0


def down(instance: Instance, _: argparse.Namespace) -> int:
    """Stop everything that `up` has started."""
    if not instance.root.exists():
        print(f"Nothing runs in {instance.root}.")
        return 0
    sentences = {
        "stopped": "Pressroom in {root} has stopped.",
        "nothing ran": "Nothing runs in {root}.",
        "the supervisor had died": "The supervisor in {root} had died; what it left running has been stopped.",
    }
    print(sentences[instance.stop()].format(root=instance.root))
    return 0


def status(instance: Instance, _: argparse.Namespace) -> int:
    """List the programs; 1 if one is not of use, 3 if nothing runs."""
    states = instance.status()
    if not states:
        print(f"Nothing runs in {instance.root}.")
        return 3
    unready = instance.unready()
    for name, state in states.items():
        facts = state.description or (f"pid {state.pid}" if state.pid else "")
        print(f"{name:<12} {state.state:<9} {facts:<28} {unready.get(name, '')}".rstrip())
    return 1 if unready else 0


def logs(instance: Instance, arguments: argparse.Namespace) -> int:
    """Show the end of a log, or with --follow also what is added to it."""
    log = instance.log(arguments.name)
    if not log.exists():
        names = ", ".join(sorted(found.stem for found in log.parent.glob("*.log")))
        print(f"There is no log of {arguments.name} in {log.parent}, only of: {names or '-'}.", file=sys.stderr)
        return 1
    follow = ["-F"] if arguments.follow else []
    with suppress(KeyboardInterrupt):  # the way to end --follow
        return subprocess.run(["tail", "-n", str(arguments.lines), *follow, str(log)]).returncode
    return 0


COMMANDS: dict[str, Callable[[Instance, argparse.Namespace], int]] = {
    "up": up,
    "down": down,
    "status": status,
    "logs": logs,
}


def description(instance: Instance) -> str:
    """Where the instance answers and where its files lie."""
    addresses = instance.addresses
    lines = [f"  token        {token_place(instance)}"]
    if addresses.api_url:
        lines += [f"  REST API     {addresses.api_url}", f"  reference    {addresses.api_url}/schema"]
    for service, port in addresses.operations_ports.items():
        lines.append(f"  {service:<12} http://127.0.0.1:{port}/metrics and /health/ready")
    if addresses.mail_folder:
        lines.append(f"  letters      {addresses.mail_folder}")
    return "\n".join([*lines, f"  logs         {instance.root / 'log'}"])


def token_place(instance: Instance) -> str:
    """Where the first administrator's token is to be found."""
    return instance.environment.get("PRESSROOM_ADMIN_TOKEN_FILE", "as given in PRESSROOM_ADMIN_TOKEN")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m libs.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, function in COMMANDS.items():
        command = commands.add_parser(name, help=(function.__doc__ or "").split(";")[0])
        command.add_argument("--root", type=Path, default=Path("var"), help="the instance's folder (default: var)")
        command.add_argument("--procfile", type=Path, default=PROCFILE, help="the list of services")
        if name == "logs":
            command.add_argument("name", help="a program, as `status` names it")
            command.add_argument("-n", "--lines", type=int, default=50)
            command.add_argument("-f", "--follow", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
