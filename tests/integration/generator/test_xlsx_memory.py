"""Memory while a workbook is written, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

DRAW = """
import resource, sys
from datetime import UTC, date, datetime
from pathlib import Path
import pyarrow as pa
from services.generator.answers import keep
from services.generator.parts import resolve
from services.generator.render import Report
from services.generator.render.xlsx import draw_xlsx

class Rows:
    cut = None
    def __init__(self, count):
        self.count = count
    def __iter__(self):
        numbers = pa.array(range(10_000), pa.int64())
        words = pa.array([f"a text & some more of it {number * 7919}" for number in range(10_000)])
        for _ in range(self.count // 10_000):
            yield pa.RecordBatch.from_arrays([numbers, words] * 4, names=[f"c{index}" for index in range(8)])

def peak(count, folder):
    folder.mkdir()
    answer = keep("Rows", Rows(count), folder, lambda rows: None)
    report = Report(
        slug=str(count), title="T", description="", source="s", parameters=(), made_at=datetime(2026, 1, 1, tzinfo=UTC),
        day=date(2026, 1, 1), answers=(answer,), parts=resolve((), (answer,), folder),
    )
    draw_xlsx(report, folder, lambda rows: None)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

folder = Path(sys.argv[1])
few = peak(20_000, folder / "few")
print(few, peak(300_000, folder / "many"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has another unit elsewhere")
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    told = subprocess.run([sys.executable, "-c", DRAW, str(tmp_path)], check=True, capture_output=True, text=True)
    few, many = map(int, told.stdout.split())
    (path,) = (tmp_path / "many").glob("*.xlsx")
    with zipfile.ZipFile(path) as package:
        size = package.getinfo("xl/worksheets/sheet1.xml").file_size // 1_000_000
    assert size > 150, "megabytes of XML, so that a writer that keeps them is seen"
    assert many < few + 50, f"{few} MB for 20,000 rows, {many} MB for 300,000"
