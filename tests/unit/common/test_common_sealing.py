from __future__ import annotations

import pytest

from libs.common.errors import PermanentFailure, SettingsError
from libs.common.sealing import Sealer, new_key

SECRET = "postgresql://reader:tiptop@db/sales"


def test_what_is_sealed_can_be_opened_and_not_read() -> None:
    sealer = Sealer(new_key())
    sealed = sealer.seal(SECRET)
    assert "tiptop" not in sealed
    assert sealer.open(sealed) == SECRET


def test_a_new_key_in_front_seals_while_the_old_one_still_opens() -> None:
    old, new = new_key(), new_key()
    both = Sealer(f"{new}, {old}")
    assert both.open(Sealer(old).seal(SECRET)) == SECRET
    assert Sealer(new).open(both.seal(SECRET)) == SECRET


@pytest.mark.parametrize("sealed", [Sealer(new_key()).seal(SECRET), "no token at all", ""])
def test_a_wrong_key_is_a_permanent_failure_that_says_what_to_do(sealed: str) -> None:
    with pytest.raises(PermanentFailure, match="add that key or enter the secret again"):
        Sealer(new_key()).open(sealed)


@pytest.mark.parametrize("keys", ["", " , ", "short", "x" * 44, "ü" * 44])
def test_keys_that_are_none_are_a_wrong_setting_and_stay_out_of_the_sentence(keys: str) -> None:
    with pytest.raises(SettingsError, match="PRESSROOM_SEAL_KEYS must hold") as raised:
        Sealer(keys)
    assert not keys.strip(" ,") or keys not in str(raised.value)
