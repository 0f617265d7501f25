"""A slow place holds half of the lanes at most, a quick one all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from libs.common.commands import NotYet
from services.mailer.shares import LONGEST_SECONDS, Shares

TIER = "mail.normal"


class Clock:
    """A clock that stands still unless somebody moves it."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def run(story: Callable[[Shares, Clock], Awaitable[None]], lanes: int = 4) -> None:
    clock = Clock()
    asyncio.run(story(Shares({TIER: lanes, "mail.urgent": 2}, clock), clock))  # type: ignore[arg-type]


async def enter(shares: Shares, stack: AsyncExitStack, place: str | None, times: int, *, most: int = 0) -> None:
    for _ in range(times):
        await stack.enter_async_context(shares.lane(place, TIER, most))


async def prove_quick(shares: Shares, place: str) -> None:
    async with shares.lane(place, TIER):
        pass


def test_a_slow_place_leaves_half_of_the_lanes_to_the_others() -> None:
    async def story(shares: Shares, clock: Clock) -> None:
        async with AsyncExitStack() as stack:
            await enter(shares, stack, "slow", 2)
            clock.seconds += 60
            with pytest.raises(NotYet, match="lanes of its server"):
                await enter(shares, stack, "slow", 1)
            await enter(shares, stack, "other", 2)

    run(story)


def test_a_quick_place_may_hold_all_lanes_until_it_turns_out_slow() -> None:
    async def story(shares: Shares, clock: Clock) -> None:
        await prove_quick(shares, "quick")
        async with AsyncExitStack() as stack:
            await enter(shares, stack, "quick", 3)
            clock.seconds += 5
            with pytest.raises(NotYet):
                await enter(shares, stack, "quick", 1)

    run(story)


def test_the_only_server_may_hold_all_lanes_however_slow_it_is() -> None:
    async def story(shares: Shares, clock: Clock) -> None:
        async with AsyncExitStack() as stack:
            await enter(shares, stack, None, 2)
            clock.seconds += 60
            await enter(shares, stack, None, 2)

    run(story)


def test_a_letter_waits_in_its_lane_for_a_connection_of_a_quick_place() -> None:
    async def story(shares: Shares, clock: Clock) -> None:
        await prove_quick(shares, "quick")
        order = []

        async def letter(number: int) -> None:
            async with shares.lane("quick", TIER, 1):
                order.append(number)
                await asyncio.sleep(0)

        await asyncio.gather(*(letter(number) for number in range(5)))
        assert sorted(order) == [0, 1, 2, 3, 4]

    run(story)


def test_the_connections_of_a_profile_count_over_all_tiers() -> None:
    async def story(shares: Shares, clock: Clock) -> None:
        async with shares.lane("one", "mail.urgent", 1):
            clock.seconds += 10
            with pytest.raises(NotYet):
                async with shares.lane("one", TIER, 1):
                    raise AssertionError("two at a time")

    run(story)


def test_letters_that_are_put_back_are_spread_and_never_for_long() -> None:
    async def story(shares: Shares, clock: Clock) -> None:
        async with AsyncExitStack() as stack:
            await enter(shares, stack, "slow", 2)
            clock.seconds += 20
            pauses = []
            for _ in range(100):
                with pytest.raises(NotYet) as postponed:
                    await enter(shares, stack, "slow", 1)
                pauses.append((postponed.value.delay or 0) / 1000)
            assert pauses[:4] == [2, 12, 22, 32]
            assert max(pauses) == LONGEST_SECONDS

    run(story)


def test_one_lane_is_not_divided() -> None:
    async def story(shares: Shares, clock: Clock) -> None:
        async with AsyncExitStack() as stack:
            await enter(shares, stack, "slow", 1)

    run(story, lanes=1)
