"""The artifact storage in a bucket, over HTTP, as it is in production."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from broker_tools import soon

from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.storage import CHUNK_BYTES, ArtifactStorage
from libs.local.ports import free_port, is_open


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
