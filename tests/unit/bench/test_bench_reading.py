"""What the benchmarks read from the system and write into the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from bench.generator.__main__ import PARTS
from bench.generator.baselines import BASELINES, narrow
from bench.generator.small import Throughput, shown
from bench.house import parse_letters, parse_metric
from bench.processes import cpu_seconds, descendants, parse_stat, peak_megabytes
from bench.results import PAGE, replaced, table
from bench.tables import LARGE_ROWS

METRICS = """# HELP heard_total Events.
# TYPE heard_total counter
heard_total{event="sent.v1",outcome="handled"} 3.0
heard_total{event="sent.v1",outcome="repeated"} 1.0
heard_total{event="started.v1",outcome="handled"} 5.0
heard_total_created{event="sent.v1",outcome="handled"} 99.0
depth 7.0
"""


def test_a_process_is_read_whatever_its_name_is() -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    usage = parse_stat("42 (a) b (c) S 7 42 42 0 -1 4194560 9 9 0 0 100 20 30 4 20 0 1 0 5 6 7")
    assert (usage.pid, usage.parent, usage.cpu_seconds * ticks) == (42, 7, 154)


def test_the_time_of_children_counts_while_they_run_and_when_they_have_ended() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert child.pid in descendants(os.getpid())
        assert cpu_seconds(child.pid) >= 0.25
        assert 1 < peak_megabytes(child.pid) < 1000
        running = cpu_seconds(os.getpid())
        child.communicate(b"\n")
    assert cpu_seconds(os.getpid()) >= running
    assert peak_megabytes(child.pid) == 0


def test_a_line_of_the_sink_that_is_not_whole_yet_is_left_for_later() -> None:
    assert parse_letters("1.5 a@example.org 100\n2.25 b@example.org 70\n3.1 c@exa") == [
        (1.5, "a@example.org"),
        (2.25, "b@example.org"),
    ]


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("heard_total", {"event": "sent.v1", "outcome": "handled"}, 3.0),
        ("heard_total", {"event": "sent.v1"}, 4.0),
        ("heard_total", {}, 9.0),
        ("depth", {}, 7.0),
        ("nothing", {}, 0.0),
    ],
)
def test_a_metric_is_summed_over_its_lines(name: str, labels: dict[str, str], expected: float) -> None:
    assert parse_metric(METRICS, name, labels) == expected


def test_processor_time_per_report_leaves_out_who_orders_and_who_receives() -> None:
    ours = Throughput(count=10, seconds=2.0, cpu_seconds={"api": 0.1, "generator": 0.3, "sink": 5.0, "orders": 7.0})
    theirs = Throughput(count=10, seconds=4.0, cpu_seconds={"celery": 0.8, "sink": 5.0, "orders": 7.0})
    assert (ours.per_second, ours.cpu_milliseconds("api"), ours.cpu_milliseconds("celery")) == (5.0, 10.0, 0.0)
    assert ours.total_milliseconds == pytest.approx(40.0)
    page = shown(ours, theirs)
    assert "2.00 times as many a second" in page
    assert "| **all of these** | **40.0** | **80.0** |" in page


def test_figures_replace_those_of_the_same_part_only() -> None:
    page = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n<!-- y: begin -->\nkept\n<!-- y: end -->\n"
    assert replaced(page, "x", "new") == page.replace("old", "new")
    with pytest.raises(LookupError, match="no place for z"):
        replaced(page, "z", "new")


def test_the_page_has_a_place_for_every_part() -> None:
    page = PAGE.read_text()
    for part in PARTS:
        assert replaced(page, f"generator {part}", table(["a", "b"], [[1, 2]])) != page
        assert f"`{part}`" in page


def test_the_baselines_read_the_columns_that_our_reports_do() -> None:
    assert set(BASELINES) == {"copy", "openpyxl", "platypus"}
    assert len(re.findall(r"\w+", narrow(5).partition(" FROM ")[0])) - 1 == 8
    assert LARGE_ROWS == 1_000_000
