from __future__ import annotations

import io
import zipfile
from pathlib import Path

import msoffcrypto
import pytest
from generator_content import kept
from msoffcrypto.exceptions import InvalidKeyError
from openpyxl import load_workbook
from xlsx_books import drawn

from libs.common.errors import PermanentFailure
from services.generator.render.xlsx import password


def test_a_protected_workbook_opens_with_its_password_only(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["a"], [("secret text",)])
    path = drawn(tmp_path, [answer], password="correct horse ✓").path
    assert not zipfile.is_zipfile(path)
    assert b"secret text" not in path.read_bytes()
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [path.name]
    with path.open("rb") as file:
        office = msoffcrypto.OfficeFile(file)
        with pytest.raises(InvalidKeyError):
            office.load_key(password="wrong", verify_password=True)
        office.load_key(password="correct horse ✓", verify_password=True)
        plain = io.BytesIO()
        office.decrypt(plain, verify_integrity=True)
    assert load_workbook(plain).worksheets[0]["A2"].value == "secret text"


def test_a_workbook_too_large_for_a_password_is_a_permanent_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password, "MAX_BYTES", 1_000)
    with pytest.raises(PermanentFailure, match="pack it as a zip"):
        drawn(tmp_path, [kept(tmp_path, ["a"], [(1,)])], password="x")
