"""Starts the api: `python -m services.api`. A token for somebody: `python -m services.api create-token --name NAME`."""

from __future__ import annotations

import argparse
import os
import sys

from libs.common.clock import utc_now
from libs.common.events import EventListener
from libs.common.logs import configure
from libs.common.migrations import migrate
from libs.common.relay import Relay
from libs.common.sealing import Sealer
from libs.common.service import Service, main
from libs.common.settings import load
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from libs.common.topology import Topology
from services.api.app import make_app
from services.api.dead_letters.collector import DeadLetterCollector
from services.api.listener import HANDLERS
from services.api.notices.dead_letters import tell_of_dead_letter
from services.api.notices.desk import NoticeDesk
from services.api.people import create_token, keep_admin_token
from services.api.platform import Platform, readiness
from services.api.reconcile import Reconciler
from services.api.reseal import reseal
from services.api.server import WebServer
from services.api.settings import ApiSettings


def run() -> int:
    """Do what the command line asks for; the exit code of the process."""
    arguments = _arguments()
    settings = load(ApiSettings, os.environ)
    records = Store(settings.api_store_url)
    migrate(records, "services.api.migrations")
    if arguments.command == "create-token":
        sys.stdout.write(f"{create_token(records, arguments.name, utc_now(), arguments.email)}\n")
        return 0
    if arguments.command == "reseal":
        done = reseal(records, Sealer(settings.seal_keys))
        sys.stdout.write(f"{done.secrets} secrets are sealed with the first key; {done.schedules} schedules follow.\n")
        return 0
    return serve(settings, records)


def serve(settings: ApiSettings, records: Store) -> int:
    """Answer requests until asked to stop. Without the broker, what they order waits in the outbox."""
    configure("api", settings.log_level)
    if settings.admin_token:
        keep_admin_token(records, settings.admin_token, utc_now(), settings.admin_email)
    sealer, artifacts = Sealer(settings.seal_keys), ArtifactStorage(settings.artifacts_url)
    checks = readiness(records, artifacts)
    service = Service("api", settings, operations_port=settings.api_operations_port, ready=checks)
    platform = Platform(settings, records, sealer, artifacts, service.health, utc_now)

    broker, topology = settings.broker_url, Topology(settings.queue_type)
    return service.run(
        [
            Relay("api", records, broker, topology),
            EventListener("api", broker, topology, records, HANDLERS),
            Reconciler(platform),
            NoticeDesk(platform),
            DeadLetterCollector(platform, topology, tell_of_dead_letter),
            WebServer(make_app(platform), settings.api_host, settings.api_port),
        ]
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services.api", description="The api of Pressroom.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("serve", help="answer requests (the default)")
    commands.add_parser("reseal", help="seal every secret with the first of PRESSROOM_SEAL_KEYS again")
    token = commands.add_parser("create-token", help="print a new bearer token; it is shown only once")
    token.add_argument("--name", required=True, help="the user it belongs to, who is created if needed")
    token.add_argument("--email", default="", help="where letters reach them, such as tests and notices")
    return parser.parse_args()


if __name__ == "__main__":
    main(run)
