from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from catalogue import code, difference, names, row, rows

from libs.common.messages import COMMANDS, EVENTS, Message
from libs.common.topology import LISTENERS, WORK_QUEUES, Topology, dead_queue, events_queue

PAGE = "messages.md"


class Declared:
    """Stands in for a channel and remembers what was declared on it."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def exchange_declare(self, name: str, _kind: str, **_arguments: Any) -> None:
        self.names.add(name)

    def queue_declare(self, name: str, **_arguments: Any) -> None:
        self.names.add(name)

    def queue_bind(self, _queue: str, _exchange: str, _key: str) -> None:
        """Bindings have no name."""


@pytest.mark.parametrize("cls", [*COMMANDS.values(), *EVENTS.values()], ids=lambda cls: cls.wire_name())
def test_every_message_says_in_one_line_what_it_means(cls: type[Message]) -> None:
    lines = (cls.__doc__ or "").strip().splitlines()
    assert len(lines) == 1
    assert lines[0].endswith((".", ")."))


@pytest.mark.parametrize(("section", "messages"), [("Commands", COMMANDS), ("Events", EVENTS)])
def test_every_message_has_its_line_and_every_line_its_message(
    section: str, messages: Mapping[str, type[Message]]
) -> None:
    wanted = {row(code(name), (cls.__doc__ or "").strip()) for name, cls in messages.items()}
    assert not (problem := difference(PAGE, rows(PAGE, section), wanted)), problem


@pytest.mark.parametrize("queue_type", ["quorum", "classic"])
def test_every_exchange_and_queue_is_described_and_none_that_does_not_exist(queue_type: Any) -> None:
    declared = Declared()
    Topology(queue_type).declare(declared)
    with_dead_letters = [*WORK_QUEUES, *map(events_queue, LISTENERS)]
    described = {name for name in names(PAGE) if name.startswith(("pressroom.", "reports.", "mail.", "maintenance"))}
    assert described == declared.names - set(map(dead_queue, with_dead_letters))
    assert declared.names >= set(map(dead_queue, with_dead_letters)), "`Q.XQ` stands for the dead letters of each"
    assert "Q.XQ" in names(PAGE)
