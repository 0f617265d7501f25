"""A private RabbitMQ node run as a child of this process, with as many empty vhosts as tests ask for."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from pathlib import Path

import amqp

from libs.common.errors import TransientFailure
from libs.local.alias import forget_alias, plain_path
from libs.local.broker import BrokerNode, BrokerPorts
from libs.local.child import Child
from libs.local.ports import LOOPBACK, free_port, is_open

START_SECONDS = 120
"""Far more than a start takes (four seconds); on a machine with much else to do it is still no failure."""

VHOSTS = 40
"""Made while the node starts they cost a hundredth of a second each, but again at every start; one by one, a second."""


class PrivateBroker:
    """Starts, stops and kills the node in `folder`; its ports stay the same, and durable messages survive.

    Vhosts are made in advance, `vhosts` at a time.
    """

    def __init__(self, folder: Path, vhosts: int = VHOSTS) -> None:
        epmd = free_port()
        amqp_port = free_port(taken=[epmd])
        ports = BrokerPorts(epmd=epmd, amqp=amqp_port, distribution=free_port(taken=[epmd, amqp_port]))
        self._vhosts_at_a_time = vhosts
        self._unused = _vhosts(vhosts)
        self._folder = folder
        self.node = BrokerNode(
            plain_path(folder), ports, "pressroom", secrets.token_urlsafe(24), vhosts=["/", *self._unused]
        )
        self.node.prepare()
        self._epmd = Child(self.node.epmd(), folder / "epmd.log")
        self._broker = Child(self.node.broker(), folder / "broker.log")

    @property
    def url(self) -> str:
        """The AMQP URL of the vhost `/`; it contains the password."""
        return self.node.url()

    @property
    def pid(self) -> int:
        """The process id of the node."""
        return self._broker.pid

    def running(self) -> bool:
        """Whether the node's process is there."""
        return self._broker.running()

    def new_vhost(self) -> str:
        """The AMQP URL of a vhost that nobody has used yet; the node must be running."""
        if not self._unused:
            self._unused = _vhosts(self._vhosts_at_a_time)
            definitions = self.node.define([*self.node.vhosts, *self._unused])
            self.control("import_definitions", str(definitions))
        return self.node.url(self._unused.pop(0))

    def start(self) -> None:
        """Start the node and return when clients can log in."""
        self.begin_to_start()
        self._broker.wait_until(self._answers, START_SECONDS)

    def begin_to_start(self) -> None:
        """Start the node's processes and return at once."""
        if not self._epmd.running():
            self._epmd.start()
            self._epmd.wait_until(lambda: is_open(self.node.ports.epmd), START_SECONDS)
        self._broker.start()

    def stop(self) -> None:
        """Stop the node in an orderly way."""
        self._broker.stop()

    def kill(self) -> None:
        """End the node with SIGKILL, as a crash would.

        RabbitMQ before 3.13.3 forgets a quorum queue that was declared less than half a second ago (rabbitmq/ra#443).
        """
        self._broker.kill()

    def restart(self) -> None:
        """Stop the node in an orderly way and start it again."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop everything and delete the node's data; the logs stay."""
        self._broker.stop()
        self._epmd.stop()
        shutil.rmtree(self._folder / "data", ignore_errors=True)
        forget_alias(self._folder)

    def control(self, *arguments: str) -> str:
        """What `rabbitmqctl` answers; a TransientFailure if it fails. It takes a second or two."""
        program = self.node.control(*arguments)
        done = subprocess.run(
            program.command, env=dict(program.environment), cwd=program.directory, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise TransientFailure(f"rabbitmqctl {' '.join(arguments)} failed: {done.stderr or done.stdout}")
        return done.stdout

    def _answers(self) -> bool:
        host = f"{LOOPBACK}:{self.node.ports.amqp}"
        try:
            with amqp.Connection(host, self.node.user, self.node.password, connect_timeout=5, read_timeout=5):
                return True
        except (OSError, amqp.AMQPError):
            return False


def _vhosts(count: int) -> list[str]:
    return [f"test-{secrets.token_hex(4)}" for _ in range(count)]
