"""Brings reports to places that are no mailboxes: opens the destination, and hands over to the channel of its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from libs.common.clock import Clock
from libs.common.delivering import Destination
from libs.common.destinations import read_place
from libs.common.errors import PermanentFailure
from services.mailer.channels.chat import send_chat
from services.mailer.channels.consignment import Consignment
from services.mailer.channels.folder import send_to_folder
from services.mailer.channels.message import send_message
from services.mailer.channels.parcel import Parcel, parcel_of, parcel_of_notice
from services.mailer.channels.slack import slack_message
from services.mailer.channels.teams import teams_message
from services.mailer.channels.webhook import send_webhook
from services.mailer.desk import Desk
from services.mailer.outgoing import Outgoing
from services.mailer.senders import BeforeFinal, Errand, Receipt


@dataclass(frozen=True, kw_only=True)
class Places:
    """The sender of every channel but e-mail. `drop_folder` is the folder that all folders must be in."""

    desk: Desk
    outgoing: Outgoing
    opened: Callable[[str], str]
    drop_folder: Path
    clock: Clock

    async def send(self, errand: Errand, before_final: BeforeFinal) -> Receipt:
        """Make one attempt at a delivery."""
        destination = errand.command.destination
        if destination is None:
            raise PermanentFailure("The delivery does not say to which destination it goes.")
        if errand.notice is not None:
            parcel = parcel_of_notice(errand.notice)
        else:
            parcel = parcel_of(errand.command, self.desk, errand.written_at)
        return await self.bring(parcel, destination, before_final)

    async def bring(self, parcel: Parcel, destination: Destination, before_final: BeforeFinal) -> Receipt:
        """Bring any parcel to a destination; raises as senders do (see senders.py)."""
        consignment = self._opened(parcel, destination)
        match destination.kind:
            case "webhook":
                return await send_webhook(consignment, self.outgoing, self.clock(), before_final)
            case "slack":
                return await send_message(consignment, slack_message, self.outgoing, before_final)
            case "teams":
                return await send_message(consignment, teams_message, self.outgoing, before_final)
            case "chat":
                return await send_chat(consignment, self.outgoing, before_final)
            case "folder":
                return await send_to_folder(consignment, self.outgoing, self.drop_folder, before_final)
            case "sftp":
                # Whoever has no SFTP server should not wait for its library.
                from services.mailer.channels.sftp import send_over_sftp

                return await send_over_sftp(consignment, self.outgoing, before_final)

    def _opened(self, parcel: Parcel, destination: Destination) -> Consignment:
        url = self.opened(destination.sealed_url)
        secret = self.opened(destination.sealed_secret) if destination.sealed_secret else ""
        try:
            place = read_place(destination.kind, url, self.outgoing.networks)
        except ValueError as error:
            # Saved when other networks were allowed, or by another release.
            raise PermanentFailure(f"The URL of the destination {destination.name} {error}.") from None
        return Consignment(parcel=parcel, destination=destination, place=place, secret=secret)
