"""Deletes files whose time is over, and tells which; takes old reports out of the journal."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import PurePosixPath

from libs.common.clock import Clock
from libs.common.handlers import Attempt
from libs.common.loop import Loop
from libs.common.messages import ArtifactsExpired, DeleteExpired
from libs.common.outbox import Outbox
from libs.common.storage import ArtifactStorage
from services.generator import keeping
from services.generator.burst import bursts
from services.generator.held import let_go
from services.generator.journal import REMEMBERED, Journal
from services.generator.keeping import Expired
from services.generator.release import EXPIRED, expired_in_waiting
from services.generator.workshop import Workshop

log = logging.getLogger(__name__)

CLEAN_EVERY_SECONDS = 3600.0
BATCH_REPORTS = 100
FORGET_AT_ONCE = 1_000


def delete_expired(_command: DeleteExpired, _attempt: Attempt, workshop: Workshop) -> None:
    """Delete all files whose time is over. TransientFailure if the journal or the storage is away."""
    storage = ArtifactStorage(workshop.artifacts_url)
    while clean(workshop.journal, storage, workshop.clock):
        pass


class Cleaning(Loop):
    """Does the same soon after the start and every hour. Several generators do not disturb each other."""

    def __init__(self, journal: Journal, storage: ArtifactStorage, clock: Clock) -> None:
        super().__init__("cleaning", lambda: clean(journal, storage, clock), CLEAN_EVERY_SECONDS)


def clean(journal: Journal, storage: ArtifactStorage, clock: Clock) -> bool:
    """Clean up a batch; True if there is more to do.

    The files go between two transactions: the first keeps other reports from reusing them, the second tells that they
    are gone. Whoever dies in between has told nothing, and the next one begins at the second again.
    """
    now = clock()
    with journal.begin() as session:
        expired = keeping.due(session, now, BATCH_REPORTS)
        forgotten = keeping.forget(session, now - REMEMBERED, FORGET_AT_ONCE)
        bursts.forget(session, now - REMEMBERED)
    for one in expired:
        _delete(one, storage)
    if expired:
        _tell(expired, journal, clock)
    return len(expired) == BATCH_REPORTS or forgotten == FORGET_AT_ONCE


def _delete(expired: Expired, storage: ArtifactStorage) -> None:
    """With what attempts that died have left behind beside the files of the one that did not."""
    if not expired.are_its_own:
        return
    folders = {PurePosixPath(key).parent.parent for key in expired.keys}
    for folder in sorted(folder for folder in folders if folder.name == str(expired.report_id)):
        storage.delete_under(str(folder))


def _tell(expired: Sequence[Expired], journal: Journal, clock: Clock) -> None:
    now = clock()
    with journal.begin() as session:
        marked = keeping.mark_deleted(session, [one.report_id for one in expired])
        outbox = Outbox(session, now)
        for one in expired:
            if one.report_id in marked:
                outbox.add(ArtifactsExpired(at=now, report_id=one.report_id, keys=one.keys))
        bursts.expire(session, marked, now)
        for report_id, attempt in keeping.fail_held(session, marked, EXPIRED, now).items():
            let_go(session, report_id)
            outbox.add(expired_in_waiting(report_id, attempt, now))
    log.info("expired files were deleted", extra={"reports": len(marked)})
