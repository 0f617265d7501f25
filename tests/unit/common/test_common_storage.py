from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from libs.common.errors import PermanentFailure, SettingsError, TransientFailure
from libs.common.storage import CHUNK_BYTES, ArtifactStorage


@pytest.fixture
def storage(tmp_path: Path) -> ArtifactStorage:
    return ArtifactStorage(str(tmp_path / "artifacts"))


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """20 MB, so that storing it takes a while."""
    path = tmp_path / "large.xlsx"
    path.write_bytes(bytes(range(256)) * 80_000)
    return path


def test_a_stored_file_can_be_read_whole_and_in_pieces(storage: ArtifactStorage, large_file: Path) -> None:
    storage.put_file("2026/03/large.xlsx", large_file)
    pieces = list(storage.stream("2026/03/large.xlsx"))
    assert b"".join(pieces) == large_file.read_bytes() == storage.read("2026/03/large.xlsx")
    assert max(len(piece) for piece in pieces) < 4 * CHUNK_BYTES


@pytest.mark.parametrize("name", ["sales.csv", "Umsätze Łódź 表.csv", "a%41#1.csv", "a\u0308.csv"])
@pytest.mark.parametrize("other_disk", [False, True])
def test_a_file_that_is_taken_over_has_its_name_and_content(
    storage: ArtifactStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, other_disk: bool
) -> None:
    if other_disk:
        monkeypatch.setattr(Path, "replace", _not_here)
    for content in (b"first", b"second"):
        path = tmp_path / "made"
        path.write_bytes(content)
        storage.take_file(f"reports/7/{name}", path)
        assert storage.read(f"reports/7/{name}") == content
    storage.delete_under("reports")
    assert not storage.has(f"reports/7/{name}")


def _not_here(*_: object) -> Path:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


@pytest.mark.parametrize("key", ["../out.csv", "a/../out.csv", "/out.csv", "a//b.csv"])
def test_a_file_is_taken_over_only_within_the_storage(storage: ArtifactStorage, tmp_path: Path, key: str) -> None:
    path = tmp_path / "made"
    path.write_bytes(b"it")
    with suppress(PermanentFailure):
        storage.take_file(key, path)
    assert not list(tmp_path.glob("*.csv"))


def test_a_missing_file_is_a_permanent_failure_that_names_it(storage: ArtifactStorage) -> None:
    with pytest.raises(PermanentFailure, match=r"The file gone\.pdf is no longer in the artifact storage"):
        storage.read("gone.pdf")


def test_a_deleted_file_is_gone_and_deleting_it_again_is_fine(storage: ArtifactStorage, large_file: Path) -> None:
    storage.put_file("a.xlsx", large_file)
    storage.delete("a.xlsx")
    storage.delete("a.xlsx")
    with pytest.raises(PermanentFailure):
        storage.read("a.xlsx")


def test_nobody_sees_half_a_file(storage: ArtifactStorage, large_file: Path, tmp_path: Path) -> None:
    path, size = tmp_path / "artifacts" / "a.xlsx", large_file.stat().st_size
    stored = Event()
    sizes: list[int] = []

    def look() -> None:
        while not stored.is_set():
            with suppress(FileNotFoundError):
                sizes.append(path.stat().st_size)

    looker = Thread(target=look)
    looker.start()
    for _ in range(5):
        storage.put_file("a.xlsx", large_file)
        assert storage.read("a.xlsx") == large_file.read_bytes()
        storage.delete("a.xlsx")
    stored.set()
    looker.join()
    assert set(sizes) == {size}


@pytest.mark.parametrize("key", ["../escape", "a/../../b", "a//b"])
def test_no_key_leads_out_of_the_storage(storage: ArtifactStorage, large_file: Path, tmp_path: Path, key: str) -> None:
    with pytest.raises(PermanentFailure, match="cannot be the name of a file"):
        storage.put_file(key, large_file)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["artifacts", "large.xlsx"]


def test_a_folder_that_has_vanished_does_not_answer(storage: ArtifactStorage, tmp_path: Path) -> None:
    storage.ping()
    (tmp_path / "artifacts").rmdir()
    with pytest.raises(TransientFailure, match="artifacts is gone"):
        storage.ping()


def test_a_place_that_cannot_be_used_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for url in (f"{tmp_path}/file/artifacts", "ftp://ann:tiptop@host/artifacts"):
        with pytest.raises(SettingsError, match="PRESSROOM_ARTIFACTS_URL names no folder or bucket") as raised:
            ArtifactStorage(url)
        assert "tiptop" not in str(raised.value)
