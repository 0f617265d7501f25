"""The artifact storage in a bucket, over HTTP, as it is in production."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import UUID

import pytest
from broker_tools import soon
from channel_world import FILES, ChannelWorld

from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.messages import Artifact
from libs.common.storage import CHUNK_BYTES, ArtifactStorage
from libs.local.ports import free_port, is_open
from services.generator.drop import Place, drop, facts_of


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 server that runs for these tests."""
    if importlib.util.find_spec("moto") is None:
        missing = "moto, which brings an S3 server, is not installed."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    port = free_port()
    with (tmp_path_factory.mktemp("s3") / "s3.log").open("w") as output:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(command, stdout=output, stderr=output)
    soon(lambda: is_open(port))
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(10)


@pytest.fixture
def storage(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> ArtifactStorage:
    """A place in a fresh bucket."""
    for name, value in (
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "press"),
        ("AWS_SECRET_ACCESS_KEY", "tiptop"),
        ("AWS_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    with urlopen(Request(f"{endpoint}/press", method="PUT"), timeout=10):
        return ArtifactStorage("s3://press/artifacts")


def test_a_file_of_several_parts_is_stored_read_and_deleted(storage: ArtifactStorage, tmp_path: Path) -> None:
    large = tmp_path / "large.xlsx"
    large.write_bytes(bytes(range(256)) * 60_000)
    storage.put_file("2026/03/large.xlsx", large)
    pieces = list(storage.stream("2026/03/large.xlsx"))
    assert b"".join(pieces) == large.read_bytes()
    assert max(map(len, pieces)) < 4 * CHUNK_BYTES
    storage.ping()
    storage.delete("2026/03/large.xlsx")
    storage.delete("2026/03/large.xlsx")
    with pytest.raises(PermanentFailure, match="no longer in the artifact storage"):
        storage.read("2026/03/large.xlsx")


def test_a_bucket_that_does_not_exist_is_said_to_be_away(storage: ArtifactStorage, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    absent = ArtifactStorage("s3://absent/artifacts")
    for use in (absent.ping, lambda: absent.put_file("a", tmp_path / "a")):
        with pytest.raises(TransientFailure, match="The artifact storage did not answer as it should") as raised:
            use()
        assert "tiptop" not in str(raised.value)


def test_a_server_that_is_down_is_away(storage: ArtifactStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(TransientFailure, match="The artifact storage did not answer as it should"):
        ArtifactStorage("s3://press/artifacts").ping()


def test_all_files_under_a_folder_go_together(storage: ArtifactStorage, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("rows")
    for key in ("a/1/x.csv", "a/2/x.csv", "ab/1/x.csv"):
        storage.put_file(key, tmp_path / "file")
    storage.delete_under("a")
    storage.delete_under("a")
    assert [storage.has(key) for key in ("a/1/x.csv", "a/2/x.csv", "ab/1/x.csv")] == [False, False, True]


def test_copies_are_dropped_in_a_bucket_with_its_own_key(
    storage: ArtifactStorage, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another bucket than that of the artifacts, reached with what the drop says and nothing from the environment."""
    partner = ArtifactStorage("s3://partner/in/daily")
    for name in ("AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name)
    with urlopen(Request(f"{endpoint}/partner", method="PUT"), timeout=10):
        pass
    facts = facts_of("sales", UUID(int=7), datetime(2026, 5, 5, 12, tzinfo=UTC), date(2026, 5, 4))

    def place(bucket: str) -> Place:
        url = f"s3://press:tip%2Ftop@{bucket}/in/daily?region=us-east-1&endpoint={endpoint}"
        return Place(url=url, shown=f"s3://{bucket}/in/daily", pattern="{slug}/{date}-{filename}", root=tmp_path)

    for content in (b"first", b"second"):
        (tmp_path / "file").write_bytes(content)
        artifact = Artifact(
            key="k", filename="a.csv", format="csv", media_type="text/csv", size_bytes=5, rows=1, sha256="00"
        )
        drop([(artifact, tmp_path / "file")], place("partner"), facts)
        assert partner.read("sales/2026-05-04-a.csv") == content
    with pytest.raises(PermanentFailure, match="dropped in s3://nowhere/in/daily: there is no such place") as failed:
        drop([(artifact, tmp_path / "file")], place("nowhere"), facts)
    assert "tip" not in str(failed.value)


def test_a_bucket_can_be_a_destination(storage: ArtifactStorage, endpoint: str, tmp_path: Path) -> None:
    with urlopen(Request(f"{endpoint}/people", method="PUT"), timeout=10):
        pass
    world = ChannelWorld(tmp_path)
    options = f"region=us-east-1&endpoint={endpoint}"
    for _ in range(2):
        receipt = world.send("folder", f"s3://press:tip%2Ftop@people/in?{options}&names={{slug}}/{{filename}}")
    people = ArtifactStorage("s3://people/in")
    assert {name: people.read(f"sales/{name}") for name in FILES} == FILES
    assert receipt.answer.text.startswith("2 files written: sales/")
    with pytest.raises(PermanentFailure, match=r"no such place as Warehouse \(s3://nowhere/in\)") as failed:
        world.send("folder", f"s3://press:tip%2Ftop@nowhere/in?{options}")
    assert "tip" not in str(failed.value)
    away = options.replace(endpoint, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(TransientFailure, match="could not take the files") as failed:
        world.send("folder", f"s3://press:tip%2Ftop@people/in?{away}")
    assert "tip" not in str(failed.value)
    with pytest.raises(PermanentFailure, match="has no public address"):
        ChannelWorld(tmp_path / "alone", networks="").send("folder", f"s3://press:tiptop@people/in?{options}")
