"""A mailer as a real process, with a real broker before it and a real mail server behind it."""

from __future__ import annotations

import hashlib
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

import msgspec
from kombu.connection import Connection
from sqlalchemy import select

from libs.common.clock import utc_now
from libs.common.connection import kombu_connection
from libs.common.delivering import MailProfile, Manner
from libs.common.envelope import pack
from libs.common.ids import delivery_id
from libs.common.messages import Artifact, Command, DeliverReport, Event, Priority, Recipient, decode_event
from libs.common.migrations import migrate
from libs.common.publisher import ConfirmingPublisher
from libs.common.sealing import Sealer, new_key
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from libs.common.topology import Topology, dead_queue, events_queue
from libs.local.child import Child
from libs.local.program import Program
from libs.local.waiting import wait_until
from libs.mailsink import MailSink
from services.mailer.tables import attempts, deliveries

E = TypeVar("E", bound=Event)

REPOSITORY = Path(__file__).parents[3]
PATIENCE_SECONDS = 60.0
REPORT_ID = UUID("6f0b3a52-6f8e-5d0c-9c53-000000000002")
KEYS = new_key()
CONTENT = b"carrier,delay\r\nUA,3.5\r\n"


class MailerWorld:
    """Orders deliveries, runs mailers, and looks at what has become of the orders."""

    def __init__(self, folder: Path, broker_url: str, sink: MailSink, store_url: str | None = None) -> None:
        self.sink = sink
        self.broker_url = broker_url
        self.storage = ArtifactStorage(str(folder / "artifacts"))
        self.artifact = self._store_artifact(folder)
        self.log = folder / "mailer.log"
        self._store_url = store_url or f"sqlite:///{folder}/ledger.sqlite"
        self._store = Store(self._store_url)
        migrate(self._store, "services.mailer.migrations")
        self._folder = folder
        self._publisher = ConfirmingPublisher(broker_url, Topology())
        self._events: list[Any] = []
        self._listening: Connection = kombu_connection(broker_url)
        Topology().declare(self._listening.default_channel)

    def close(self) -> None:
        self._publisher.close()
        self._listening.close()
        self._store.dispose()

    # Ordering ----------------------------------------------------------------------------------------------

    def command(
        self,
        address: str = "ada@example.org",
        *,
        artifact: Artifact | None = None,
        priority: Priority = "normal",
        manner: Manner | None = None,
        report_id: UUID = REPORT_ID,
    ) -> DeliverReport:
        return DeliverReport(
            delivery_id=delivery_id(report_id, "email", address),
            report_id=report_id,
            title="Delays by carrier",
            channel="email",
            recipient=Recipient(address=address),
            artifacts=(artifact or self.artifact,),
            priority=priority,
            generated_at=utc_now(),
            manner=manner or Manner(),
        )

    def order(self, *messages: Command | Event) -> None:
        """Publish commands as the generator does, and events as anybody."""
        parcels = [pack(message, message_id=str(uuid4()), now=utc_now()) for message in messages]
        assert len(self._publisher.publish(parcels)) == len(parcels)

    # Running -----------------------------------------------------------------------------------------------

    @contextmanager
    def mailer(self, **settings: str) -> Iterator[Child]:
        """A mailer that is killed at the end of the block, if it still runs."""
        program = Program(
            name="mailer",
            command=(sys.executable, "-m", "services.mailer"),
            environment=self._environment(settings),
            directory=REPOSITORY,
            stop_seconds=60,
        )
        mailer = Child(program, self.log)
        mailer.start()
        try:
            yield mailer
        finally:
            mailer.kill()

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PRESSROOM_BROKER_URL": self.broker_url,
            "PRESSROOM_ARTIFACTS_URL": str(self._folder / "artifacts"),
            "PRESSROOM_MAILER_STORE_URL": self._store_url,
            "PRESSROOM_MAILER_OPERATIONS_PORT": "0",
            "PRESSROOM_MAILER_MIN_BACKOFF_SECONDS": "0.2",
            "PRESSROOM_MAILER_MAX_BACKOFF_SECONDS": "0.4",
            "PRESSROOM_SMTP_URL": self.sink.url,
            "PRESSROOM_SMTP_TIMEOUT_SECONDS": "10",
            "PRESSROOM_SMTP_DATA_TIMEOUT_SECONDS": "3",
            "PRESSROOM_MAILER_LEASE_SECONDS": "2",
            "PRESSROOM_MAIL_FROM": "Pressroom <reports@example.org>",
            "PRESSROOM_SEAL_KEYS": KEYS,
            **settings,
        }

    # Looking -----------------------------------------------------------------------------------------------

    def states(self) -> dict[str, str]:
        """The state of every delivery in the ledger, by address."""
        with self._store.read() as session:
            return {row.address: row.state for row in session.execute(select(deliveries))}

    def outcomes(self, address: str = "ada@example.org") -> list[str | None]:
        """The outcome of every attempt at a delivery, in order."""
        query = (
            select(attempts.c.outcome)
            .join(deliveries, deliveries.c.delivery_id == attempts.c.delivery_id)
            .where(deliveries.c.address == address)
            .order_by(attempts.c.number)
        )
        with self._store.read() as session:
            return list(session.execute(query).scalars())

    def wait_for_state(self, state: str, address: str = "ada@example.org", *, count: int = 1) -> None:
        """Until `count` deliveries (or the one to `address`) are in `state`."""
        if count > 1:
            until(lambda: Counter(self.states().values())[state] >= count, f"{count} deliveries are {state}")
        else:
            until(lambda: self.states().get(address) == state, f"the delivery to {address} is {state}")

    def wait_for_mail(self, count: Callable[[], int], wanted: int) -> None:
        """Until another server than the sink has put so many letters into its mailboxes."""
        until(lambda: count() >= wanted, f"{wanted} letters were put into mailboxes")

    def arrived(self) -> Counter[str]:
        """How many letters each recipient has."""
        return Counter(letter.envelope.recipients[0] for letter in self.sink.letters())

    def events(self, kind: type[E]) -> list[E]:
        """The events of a kind that were announced so far."""
        channel = self._listening.default_channel
        while (message := channel.basic_get(events_queue("api"), no_ack=True)) is not None:
            body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
            event = decode_event(body, message.properties["type"])
            assert event is not None
            self._events.append(event)
        return [event for event in self._events if isinstance(event, kind)]

    def wait_for_event(self, kind: type[E], count: int = 1) -> list[E]:
        """The events of a kind, as soon as there are `count` of them."""
        until(lambda: len(self.events(kind)) >= count, f"{count} × {kind.__name__} were announced")
        return self.events(kind)

    def dead_letters(self, queue: str = "mail.normal") -> int:
        channel = self._listening.default_channel
        return int(channel.queue_declare(dead_queue(queue), passive=True).message_count)

    def ready(self, queue: str = "mail.normal") -> int:
        channel = self._listening.default_channel
        return int(channel.queue_declare(queue, passive=True).message_count)

    def _store_artifact(self, folder: Path) -> Artifact:
        path = folder / "delays.csv"
        path.write_bytes(CONTENT)
        self.storage.put_file("reports/1/delays.csv", path)
        return Artifact(
            key="reports/1/delays.csv",
            filename="delays.csv",
            format="csv",
            media_type="text/csv",
            size_bytes=len(CONTENT),
            rows=1,
            sha256=hashlib.sha256(CONTENT).hexdigest(),
        )


def profile(name: str, url: str, **more: object) -> MailProfile:
    """A profile for the mail server at `url`."""
    sealed = Sealer(KEYS).seal(url)
    sender = f"{name} <{name.lower()}@example.org>"
    made = MailProfile(profile_id=uuid5(REPORT_ID, name), name=name, sealed_url=sealed, sender=sender)
    return msgspec.structs.replace(made, **more)


def large_artifact(world: MailerWorld, folder: Path) -> Artifact:
    """A file of 40 KB that no archive makes smaller."""
    content = random.Random(5).randbytes(40_000)
    path = folder / "large.bin"
    path.write_bytes(content)
    world.storage.put_file("reports/1/large.bin", path)
    size, digest = len(content), hashlib.sha256(content).hexdigest()
    return changed(world.artifact, key="reports/1/large.bin", filename="large.pdf", size_bytes=size, sha256=digest)


def changed(artifact: Artifact, **changes: object) -> Artifact:
    return msgspec.structs.replace(artifact, **changes)


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until `condition` holds; the failure says `what` did not."""
    wait_until(condition, PATIENCE_SECONDS, lambda: f"This did not come true: {what}.")
