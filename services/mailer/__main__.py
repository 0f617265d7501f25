"""`python -m services.mailer`: the mailer, until SIGTERM."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

from libs.common import logs
from libs.common.clock import utc_now
from libs.common.commands import make_broker
from libs.common.errors import PermanentFailure, SettingsError
from libs.common.migrations import migrate
from libs.common.relay import Relay
from libs.common.service import Part, Service, main
from libs.common.settings import load
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from libs.common.topology import Topology
from services.mailer.connections import Connections
from services.mailer.deliver import PostOffice
from services.mailer.handovers import Handovers
from services.mailer.ledger import Ledger
from services.mailer.mailbox import parse_mailbox
from services.mailer.server import parse_server, tls_context
from services.mailer.settings import MailerSettings
from services.mailer.smtp import Timeouts
from services.mailer.worker import mail_worker


def run() -> int:
    """Assemble the mailer and run it; the exit code."""
    settings = load(MailerSettings, os.environ)
    logs.configure("mailer", settings.log_level)
    store = Store(settings.mailer_store_url)
    storage = ArtifactStorage(settings.artifacts_url)
    office = post_office(settings, store, storage)
    migrate(store, "services.mailer.migrations")
    broker = make_broker(settings)
    parts: list[Part] = [
        Relay("mailer", store, settings.broker_url, Topology(settings.queue_type)),
        office.handovers,
        mail_worker(broker, settings, office),
        office.connections,
    ]
    ready = {"store": store.ping, "storage": storage.ping}
    return Service("mailer", settings, operations_port=settings.mailer_operations_port, ready=ready).run(parts)


def post_office(settings: MailerSettings, store: Store, storage: ArtifactStorage) -> PostOffice:
    """What every delivery needs; a SettingsError names the setting that is wrong."""
    try:
        sender = parse_mailbox(settings.mail_from)
    except PermanentFailure as failure:
        raise SettingsError(f"PRESSROOM_MAIL_FROM is wrong: {failure}") from failure
    ledger = Ledger(store)
    return PostOffice(
        ledger=ledger,
        storage=storage,
        connections=Connections(
            parse_server(settings.smtp_url),
            tls_context(settings.smtp_ca_file),
            Timeouts(command=settings.smtp_timeout_seconds, data=settings.smtp_data_timeout_seconds),
            settings.smtp_client_name or socket.getfqdn(),
        ),
        sender=sender,
        handovers=Handovers(ledger, timedelta(seconds=settings.mailer_lease_seconds), utc_now),
        clock=utc_now,
    )


if __name__ == "__main__":
    main(run)
