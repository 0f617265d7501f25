"""What is shown of a destination: never its secrets."""

from __future__ import annotations

from typing import cast

from libs.common.delivering import DestinationKind
from services.api.schemas.destinations import DestinationView
from services.api.tables import DestinationRow


def destination_view(row: DestinationRow) -> DestinationView:
    """What may be seen of a destination."""
    return DestinationView(
        id=row.id,
        name=row.name,
        kind=cast("DestinationKind", row.kind),
        url=row.shown,
        has_secret=bool(row.sealed_secret),
        attach=row.attach,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
