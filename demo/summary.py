"""What the demo has done, for the person who watched it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from rich import box
from rich.table import Table

from demo.cast import WEEKLY
from demo.checks import Checked
from demo.show import Show
from libs.client.answers import Delivery, Schedule


def show_letters(show: Show, checked: Sequence[Checked], weekly: Schedule) -> None:
    """What was sent to whom."""
    count = sum(len(one.letters) for one in checked)
    show.headline(f"{count} letters, each of them exactly once")
    for one in checked:
        formats = ", ".join(artifact.format for artifact in one.finished.report.artifacts)
        show.say(f"  {one.finished.title}: {one.rows:,} rows as {formats}")
        for delivery in one.finished.report.deliveries:
            show.say(f"    {_receipt(delivery)}")
    show.say(f"  {weekly.name}: {weekly.in_words}, next on {_moment(weekly.next_run_at)}")
    for reader in WEEKLY.readers:
        show.say(f"    {reader.address}: not yet")


def show_checks(show: Show, checked: Sequence[Checked]) -> None:
    """What is known of the files."""
    files = sum(len(one.letters) * len(one.finished.report.artifacts) for one in checked)
    cells = sum(one.cells for one in checked)
    show.headline("Checked")
    show.say(f"  {files} attachments have the SHA-256 that the record has of the files.")
    show.say(f"  Excel and CSV files tell what SQLite itself answers to the same SQL, in each of {cells:,} cells.")


def show_times(show: Show, checked: Sequence[Checked], seconds: Mapping[str, float]) -> None:
    """How long everything took."""
    show.headline("How long it took, in seconds")
    show.table(_stages(checked))
    show.say("  " + ", ".join(f"{name} {value:.1f}" for name, value in seconds.items()))


def show_places(show: Show, mail: Path, files: Path) -> None:
    """Where to find what came."""
    show.headline("Have a look")
    show.say(f"  letters   {near(mail)}  (.eml files: any mail program opens them)")
    show.say(f"  files     {near(files)}")


def show_next_steps(show: Show, root: Path, api_url: str, token_file: Path) -> None:
    """What to try next."""
    local = f"{near(Path(sys.executable))} -m libs.local"
    folder = shlex.quote(str(near(root)))
    show.headline("Try next")
    show.say("  This Pressroom again, with its record and its weekly schedule, until you stop it:")
    show.say(f"    {local} up --root {folder}")
    show.say(
        f'    curl -H "Authorization: Bearer $(cat {shlex.quote(str(near(token_file)))})" {api_url}/api/v1/reports/'
    )
    show.say(f"    {local} down --root {folder}")
    show.say("  One of your own, empty, for your databases: make up")
    show.say("  With PostgreSQL, Prometheus and a dashboard in Grafana at http://127.0.0.1:3000:")
    show.say("    make env && docker compose --profile dev --profile monitoring up -d")


def near(path: Path) -> Path:
    """`path` as seen from here, if it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _receipt(delivery: Delivery) -> str:
    if delivery.state == "unknown":
        return f"{delivery.address}: it came, though the record cannot know: {delivery.reason}"
    return f"{delivery.address}: {delivery.answer}"


def _stages(checked: Sequence[Checked]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("  report", no_wrap=True)
    for name in ("wait", "query", "render", "store", "deliver", "total"):
        table.add_column(name, justify="right")
    for one in checked:
        timings = one.finished.report.timings
        stages = (
            timings.waiting_seconds,
            timings.query_seconds,
            timings.render_seconds,
            timings.store_seconds,
            timings.delivery_seconds,
            timings.total_seconds,
        )
        table.add_row(f"  {one.finished.title}", *("" if stage is None else f"{stage:.2f}" for stage in stages))
    return table


def _moment(instant: datetime | None) -> str:
    return f"{instant.day} {instant:%B %Y, %H:%M} UTC" if instant else "never"
