"""SFTP, against a real server of asyncssh that may refuse, break off, or be another one than it should be."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from channel_world import FILES, ChannelWorld

from libs.common.errors import PermanentFailure
from services.mailer.answers import NotNow

PASSWORD = "pl4nted/p@ss"
QUOTED = "pl4nted%2Fp%40ss"


class SftpServer:
    """Serves `folder` to ann, by password or by key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sessions = 0
        self.passwords: list[str] = []
        self.posix_rename = True
        self.breaks = False
        self.own_key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        self.fingerprint = self.own_key.get_fingerprint("sha256")
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._listener = self._run(self._listen())
        self.port = self._listener.get_port()

    def close(self) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def url(self, path: str = "/in", *, user: str = f"ann:{QUOTED}", host_key: str = "", names: str = "") -> str:
        names = f"&names={names}" if names else ""
        return f"sftp://{user}@127.0.0.1:{self.port}{path}?host_key={host_key or self.fingerprint}{names}"

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _listen(self) -> Any:
        return await asyncssh.create_server(
            lambda: Account(self),
            "127.0.0.1",
            0,
            server_host_keys=[self.own_key],
            sftp_factory=lambda channel: Files(self, channel),
            allow_scp=False,
        )

    async def _stop(self) -> None:
        self._listener.close()
        await self._listener.wait_closed()


class Account(asyncssh.SSHServer):
    """Who may sign in."""

    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._server.passwords.append(password)
        return (username, password) == ("ann", PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == "ann" and key == self._server.user_key.convert_to_public()


class Files(asyncssh.SFTPServer):
    """What the account may do."""

    def __init__(self, server: SftpServer, channel: Any) -> None:
        self._server = server
        server.sessions += 1
        super().__init__(channel, chroot=str(server.folder))

    def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        if self._server.breaks:
            raise asyncssh.SFTPFailure("no space left on device")
        return super().write(file_obj, offset, data)  # type: ignore[return-value]

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        if not self._server.posix_rename:
            raise asyncssh.SFTPOpUnsupported("not here")
        super().posix_rename(oldpath, newpath)


@pytest.fixture(scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    server = SftpServer(tmp_path_factory.mktemp("sftp"))
    yield server
    server.close()


@pytest.fixture
def server(_server: SftpServer) -> SftpServer:
    for path in sorted(_server.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (_server.folder / "in").mkdir()
    _server.posix_rename, _server.breaks, _server.passwords, _server.sessions = True, False, [], 0
    return _server


@pytest.fixture
def world(tmp_path: Path) -> ChannelWorld:
    return ChannelWorld(tmp_path)


def found(server: SftpServer) -> dict[str, bytes]:
    return {str(one.relative_to(server.folder)): one.read_bytes() for one in server.folder.rglob("*") if one.is_file()}


def test_files_arrive_whole_under_their_names_and_again_the_same(world: ChannelWorld, server: SftpServer) -> None:
    wanted = {f"in/sales-{name}": content for name, content in FILES.items()}
    for server.posix_rename in (True, True, False):  # a server without the extension of OpenSSH can be served too
        receipt = world.send("sftp", server.url(names="{slug}-{filename}"))
        assert found(server) == wanted
    assert str(receipt.answer) == "2 files written: sales-Umsätze.csv, sales-sales.xlsx"
    assert world.claims == 0


@pytest.mark.filterwarnings("ignore:.*bcrypt.kdf")  # few rounds make a weak key and a quick test
def test_a_key_signs_in_with_and_without_a_passphrase(world: ChannelWorld, server: SftpServer) -> None:
    plain = server.user_key.export_private_key().decode()
    closed = server.user_key.export_private_key(passphrase=PASSWORD, rounds=1).decode()
    world.send("sftp", server.url(user="ann"), secret=plain)
    world.send("sftp", server.url(), secret=closed)
    assert set(found(server)) == {f"in/{name}" for name in FILES}
    with pytest.raises(PermanentFailure, match=r"private key .* cannot be read"):
        world.send("sftp", server.url(user="ann:wrong"), secret=closed)
    assert server.passwords == []  # the passphrase of a key is said to nobody


def test_another_server_than_the_pinned_one_hears_no_password(world: ChannelWorld, server: SftpServer) -> None:
    with pytest.raises(PermanentFailure, match="is not the server that it should be"):
        world.send("sftp", server.url(host_key="SHA256:" + "A" * 43))
    assert (server.passwords, server.sessions) == ([], 0)


@pytest.mark.parametrize(
    ("path", "user", "breaks", "failure", "words"),
    [
        ("/in", "ann:wrong-pl4nted", False, PermanentFailure, "does not accept the user, password or key"),
        ("/nowhere", f"ann:{QUOTED}", False, PermanentFailure, "Folders must be there already"),
        ("/in", f"ann:{QUOTED}", True, NotNow, "no space left on device"),
    ],
)
def test_a_failure_says_what_a_person_can_do(
    world: ChannelWorld, server: SftpServer, path: str, user: str, breaks: bool, failure: Any, words: str
) -> None:
    server.breaks = breaks
    with pytest.raises(failure, match=words) as caught:
        world.send("sftp", server.url(path, user=user))
    assert f"Warehouse (sftp://ann@127.0.0.1:{server.port}{path})" in str(caught.value)
    assert "pl4nted" not in str(caught.value)
    assert found(server) == {}


def test_a_file_that_is_another_one_than_was_made_never_appears(world: ChannelWorld, server: SftpServer) -> None:
    world.storage.put("reports/1/sales.xlsx", b"another")
    with pytest.raises(PermanentFailure, match="not the one that was made"):
        world.send("sftp", server.url())
    assert set(found(server)) == {"in/Umsätze.csv"}


def test_a_server_in_a_network_that_may_not_be_reached_is_left_alone(tmp_path: Path, server: SftpServer) -> None:
    world = ChannelWorld(tmp_path, networks="")
    for host in ("127.0.0.1", "localhost", "127.1"):
        with pytest.raises(PermanentFailure, match="has no public address"):
            world.send("sftp", server.url().replace("@127.0.0.1:", f"@{host}:"))
    assert server.sessions == 0
