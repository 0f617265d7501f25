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
from services.api.listener import HANDLERS
from services.api.people import create_token, keep_admin_token
from services.api.platform import Platform, readiness
from services.api.reconcile import Reconciler
from services.api.server import WebServer
from services.api.settings import ApiSettings


def run() -> int:
    """Do what the command line asks for; the exit code of the process."""
    arguments = _arguments()
    settings = load(ApiSettings, os.environ)
    records = Store(settings.api_store_url)
    migrate(records, "services.api.migrations")
    if arguments.command == "create-token":
        sys.stdout.write(f"{create_token(records, arguments.name, utc_now())}\n")
        return 0
    return serve(settings, records)


def serve(settings: ApiSettings, records: Store) -> int:
    """Answer requests until asked to stop. Without the broker, what they order waits in the outbox."""
    configure("api", settings.log_level)
    if settings.admin_token:
        keep_admin_token(records, settings.admin_token, utc_now())
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
            WebServer(make_app(platform), settings.api_host, settings.api_port),
        ]
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services.api", description="The api of Pressroom.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("serve", help="answer requests (the default)")
    token = commands.add_parser("create-token", help="print a new bearer token; it is shown only once")
    token.add_argument("--name", required=True, help="the user it belongs to, who is created if needed")
    return parser.parse_args()


if __name__ == "__main__":
    main(run)
