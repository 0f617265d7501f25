"""A web server that behaves as it is told, and all that a delivery to it needs."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import msgspec

from libs.common.delivering import Destination, DestinationKind, Figure, Preview, PreviewColumn
from libs.common.messages import Artifact, DeliverReport, Recipient
from libs.common.networks import Networks
from libs.common.sealing import Sealer, new_key
from libs.common.storage import ArtifactStorage
from services.mailer.channels.sender import Places
from services.mailer.desk import Desk
from services.mailer.outgoing import Outgoing
from services.mailer.senders import Errand, Receipt

NOW = datetime(2026, 3, 2, 7, 0, 30, tzinfo=UTC)
DELIVERY = UUID("6f0b3a52-6f8e-5d0c-9c53-00000000000a")
PLACE = UUID("6f0b3a52-6f8e-5d0c-9c53-00000000000b")
FILES = {"Umsätze.csv": b"region,amount\r\nNorth,1204.5\r\n", "sales.xlsx": b"PK" + bytes(range(256)) * 9_000}
KEY = new_key()
TLS = ssl.create_default_context()

Answering = Callable[[socket.socket], None]


def reply(status: int, body: bytes = b"ok", **headers: str) -> Answering:
    """Answers with this."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
    return lambda connection: connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


def cut(_: socket.socket) -> None:
    """Says nothing."""


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebServer:
    """Answers one request after the other as `answers` say; the last one stays. `cuts_early`: before it has read."""

    answers: list[Answering] = field(default_factory=lambda: [reply(200)])
    requests: list[Request] = field(default_factory=list)
    cuts_early: bool = False

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone leaves the port open for as long as the thread waits for somebody.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                if not self.cuts_early and (request := _read(connection)) is not None:
                    self.requests.append(request)
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        with suppress(OSError):  # the client has had enough
            answer(connection)


def _read(connection: socket.socket) -> Request | None:
    """The request, or None if it was not complete."""
    stream = connection.makefile("rb")
    path = stream.readline().decode().split(" ")[1]
    headers: dict[str, str] = {}
    while (line := stream.readline().decode().strip()) != "":
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    length = int(headers["content-length"])
    body = stream.read(length)
    return Request(path, headers, body) if len(body) == length else None


class ChannelWorld:
    """Brings a report with two files to places."""

    def __init__(self, folder: Path, *, networks: str = "127.0.0.0/8, ::1", seconds: float = 60.0) -> None:
        self.storage = ArtifactStorage(str(folder / "artifacts"))
        for name, content in FILES.items():
            self.storage.put(f"reports/1/{name}", content)
        self.sealer = Sealer(KEY)
        self.drop_folder = folder / "drop"
        self.drop_folder.mkdir(parents=True)
        self.claims = 0
        self.places = Places(
            desk=Desk(storage=self.storage, seal_keys=KEY, public_url="https://reports.example.org"),
            outgoing=Outgoing(Networks(networks), TLS, timeout_seconds=seconds),
            opened=self.sealer.open,
            drop_folder=self.drop_folder,
            clock=lambda: NOW,
        )

    def destination(self, kind: DestinationKind, url: str, *, secret: str = "", attach: bool = False) -> Destination:
        return Destination(
            destination_id=PLACE,
            name="Warehouse",
            kind=kind,
            sealed_url=self.sealer.seal(url),
            shown="shown",
            sealed_secret=self.sealer.seal(secret) if secret else "",
            attach=attach,
        )

    def command(self, destination: Destination, **changes: Any) -> DeliverReport:
        command = DeliverReport(
            delivery_id=DELIVERY,
            report_id=UUID("6f0b3a52-6f8e-5d0c-9c53-000000000002"),
            schedule_id=UUID("6f0b3a52-6f8e-5d0c-9c53-000000000003"),
            title="Sales <b>by</b> region & *more*",
            body="Good morning, {{recipient_name}},\n\nhere is <!channel> the [report](http://evil.example).",
            channel=destination.kind,
            recipient=Recipient(address=str(PLACE), name="Warehouse"),
            artifacts=tuple(_artifact(name, content) for name, content in FILES.items()),
            scheduled_for=datetime(2026, 3, 2, 7, tzinfo=UTC),
            generated_at=datetime(2026, 3, 2, 7, 0, 12, tzinfo=UTC),
            timezone="Europe/Vienna",
            notes=("Only the first 50,000 rows.",),
            destination=destination,
            preview=PREVIEW,
            figures=(Figure(label="Amount", value="10.204,50 €", change="+12 %", direction="up"),),
            report_type="sales",
        )
        return msgspec.structs.replace(command, **changes)

    def send(
        self, kind: DestinationKind, url: str, *, secret: str = "", attach: bool = False, **changes: Any
    ) -> Receipt:
        """One attempt at a delivery."""
        return self.deliver(self.command(self.destination(kind, url, secret=secret, attach=attach), **changes))

    def deliver(self, command: DeliverReport) -> Receipt:
        errand = Errand(command=command, message_id="<1@example.org>", written_at=NOW, attempt=1)
        return asyncio.run(self.places.send(errand, self._claim))

    async def _claim(self) -> None:
        self.claims += 1


PREVIEW = Preview(
    title="Sales",
    columns=(PreviewColumn(label="Region"), PreviewColumn(label="Amount", numeric=True)),
    rows=(("North ``` <x>", "1.204,50"), ("South", "9.000,00")),
    total_rows=12,
)


def _artifact(name: str, content: bytes) -> Artifact:
    return Artifact(
        key=f"reports/1/{name}",
        filename=name,
        format="csv" if name.endswith("csv") else "xlsx",
        media_type="text/csv; charset=utf-8",
        size_bytes=len(content),
        rows=12,
        sha256=hashlib.sha256(content).hexdigest(),
    )
