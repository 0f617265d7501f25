from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.local.alias import MAX_PATH_BYTES, PLAIN, forget_alias, plain_path


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "the owner's “var” #1"
    folder.mkdir()
    yield folder
    forget_alias(folder)


def test_a_plain_short_path_stays_as_it_is():
    assert plain_path(Path("/srv/pressroom/var")) == Path("/srv/pressroom/var")


def test_an_odd_path_gets_a_plain_link_to_the_same_folder(odd):
    link = plain_path(odd)
    assert PLAIN.fullmatch(str(link))
    assert link.resolve() == odd.resolve()


def test_below_a_long_path_a_unix_socket_can_live(tmp_path):
    folder = tmp_path / ("x" * MAX_PATH_BYTES) / "deep"
    path = plain_path(folder) / "supervisor.sock.1234567"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    forget_alias(folder)
    assert (folder / path.name).is_socket()


def test_the_link_stays_the_same_while_it_is_in_use(odd):
    assert plain_path(odd) == plain_path(odd)


def test_a_link_that_a_cleaner_took_away_is_made_again(odd):
    shutil.rmtree(plain_path(odd).parent)
    assert plain_path(odd).resolve() == odd.resolve()


def test_something_strange_in_the_place_of_the_link_is_not_used_and_not_removed(odd):
    taken = plain_path(odd)
    taken.unlink()
    taken.symlink_to("/")
    assert plain_path(odd) != taken
    taken.unlink()
    taken.parent.rmdir()


def test_nothing_remains_of_a_forgotten_link(odd):
    link = plain_path(odd)
    forget_alias(odd)
    assert not link.parent.exists()
    assert list(odd.iterdir()) == []
