"""Packed files hold what was drawn, and open with the password and with no other."""

from __future__ import annotations

import gzip
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pyzipper
from generator_world import World

from libs.common.errors import PermanentFailure
from libs.common.handling import Packing, unprotected
from libs.common.messages import DeliverReport, Query, ReportGenerated, Template
from services.generator.pack import pack
from services.generator.render import Drawing

MADE_AT = datetime(2026, 5, 5, 12, 0, 4, tzinfo=UTC)
FILES = {"sales.csv": b"day,units\r\n" * 5_000, "sales.pdf": b"%PDF-1.7", "überblick.json": b"[]"}


@pytest.fixture
def drawings(tmp_path: Path) -> list[Drawing]:
    drawn = []
    for number, (name, content) in enumerate(FILES.items()):
        (tmp_path / name).write_bytes(content)
        kind: Any = name.rpartition(".")[2]
        drawn.append(
            Drawing(path=tmp_path / name, format=kind, media_type="text/plain", rows=number, notes=(f"About {kind}.",))
        )
    return drawn


def test_nothing_is_packed_unless_it_is_asked_for(drawings: list[Drawing], tmp_path: Path) -> None:
    assert pack(drawings, Packing(), "", tmp_path / "s.zip", MADE_AT) == drawings


def test_a_zip_holds_every_file(drawings: list[Drawing], tmp_path: Path) -> None:
    (packed,) = pack(drawings, Packing(pack="zip"), "", tmp_path / "s.zip", MADE_AT)
    assert (packed.path, packed.format, packed.media_type, packed.rows) == (
        tmp_path / "s.zip",
        "zip",
        "application/zip",
        2,
    )
    assert packed.notes == ("About csv.", "About pdf.", "About json.")
    with zipfile.ZipFile(packed.path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
        assert archive.infolist()[0].date_time == (2026, 5, 5, 12, 0, 4)
    assert packed.path.stat().st_size < 2_000  # text is compressed
    assert [path.name for path in tmp_path.iterdir()] == ["s.zip"]  # what is packed makes room


def test_a_zip_with_a_password_opens_with_it_alone(drawings: list[Drawing], tmp_path: Path) -> None:
    (packed,) = pack(drawings, Packing(pack="zip"), "geheim-ä", tmp_path / "s.zip", MADE_AT)
    assert b"day,units" not in packed.path.read_bytes()
    with pyzipper.AESZipFile(packed.path) as archive:
        archive.setpassword("geheim-ä".encode())
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
        archive.setpassword(b"wrong")
        with pytest.raises(RuntimeError, match="Bad password"):
            archive.read("sales.csv")


def test_gzip_packs_text_by_itself_and_leaves_the_rest(drawings: list[Drawing], tmp_path: Path) -> None:
    csv, pdf, json = pack(drawings, Packing(pack="gzip"), "", tmp_path / "s.zip", MADE_AT)
    assert (csv.path.name, csv.format, csv.media_type, csv.rows) == ("sales.csv.gz", "csv", "application/gzip", 0)
    assert (pdf, json.path.name) == (drawings[1], "überblick.json.gz")
    assert gzip.decompress(csv.path.read_bytes()) == FILES["sales.csv"]
    again = tmp_path / "again"
    again.mkdir()
    (again / "sales.csv").write_bytes(FILES["sales.csv"])
    drawing = Drawing(path=again / "sales.csv", format="csv", media_type="text/csv", rows=0)
    (same,) = pack([drawing], Packing(pack="gzip"), "", tmp_path / "s.zip", datetime(2030, 1, 1, tzinfo=UTC))
    assert same.path.read_bytes() == csv.path.read_bytes()


def test_formats_that_cannot_have_a_password_are_known() -> None:
    assert unprotected(("csv", "xlsx", "pdf", "csv", "parquet")) == ["csv", "parquet"]


def test_a_packed_report_goes_the_whole_way(world: World) -> None:
    """The archive is the artifact, and a letter can carry it."""
    packing = Packing(pack="zip", sealed_password=world.sealer.seal("open sesame"))
    world.generate(world.command(template=_template(packing)))
    _, generated, delivery, *_ = world.said()
    assert isinstance(generated, ReportGenerated)
    (artifact,) = generated.artifacts
    assert (artifact.filename, artifact.format, artifact.rows) == ("sales-2026-05-05.zip", "zip", 2)
    (world.folder / "s.zip").write_bytes(world.storage.read(artifact.key))
    with pyzipper.AESZipFile(world.folder / "s.zip") as archive:
        archive.setpassword(b"open sesame")
        assert archive.namelist() == [f"sales-2026-05-05.{kind}" for kind in ("xlsx", "csv", "pdf")]
        assert b"2026-05-01,3" in archive.read("sales-2026-05-05.csv")
    assert isinstance(delivery, DeliverReport)
    assert delivery.artifacts == generated.artifacts


def test_a_password_that_a_format_cannot_have_is_a_permanent_failure(world: World) -> None:
    packing = Packing(sealed_password=world.sealer.seal("open sesame"))
    with pytest.raises(PermanentFailure, match="has a password, and csv cannot have one; pack the files as zip"):
        world.generate(world.command(template=_template(packing)))


def _template(packing: Packing) -> Template:
    query = Query(name="All", sql="SELECT * FROM sales")
    return Template(template_id=UUID(int=1), slug="sales", title="Sales", queries=(query,), packing=packing)
