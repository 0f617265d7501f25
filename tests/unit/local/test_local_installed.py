from __future__ import annotations

from pathlib import Path

import pytest

from libs.common.errors import PermanentFailure
from libs.local import installed


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def rabbitmq(folder: Path) -> Path:
    for script in ("rabbitmq-server", "rabbitmq-env", "rabbitmq-defaults", "rabbitmqctl"):
        program(folder / script)
    return folder


@pytest.fixture(autouse=True)
def nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "RABBITMQ_FOLDERS", ())
    monkeypatch.setattr(installed, "POSTGRES_FOLDERS", ())


def test_the_scripts_are_found_behind_the_wrapper_on_the_path(tmp_path):
    scripts = rabbitmq(tmp_path / "lib" / "bin")
    wrapper = program(scripts / "rabbitmq-script-wrapper")
    (tmp_path / "sbin").mkdir()
    (tmp_path / "sbin" / "rabbitmq-server").symlink_to(wrapper)
    assert installed.rabbitmq_scripts(str(tmp_path / "sbin")) == scripts


def test_a_wrapper_without_scripts_beside_it_is_not_enough(tmp_path):
    program(tmp_path / "sbin" / "rabbitmq-server")
    with pytest.raises(PermanentFailure):
        installed.rabbitmq_scripts(str(tmp_path / "sbin"))


def test_of_several_releases_the_newest_is_taken(tmp_path, monkeypatch):
    for release in ("3.9.27", "3.13.2", "3.10.8"):
        rabbitmq(tmp_path / f"rabbitmq_server-{release}" / "sbin")
    monkeypatch.setattr(installed, "RABBITMQ_FOLDERS", (f"{tmp_path}/rabbitmq_server-*/sbin",))
    assert installed.rabbitmq_scripts("") == tmp_path / "rabbitmq_server-3.13.2" / "sbin"


def test_a_missing_rabbitmq_is_said_with_the_ways_out(tmp_path):
    with pytest.raises(PermanentFailure, match=r"make setup.*PRESSROOM_BROKER_URL"):
        installed.rabbitmq_scripts(str(tmp_path))


def test_epmd_is_found_beside_an_erl_that_is_linked_from_the_path(tmp_path):
    erl = program(tmp_path / "erlang" / "bin" / "erl")
    epmd = program(tmp_path / "erlang" / "erts-13.1.5" / "bin" / "epmd")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "erl").symlink_to(erl)
    assert installed.epmd(str(tmp_path / "bin")) == epmd


def test_a_missing_erlang_is_said(tmp_path):
    with pytest.raises(PermanentFailure, match="make setup"):
        installed.epmd(str(tmp_path))


def test_the_newest_postgresql_is_taken(tmp_path, monkeypatch):
    for release in ("9.6", "15", "16"):
        program(tmp_path / release / "bin" / "initdb")
        program(tmp_path / release / "bin" / "postgres")
    monkeypatch.setattr(installed, "POSTGRES_FOLDERS", (f"{tmp_path}/*/bin",))
    assert installed.postgres_programs("") == tmp_path / "16" / "bin"


def test_a_postgresql_client_alone_is_no_server(tmp_path):
    program(tmp_path / "psql")
    assert installed.postgres_programs(str(tmp_path)) is None


def test_the_path_of_the_caller_comes_first():
    assert installed.program_path({"PATH": "/mine:/usr/sbin"}).startswith("/mine:/usr/sbin:")
