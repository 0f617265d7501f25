"""`.env.example`, and how it becomes `.env`."""

from __future__ import annotations

import base64
import re
import stat
from itertools import count

READ_BY_COMPOSE_ITSELF = {"COMPOSE_PROFILES"}


def counted_bytes():
    """Bytes that differ from call to call and not from run to run."""
    calls = count(1)
    return lambda length: bytes([next(calls)]) * length


def test_the_example_names_exactly_the_settings_that_compose_reads(compose_variables, env_example):
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", env_example.split("\n\n", 1)[1], re.MULTILINE))
    assert named - READ_BY_COMPOSE_ITSELF == {v.name for v in compose_variables}


def test_every_setting_of_the_example_stands_below_a_comment(env_example):
    for block in env_example.split("\n\n"):
        assert block.startswith("# "), f"nothing explains {block}"


def test_each_blank_becomes_a_secret_of_its_own(make_env, env_example):
    filled = make_env.filled(env_example, counted_bytes())
    values = dict(re.findall(r"^(\w+)=(.*)$", filled, re.MULTILINE))
    secrets = [values[name] for name in make_env.SECRET.findall(env_example)]
    assert len(secrets) > 5
    assert len(set(secrets)) == len(secrets)
    assert all(len(secret) >= 40 for secret in secrets)


def test_passwords_mean_nothing_special_in_a_url(make_env, env_example):
    filled = make_env.filled(env_example, counted_bytes())
    assert all(re.fullmatch(r"[\w-]+", value) for value in re.findall(r"_PASSWORD=(.*)", filled))


def test_the_seal_key_is_one_that_seals(make_env, env_example):
    from libs.common.sealing import Sealer

    (key,) = re.findall(r"^PRESSROOM_SEAL_KEYS=(.*)$", make_env.filled(env_example, counted_bytes()), re.MULTILINE)
    assert len(base64.urlsafe_b64decode(key)) == 32
    sealer = Sealer(key)
    assert sealer.open(sealer.seal("postgresql://example/db")) == "postgresql://example/db"


def test_the_file_is_readable_by_its_owner_only(make_env, env_example, tmp_path):
    (tmp_path / ".env.example").write_text(env_example)
    assert make_env.main(tmp_path, counted_bytes()) == 0
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_a_file_that_exists_is_left_alone(make_env, env_example, tmp_path, capsys):
    (tmp_path / ".env.example").write_text(env_example)
    make_env.main(tmp_path, counted_bytes())
    before = (tmp_path / ".env").read_bytes()
    assert make_env.main(tmp_path) == 0
    assert (tmp_path / ".env").read_bytes() == before
    assert "left as it is" in capsys.readouterr().out


def test_settings_that_a_new_release_needs_are_named(make_env, tmp_path, capsys):
    (tmp_path / ".env.example").write_text("OLD=\nNEW=\n# MAY=1\n")
    (tmp_path / ".env").write_text("OLD=secret\n")
    assert make_env.main(tmp_path) == 1
    assert "it lacks: NEW." in capsys.readouterr().err
    assert (tmp_path / ".env").read_text() == "OLD=secret\n"
