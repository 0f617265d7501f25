from __future__ import annotations

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generator_content import kept, quiet, report

from libs.common.look import CsvDialect
from services.generator.render.delimited import draw_csv


def drawn(
    tmp_path: Path, names: list[str], rows: list[tuple[object, ...]], **dialect: Any
) -> tuple[bytes, tuple[str, ...]]:
    csv = CsvDialect(**{"bom": False, **dialect})
    (drawing,) = draw_csv(report(kept(tmp_path, names, rows), csv=csv), tmp_path, quiet)
    return drawing.path.read_bytes(), drawing.notes


def test_a_csv_is_utf_8_with_crlf(tmp_path: Path) -> None:
    content, notes = drawn(tmp_path, ["Größe", "n"], [("Ω", 1), (None, None)])
    assert content == "Größe,n\r\nΩ,1\r\n,\r\n".encode()
    assert notes == ()


def test_any_text_comes_back_as_it_was(tmp_path: Path) -> None:
    texts = ['say "hi"', "a,b", "two\nlines", "two\r\nlines", " edge ", "", "'quoted'", "-5", "+43 1 234", "-", "1,5 %"]
    content, notes = drawn(tmp_path, ["text", "n"], [(text, 1) for text in texts])
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines(keepends=True)))
    assert [row[0] for row in rows[1:]] == texts
    assert notes == ()


def test_null_and_empty_text_differ(tmp_path: Path) -> None:
    content, _ = drawn(tmp_path, ["a", "b"], [(None, ""), ("", None)])
    assert content.endswith(b'a,b\r\n,""\r\n"",\r\n')


def test_an_only_column_loses_no_line(tmp_path: Path) -> None:
    content, _ = drawn(tmp_path, ["a"], [("x",), (None,), ("y",)])
    assert [row[0] for row in csv.reader(content.decode("utf-8-sig").splitlines())] == ["a", "x", "", "y"]


def test_values_are_exact(tmp_path: Path) -> None:
    row = (Decimal("99999999999999999999.90"), 2**63 - 1, 0.1 + 0.2, datetime(2013, 1, 1, 5, tzinfo=UTC), True, b"\xff")
    content, _ = drawn(tmp_path, ["n", "i", "f", "at", "ok", "raw"], [row])
    heading, line, _ = content.decode("utf-8-sig").split("\r\n")
    assert heading == "n,i,f,at (UTC),ok,raw"
    exact = "99999999999999999999.90,9223372036854775807,0.30000000000000004,2013-01-01 05:00:00+00:00,true,ff"
    assert line == exact


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+A1", "-A1", "-2+3", "\t=1", "\r=1", "=", "-1|cmd", "-1\n=x", '=HYPERLINK("x","y")']
)
def test_text_like_a_formula_cannot_run(text: str, tmp_path: Path) -> None:
    content, notes = drawn(tmp_path, ["a", "b"], [(text, -1)])
    (row,) = list(csv.reader(content.decode("utf-8-sig").splitlines(keepends=True)))[1:]
    assert row == ["'" + text, "-1"]
    what = "1 text that looks like a formula has an apostrophe in front, so that no program runs it."
    assert notes == (f"delays-2026-11-23.csv: {what}",)


def test_a_heading_like_a_formula_cannot_run(tmp_path: Path) -> None:
    content, _ = drawn(tmp_path, ["=1+1", "ok"], [])
    assert content.decode("utf-8-sig") == "'=1+1,ok\r\n"


def test_each_query_has_a_file_of_its_own(tmp_path: Path) -> None:
    names = ["Größte Verspätung", "By carrier / month", "by carrier month", "東京", "東京"]
    answers = [kept(tmp_path, ["a"], [(1,)] * number, name=name) for number, name in enumerate(names, 1)]
    drawings = draw_csv(report(*answers), tmp_path, quiet)
    assert [drawing.path.name for drawing in drawings] == [
        "delays-grote-verspatung-2026-11-23.csv",
        "delays-by-carrier-month-2026-11-23.csv",
        "delays-by-carrier-month-2-2026-11-23.csv",
        "delays-query-4-2026-11-23.csv",
        "delays-query-5-2026-11-23.csv",
    ]
    assert [drawing.rows for drawing in drawings] == [1, 2, 3, 4, 5]


def test_progress_counts_the_rows_of_all_files(tmp_path: Path) -> None:
    heard: list[int] = []
    answers = [kept(tmp_path, ["a"], [(1,)] * 3, name=name) for name in ("one", "two")]
    draw_csv(report(*answers), tmp_path, heard.append)
    assert heard == [3, 6]


ROW = ("Ω;a", Decimal("-1.50"), None, "", 'say "x"', True)


@pytest.mark.parametrize(
    ("dialect", "wanted"),
    [
        ({}, 'Ω;a,-1.50,,"","say ""x""",true\r\n'),
        ({"delimiter": ";"}, '"Ω;a";-1.50;;"";"say ""x""";true\r\n'),
        ({"delimiter": "\t"}, 'Ω;a\t-1.50\t\t""\t"say ""x"""\ttrue\r\n'),
        ({"delimiter": ";", "decimal": ","}, '"Ω;a";-1,50;;"";"say ""x""";true\r\n'),
        ({"decimal": ","}, 'Ω;a,"-1,50",,"","say ""x""",true\r\n'),
        ({"quoting": "all"}, '"Ω;a","-1.50",,"","say ""x""","true"\r\n'),
        ({"null": "NULL"}, 'Ω;a,-1.50,NULL,"","say ""x""",true\r\n'),
        ({"null": "Ω;a"}, '"Ω;a",-1.50,Ω;a,"","say ""x""",true\r\n'),
    ],
)
def test_a_dialect_is_kept(dialect: dict[str, Any], wanted: str, tmp_path: Path) -> None:
    content, notes = drawn(tmp_path, list("abcdef"), [ROW], header=False, **dialect)
    assert content.decode() == wanted
    assert notes == ()


@pytest.mark.parametrize(
    ("dialect", "wanted"),
    [
        ({"bom": CsvDialect().bom}, b"\xef\xbb\xbf\xce\xa9\r\n"),  # as Excel needs it, if nothing is said
        ({"encoding": "utf-16"}, b"\xff\xfe\xa9\x03\r\0\n\0"),
        ({"encoding": "windows-1252", "bom": True}, b"?\r\n"),
    ],
)
def test_an_encoding_is_kept(dialect: dict[str, Any], wanted: bytes, tmp_path: Path) -> None:
    assert drawn(tmp_path, ["a"], [("Ω",)], header=False, **dialect)[0] == wanted


def test_characters_that_an_encoding_lacks_are_counted(tmp_path: Path) -> None:
    content, notes = drawn(tmp_path, ["Ω"], [("ΩΩ €",), ("ö]^-",)], encoding="windows-1252")
    assert content == "?\r\n?? €\r\nö]^-\r\n".encode("windows-1252")
    what = "3 characters are not in windows-1252 and written as ?; UTF-8 would keep them."
    assert notes == (f"delays-2026-11-23.csv: {what}",)


def test_a_template_may_do_without_the_guard(tmp_path: Path) -> None:
    assert drawn(tmp_path, ["a"], [("=1",)], guard=False) == (b"a\r\n=1\r\n", ())
