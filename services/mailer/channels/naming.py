"""What the files of a parcel are called in a folder."""

from __future__ import annotations

from collections.abc import Sequence

from libs.common.drops import named_after
from libs.common.errors import PermanentFailure
from libs.common.zones import zone_of
from services.mailer.answers import Answer
from services.mailer.channels.consignment import Consignment
from services.mailer.channels.parcel import Parcel
from services.mailer.senders import Receipt


def names_in(consignment: Consignment) -> list[str]:
    """A name for each file in the folder of a destination; a PermanentFailure if there are no files."""
    names = names_of(consignment.parcel, consignment.place.names)
    if not names:
        raise PermanentFailure(f"{consignment} takes files, and there are none to bring.")
    return names


def receipt_of(consignment: Consignment, names: Sequence[str]) -> Receipt:
    """The files are there, under these names."""
    words = f"{len(names)} file{'' if len(names) == 1 else 's'} written: {', '.join(names)}"
    return Receipt(answer=Answer(0, consignment.clean(words)), form="files", bytes=consignment.parcel.size_bytes)


def names_of(parcel: Parcel, pattern: str) -> list[str]:
    """A name for each file, the same at every attempt: doing it again overwrites and adds nothing.

    The day is that for which the report is due, on the calendar of its zone; the time that of its making.
    """
    zone = zone_of(parcel.timezone)
    day = (parcel.scheduled_for or parcel.made_at).astimezone(zone)
    facts = {
        "slug": parcel.report_type or parcel.kind,
        "date": day.date().isoformat(),
        "year": f"{day:%Y}",
        "month": f"{day:%m}",
        "day": f"{day:%d}",
        "time": f"{parcel.made_at.astimezone(zone):%H%M%S}",
        "report_id": str(parcel.report_id or parcel.id),
    }
    names = [named_after(pattern, {**facts, "format": file.format, "filename": file.filename}) for file in parcel.files]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise PermanentFailure(f"Two files of the report would both be called {twice} there.")
    return names
