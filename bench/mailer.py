"""How fast orders become letters, beside a loop that only sends: `make bench-mailer`.

Both send the same number of letters of the same size to the same mail server over the same number of connections. The
loop keeps no ledger, tells nobody and forgets everything when it is killed.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import aiosmtplib

from bench import machine, results
from bench.house import House
from libs.common.clock import utc_now
from libs.common.envelope import pack
from libs.common.ids import delivery_id
from libs.common.messages import Artifact, DeliverReport, Recipient
from libs.common.publisher import ConfirmingPublisher
from libs.common.storage import ArtifactStorage
from libs.common.topology import Topology
from libs.local.postgres import PrivatePostgres
from libs.local.private_broker import PrivateBroker
from libs.local.waiting import wait_until

PATIENCE_SECONDS = 900.0
REPORT_ID = UUID("6f0b3a52-6f8e-5d0c-9c53-000000000002")
FILE_BYTES = 19_456
"""With its words a letter then has about thirty kilobytes, encoded."""
BODY = "Your report “Delays by carrier” is ready. " * 40
TOGETHER = 500
"""Orders that are published at a time."""


class Run(NamedTuple):
    """What came of one way to send: seconds from the first letter to the last, and processor time."""

    name: str
    letters: int
    seconds: float
    bytes: int
    cpu: dict[str, float]

    @property
    def per_second(self) -> float:
        """Letters that arrived in a second."""
        return self.letters / self.seconds

    def row(self, bare: Run) -> list[object]:
        """A line for the table."""
        cost = [
            f"{self.cpu.get(name, 0.0) / self.letters * 1000:.1f} ms" for name in ("mailer", "postgres", "rabbitmq")
        ]
        share = f"{self.per_second / bare.per_second:.0%}"
        return [self.name, f"{self.per_second:,.0f}", share, f"{self.bytes / self.letters / 1000:.1f} KB", *cost]


def orders(artifact: Artifact, count: int) -> list[DeliverReport]:
    """One report for `count` people."""
    addresses = [f"reader{number}@example.org" for number in range(count)]
    return [
        DeliverReport(
            delivery_id=delivery_id(REPORT_ID, "email", address),
            report_id=REPORT_ID,
            title="Delays by carrier",
            channel="email",
            recipient=Recipient(address=address, name=f"Reader {number}"),
            artifacts=(artifact,),
            generated_at=utc_now(),
        )
        for number, address in enumerate(addresses)
    ]


def store_file(folder: Path) -> Artifact:
    """A file for the letters, in the storage of the house."""
    content = bytes(range(256)) * (FILE_BYTES // 256)
    path = folder / "delays.xlsx"
    path.write_bytes(content)
    ArtifactStorage(str(folder / "artifacts")).put_file("reports/1/delays.xlsx", path)
    return Artifact(
        key="reports/1/delays.xlsx",
        filename="delays.xlsx",
        format="xlsx",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        size_bytes=len(content),
        rows=16,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def order(house: House, commands: Sequence[DeliverReport]) -> None:
    """Publish the commands, as the generator does."""
    publisher = ConfirmingPublisher(house.broker_url, Topology())
    publisher.connect()
    for begin in range(0, len(commands), TOGETHER):
        parcels = [
            pack(command, message_id=str(uuid4()), now=utc_now()) for command in commands[begin : begin + TOGETHER]
        ]
        assert len(publisher.publish(parcels)) == len(parcels), "the broker has not confirmed all orders"
    publisher.close()


def ours(house: House, name: str, store_url: str, commands: Sequence[DeliverReport], connections: int) -> Run:
    """A mailer that finds all orders in its queue."""
    house.new_vhost()
    order(house, commands)
    seen = len(arrivals(house))
    before = house.cpu_seconds()
    house.start_service("mailer", mailer_store_url=store_url, mailer_normal_threads=connections)
    run = watched(house, name, len(commands), seen, before)
    house.stop("mailer")
    return run


def bare(house: House, name: str, count: int, connections: int, *options: str) -> Run:
    """The loop, in a process of its own."""
    seen = len(arrivals(house))
    before = house.cpu_seconds()
    arguments = ["--bare", str(house.smtp_port), "--letters", str(count), "--connections", str(connections), *options]
    file = str(house.folder / "delays.xlsx")
    house.start("mailer", "-m", "bench.mailer", *arguments, "--file", file, environment={})
    run = watched(house, name, count, seen, before)
    house.stop("mailer")
    return run


def watched(house: House, name: str, count: int, seen: int, before: Mapping[str, float]) -> Run:
    """Wait until all letters have come, and count."""
    wait_until(
        lambda: len(arrivals(house)) >= seen + count,
        PATIENCE_SECONDS,
        lambda: f"{len(arrivals(house)) - seen} of {count} letters came.\n{house.last_words()}",
        0.2,
    )
    after = house.cpu_seconds()
    arrived = arrivals(house)[seen:]
    assert len({letter.message_id for letter in arrived}) == count == len(arrived), "a letter came twice"
    cpu = {process: after[process] - before.get(process, 0.0) for process in after}
    size = sum(letter.bytes for letter in arrived)
    return Run(name, count, arrived[-1].moment - arrived[0].moment, size, cpu)


class Arrival(NamedTuple):
    """A letter that the mail server has taken."""

    moment: float
    message_id: str
    bytes: int


def arrivals(house: House) -> list[Arrival]:
    """All letters so far, the oldest first; the last line may still be on its way."""
    lines = (house.folder / "letters.log").read_text().splitlines(keepends=True)
    words = [line.split() for line in lines if line.endswith("\n")]
    return [Arrival(float(moment), message_id, int(size)) for moment, message_id, size in words]


# The loop --------------------------------------------------------------------------------------------------


def letter(number: int, file: Path) -> EmailMessage:
    """What people write: a few words and the file."""
    message = EmailMessage()
    message["From"] = "Reports <reports@example.org>"
    message["To"] = f"reader{number}@example.org"
    message["Subject"] = "Delays by carrier"
    message["Message-ID"] = f"<{number}-{uuid4()}@example.org>"
    message.set_content(BODY)
    message.add_alternative(f"<html><body><p>{BODY}</p></body></html>", subtype="html")
    message.add_attachment(file.read_bytes(), maintype="application", subtype="octet-stream", filename=file.name)
    return message


async def loop(port: int, count: int, connections: int, file: Path, *, ready: bool) -> None:
    """Send `count` letters over so many connections, as fast as they are taken; `ready`: one letter for all."""
    numbers = iter(range(count))
    one = letter(0, file).as_bytes(policy=SMTP)

    async def send() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for number in numbers:
                if ready:
                    content = f"Message-ID: <{number}-{uuid4()}@example.org>\r\n".encode() + one
                    await client.sendmail("reports@example.org", [f"reader{number}@example.org"], content)
                else:
                    await client.send_message(letter(number, file))

    await asyncio.gather(*(send() for _ in range(connections)))


def main() -> None:
    """Measure, print, and keep the figures in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m bench.mailer", description=__doc__)
    parser.add_argument("--letters", type=int, default=5_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--keep", action="store_true", help="write the figures into docs/benchmarks.md")
    parser.add_argument("--bare", type=int, metavar="PORT", help="only be the loop, for the mail server on this port")
    parser.add_argument("--ready", action="store_true", help="the loop sends one letter again and again")
    parser.add_argument("--file", type=Path, help="what the loop attaches")
    told = parser.parse_args()
    if told.bare is not None:
        asyncio.run(loop(told.bare, told.letters, told.connections, told.file, ready=told.ready))
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pressroom-bench-")))
        broker = PrivateBroker(folder / "broker", vhosts=4)
        stack.callback(broker.close)
        broker.start()
        postgres = PrivatePostgres(folder / "postgres.log")
        stack.callback(postgres.close)
        postgres.start()
        house = House(folder, broker, postgres, "")
        stack.callback(house.close)
        house.open_sink()
        commands = orders(store_file(folder), told.letters)
        baseline = bare(house, "a loop that writes and sends", told.letters, told.connections)
        ready = bare(house, "a loop that sends one letter again and again", told.letters, told.connections, "--ready")
        runs = [
            ours(house, "Pressroom, SQLite", f"sqlite:///{folder}/ledger.sqlite", commands, told.connections),
            ours(house, "Pressroom, PostgreSQL", postgres.new_database("ledger"), commands, told.connections),
            baseline,
            ready,
        ]
    heads = ["letters over the same connections", "a second", "of the loop", "a letter", "CPU of the sender"]
    measured = (
        f"Measured on {machine.facts()}: {told.letters:,} letters, {told.connections} connections, a mail server on "
        "the same machine. Processor time is per letter; that of the sender includes its start."
    )
    table = results.table([*heads, "CPU of PostgreSQL", "CPU of RabbitMQ"], [run.row(baseline) for run in runs])
    text = f"{measured}\n\n{table}"
    sys.stdout.write(f"{text}\n")
    if told.keep:
        results.keep("mailer", text)


if __name__ == "__main__":
    main()
