"""`python -m services.mailer`: the mailer, until SIGTERM."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import get_args

from libs.common import logs
from libs.common.addresses import parse_allowed
from libs.common.clock import utc_now
from libs.common.commands import make_broker
from libs.common.delivering import Channel, DestinationKind
from libs.common.errors import PermanentFailure, SettingsError
from libs.common.events import EventListener
from libs.common.migrations import migrate
from libs.common.networks import Networks
from libs.common.relay import Relay
from libs.common.sealing import Sealer
from libs.common.service import Part, Service, main
from libs.common.settings import load
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from libs.common.topology import Topology
from services.mailer.bounces import ReturnPaths
from services.mailer.channels.sender import Places
from services.mailer.clerk import Clerk
from services.mailer.deliver import PostOffice
from services.mailer.desk import Desk
from services.mailer.handovers import Handovers
from services.mailer.ledger import Ledger
from services.mailer.listener import RECIPIENT_HANDLERS, CancelListener
from services.mailer.mailbox import parse_mailbox
from services.mailer.outgoing import Outgoing
from services.mailer.paces import Paces
from services.mailer.post import Post
from services.mailer.profiles import Profiles
from services.mailer.senders import Sender
from services.mailer.server import parse_server, tls_context
from services.mailer.settings import MailerSettings
from services.mailer.shares import Shares
from services.mailer.smtp import Timeouts
from services.mailer.worker import answer_tests_of_destinations, answer_tests_of_profiles, lanes, mail_worker


def run() -> int:
    """Assemble the mailer and run it; the exit code."""
    settings = load(MailerSettings, os.environ)
    logs.configure("mailer", settings.log_level)
    store = Store(settings.mailer_store_url)
    storage = ArtifactStorage(settings.artifacts_url)
    places = _places(settings, storage)
    office = post_office(settings, store, storage, places)
    migrate(store, "services.mailer.migrations")
    broker, topology = make_broker(settings), Topology(settings.queue_type)
    answer_tests_of_destinations(broker, places, office.clerk)
    answer_tests_of_profiles(broker, settings, office)
    handlers = {**CancelListener(office.ledger, utc_now).handlers(), **RECIPIENT_HANDLERS}
    parts: list[Part] = [
        Relay("mailer", store, settings.broker_url, topology),
        office.handovers,
        EventListener("mailer", settings.broker_url, topology, store, handlers),
        mail_worker(broker, settings, office),
        office.profiles,
        *_bounce_inbox(settings, store),
    ]
    ready = {"store": store.ping, "storage": storage.ping}
    return Service("mailer", settings, operations_port=settings.mailer_operations_port, ready=ready).run(parts)


def post_office(settings: MailerSettings, store: Store, storage: ArtifactStorage, places: Places) -> PostOffice:
    """What every delivery needs; a SettingsError names the setting that is wrong."""
    ledger = Ledger(store)
    profiles = _profiles(settings)
    senders: dict[Channel, Sender] = {
        "email": _post(settings, profiles, storage),
        **dict.fromkeys(get_args(DestinationKind), places),
    }
    return PostOffice(
        ledger=ledger,
        clerk=Clerk(ledger),
        handovers=Handovers(ledger, timedelta(seconds=settings.mailer_lease_seconds), utc_now),
        profiles=profiles,
        senders=senders,
        shares=Shares(lanes(settings)),
        paces=Paces(ledger),
        clock=utc_now,
    )


def _post(settings: MailerSettings, profiles: Profiles, storage: ArtifactStorage) -> Post:
    paths = ReturnPaths(settings.bounce_address, settings.seal_keys)
    allowed = parse_allowed(settings.allowed_domains)
    return Post(profiles, _desk(settings, storage), paths=paths, allowed=allowed)


def _bounce_inbox(settings: MailerSettings, store: Store) -> list[Part]:
    """The part that takes bounces, if there is a port for them."""
    if not settings.bounce_port:
        return []
    if not settings.bounce_address:
        raise SettingsError("PRESSROOM_BOUNCE_PORT needs PRESSROOM_BOUNCE_ADDRESS, to which the bounces come.")
    # The server takes memory and time to import, and most mailers do without.
    from services.mailer.bounce_inbox import BounceInbox

    paths = ReturnPaths(settings.bounce_address, settings.seal_keys)
    return [BounceInbox(paths, store, settings.bounce_host, settings.bounce_port, utc_now)]


def _places(settings: MailerSettings, storage: ArtifactStorage) -> Places:
    networks, trusted = Networks(settings.mailer_allowed_networks), tls_context("")
    return Places(
        desk=_desk(settings, storage),
        outgoing=Outgoing(networks, trusted, timeout_seconds=settings.mailer_outgoing_timeout_seconds),
        opened=Sealer(settings.seal_keys).open,
        drop_folder=Path(settings.mailer_drop_folder),
        clock=utc_now,
    )


def _desk(settings: MailerSettings, storage: ArtifactStorage) -> Desk:
    return Desk(
        storage=storage,
        seal_keys=settings.seal_keys,
        public_url=settings.public_url,
        link_days=settings.link_days,
        max_megabytes=settings.mailer_max_megabytes,
    )


def _profiles(settings: MailerSettings) -> Profiles:
    try:
        sender = parse_mailbox(settings.mail_from)
    except PermanentFailure as failure:
        raise SettingsError(f"PRESSROOM_MAIL_FROM is wrong: {failure}") from failure
    return Profiles(
        parse_server(settings.smtp_url),
        tls_context(settings.smtp_ca_file),
        sender,
        opened=Sealer(settings.seal_keys).open,
        timeouts=Timeouts(command=settings.smtp_timeout_seconds, data=settings.smtp_data_timeout_seconds),
        client_name=settings.smtp_client_name or socket.getfqdn(),
    )


if __name__ == "__main__":
    main(run)
