"""What a request works with; assembled once, in __main__ or by a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from libs.common.clock import Clock
from libs.common.operations import Check, Health
from libs.common.sealing import Sealer
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from services.api.settings import ApiSettings


@dataclass(frozen=True)
class Platform:
    """The store, the keys, the files and the clock."""

    settings: ApiSettings
    records: Store
    sealer: Sealer
    artifacts: ArtifactStorage
    health: Health
    clock: Clock

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.clock()


def readiness(records: Store, artifacts: ArtifactStorage) -> Mapping[str, Check]:
    """What the api needs beside the broker."""
    return {"records": records.ping, "artifacts": artifacts.ping}
