from __future__ import annotations

from libs.local.waiting import wait_until
from services.generator.sources.kept import Kept


def kept(seconds: float = 60.0) -> tuple[Kept[str], list[str]]:
    closed: list[str] = []
    return Kept[str](closed.append, seconds), closed


def test_a_connection_is_for_the_same_source_only_and_for_one_at_a_time() -> None:
    keeper, closed = kept()
    keeper.keep("shop", "first")
    assert keeper.take("warehouse") is None
    assert keeper.take("shop") == "first"
    assert keeper.take("shop") is None
    assert closed == []


def test_another_connection_takes_its_place() -> None:
    keeper, closed = kept()
    keeper.keep("shop", "first")
    keeper.keep("warehouse", "second")
    assert (keeper.take("shop"), keeper.take("warehouse"), closed) == (None, "second", ["first"])


def test_a_connection_that_nobody_wants_is_closed_after_its_time() -> None:
    keeper, closed = kept(seconds=0.01)
    keeper.keep("shop", "first")

    wait_until(lambda: closed == ["first"], 30, lambda: "the connection stayed open", 0.005)
    assert keeper.take("shop") is None
