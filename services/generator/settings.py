"""What the generator must know."""

from __future__ import annotations

from typing import Annotated

import msgspec

from libs.common.settings import CommonSettings

_Lanes = Annotated[
    int, msgspec.Meta(ge=0, le=64, description="Reports of this priority made at the same time; 0: none.")
]


class GeneratorSettings(CommonSettings, frozen=True, kw_only=True):
    """What the generator must know besides the broker and the artifact storage."""

    seal_keys: Annotated[
        str, msgspec.Meta(min_length=1, description="Fernet keys, separated by commas, that open the sources' URLs.")
    ]
    generator_store_url: Annotated[
        str,
        msgspec.Meta(min_length=1, description="The journal: sqlite:///path or postgresql://user:password@host/db."),
    ] = "sqlite:///var/journal.sqlite"
    generator_operations_port: Annotated[
        int,
        msgspec.Meta(ge=0, le=65535, description="Port of the generator's /health and /metrics; 0 takes a free one."),
    ] = 9102
    generator_lanes_urgent: _Lanes = 1
    generator_lanes_high: _Lanes = 1
    generator_lanes_normal: _Lanes = 2
    generator_lanes_low: _Lanes = 1
    generator_lanes_maintenance: Annotated[
        int,
        msgspec.Meta(
            ge=0,
            le=16,
            description="Tests of sources, checks of templates and cleaning done at the same time; 0: none.",
        ),
    ] = 2
    generator_min_backoff_seconds: Annotated[
        float,
        msgspec.Meta(gt=0, le=86_400, description="The pause before a report's first retry; it doubles each time."),
    ] = 10.0
    generator_max_backoff_seconds: Annotated[
        float, msgspec.Meta(gt=0, le=86_400, description="The longest pause before a retry of a report.")
    ] = 600.0
    generator_soft_limit_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="A report that takes longer ends at its next step and fails.")
    ] = 1500.0
    generator_hard_limit_seconds: Annotated[
        float,
        msgspec.Meta(
            gt=0,
            le=1740,
            description="A report that takes longer is killed. The broker takes a command back after 30 minutes.",
        ),
    ] = 1740.0
    generator_memory_megabytes: Annotated[
        int, msgspec.Meta(ge=128, description="A report that uses more memory is killed and fails.")
    ] = 1024
    generator_file_megabytes: Annotated[
        int, msgspec.Meta(ge=1, description="No file of a report, finished or temporary, may grow beyond this.")
    ] = 4096
    generator_max_rows: Annotated[
        int, msgspec.Meta(ge=1, description="Rows of each query that are read, whatever its source and template allow.")
    ] = 100_000_000
    generator_reports_per_child: Annotated[
        int, msgspec.Meta(ge=1, description="A rendering process is replaced by a fresh one after this many reports.")
    ] = 100
    generator_scratch_folder: Annotated[
        str, msgspec.Meta(description="Where unfinished files are kept; empty is the system's temporary folder.")
    ] = ""
    generator_burst_window: Annotated[
        int,
        msgspec.Meta(ge=1, le=100_000, description="So many reports of a burst are ordered and not made at a time."),
    ] = 500
    allowed_domains: Annotated[
        str,
        msgspec.Meta(
            description=(
                "Domains to which the reports of a burst may go, separated by commas: example.org, *.example.org for "
                "all below it. Empty: all. The same as those of the mailer."
            )
        ),
    ] = ""
    generator_drop_folder: Annotated[
        str,
        msgspec.Meta(min_length=1, description="Templates drop copies of files only in folders under this one."),
    ] = "var/drop"
