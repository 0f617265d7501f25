"""A parcel in words and plain columns, for chats that know neither HTML nor tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from libs.common.delivering import Figure, Preview
from libs.common.zones import zone_of
from services.mailer.channels.parcel import Parcel, ParcelFile
from services.mailer.headers import one_line

WIDEST_CELL = 24
_MOST_WIDTH = 100

TEST = "This is a test; nobody else gets it."


def lead_of(parcel: Parcel) -> Iterator[str]:
    """What comes before the figures: whether it is a test, what it is about, and for when."""
    if parcel.kind == "test":
        yield TEST
    yield from parcel.paragraphs
    if parcel.kind == "report":
        yield f"For {moment(parcel.scheduled_for or parcel.made_at, parcel.timezone)}"


def figure_words(figure: Figure) -> str:
    """`10.204,50 € (+12 %)`."""
    return f"{one_line(figure.value)} ({one_line(figure.change)})" if figure.change else one_line(figure.value)


def file_words(file: ParcelFile) -> str:
    """`sales.xlsx (12 rows, 6.0 KB)`."""
    return f"{file.filename} ({file.details})"


def expiry_of(parcel: Parcel) -> str:
    """A sentence about the links; empty if there is none, or if they do not expire."""
    if parcel.expires_at is None or not any(file.url for file in parcel.files):
        return ""
    return f"The links work until {moment(parcel.expires_at, parcel.timezone)}."


def table_of(preview: Preview, most_characters: int) -> str:
    """The preview in columns of the same width, cut to whole rows; empty if not even one fits."""
    rows = [[column.label for column in preview.columns], *preview.rows]
    cells = [[_cell(text) for text in row] for row in rows]
    widths = [max(len(row[index]) for row in cells) for index in range(len(preview.columns))]
    while widths and sum(widths) + 2 * len(widths) > _MOST_WIDTH:
        widths.pop()
    lines = [_line(row, widths, preview) for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    while len(lines) > 2 and sum(len(line) + 1 for line in lines) > most_characters:
        lines.pop()
    return "\n".join(lines) if len(lines) > 2 else ""


def rest_of(preview: Preview) -> str:
    """What the preview leaves out, in words; empty if nothing."""
    if preview.total_rows > len(preview.rows):
        return f"The first {len(preview.rows):,} of {preview.total_rows:,} rows."
    return ""


def text_of(parcel: Parcel, most_characters: int) -> str:
    """All of it as one text, for chats of any kind; what would be too long is cut where it matters least."""
    blocks = [
        *lead_of(parcel),
        "\n".join(f"{label}: {value}" for label, value in parcel.facts),
        "\n".join(f"{one_line(figure.label)}: {figure_words(figure)}" for figure in parcel.figures),
        "\n".join(f"• {file_words(file)}" + (f"\n  {file.url}" if file.url else "") for file in parcel.files),
        expiry_of(parcel),
        "\n".join(f"{words}: {url}" for words, url in parcel.links),
        "\n".join(f"Please note: {note}" for note in parcel.notes),
    ]
    text = "\n\n".join(block for block in blocks if block)
    if parcel.preview is not None:
        room = most_characters - len(text) - 100
        table = table_of(parcel.preview, room) if room > 0 else ""
        text = "\n\n".join(filter(None, (text, one_line(parcel.preview.title) if table else "", table)))
    return text if len(text) <= most_characters else text[: most_characters - 1] + "…"


def moment(instant: datetime, timezone: str) -> str:
    """`2 March 2026, 08:00 Europe/Vienna`."""
    local = instant.astimezone(zone_of(timezone))
    return f"{local.day} {local:%B %Y}, {local:%H:%M} {local.tzinfo}"


def _cell(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 1] + "…"


def _line(row: Sequence[str], widths: Sequence[int], preview: Preview) -> str:
    columns = zip(row, widths, preview.columns, strict=False)
    cells = [f"{text:>{width}}" if column.numeric else f"{text:<{width}}" for text, width, column in columns]
    return "  ".join(cells).rstrip()
