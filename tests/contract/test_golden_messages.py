"""What has travelled once must be readable for ever: the golden files are never edited, only added to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from example_parts import AT
from message_examples import EXAMPLES

from libs.common.envelope import pack
from libs.common.messages import COMMANDS, EVENTS, GenerateReport, Message, decode_event, encode, read_command

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(EXAMPLES.keys() | {path.stem for path in GOLDEN.glob("*.json")})
FREE_FORM = ("config",)
"""Maps whose keys are data: an unknown one there is not ours to ignore."""


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def golden(name: str, request: pytest.FixtureRequest) -> Any:
    """The JSON that is kept under `name`."""
    path = GOLDEN / f"{name}.json"
    if not path.exists():
        if not request.config.getoption("--write-golden", default=False):
            pytest.fail(
                f"{name} has no golden file. `pytest tests/contract --write-golden` writes it; read it, keep it."
            )
        path.write_text(json.dumps(json.loads(encode(EXAMPLES[name])), indent=2, ensure_ascii=False) + "\n")
        pytest.fail(f"{path} has been written. Read it, then run the tests again.")
    return json.loads(path.read_text())


@pytest.mark.parametrize("wire_name", sorted({**COMMANDS, **EVENTS}))
def test_every_message_has_an_example(wire_name: str) -> None:
    assert wire_name in EXAMPLES, f"Add a full example of {wire_name} to tests/contract/message_examples.py."


def test_what_was_written_then_is_understood_today(name: str, golden: Any) -> None:
    assert _decode(golden) == EXAMPLES[name]


def test_what_is_written_today_says_all_that_was_said_then(name: str, golden: Any) -> None:
    assert _like(golden, json.loads(encode(EXAMPLES[name]))) == golden


def test_a_message_from_the_future_is_understood_as_far_as_we_know(name: str, golden: Any) -> None:
    future = deepcopy(golden)
    for thing in list(_objects(future)):
        thing["from_the_future"] = {"deeply": ["nested", 1]}
    assert _decode(future) == EXAMPLES[name]


def test_every_field_is_in_a_golden_file_with_something_to_say() -> None:
    said = {path for example in EXAMPLES.values() for path in _said(example)}
    declared = {path for cls in (*COMMANDS.values(), *EVENTS.values()) for path in _declared(cls)}
    assert declared - said == set(), "Add an example that fills these fields, under a name of its own."


def test_a_command_travels_as_dramatiq_reads_it() -> None:
    command = EXAMPLES["generate_report.v1"]
    assert isinstance(command, GenerateReport)
    parcel = pack(command, message_id="0d6b1d9e-0000-4000-8000-000000000000", now=AT)
    assert (parcel.exchange, parcel.routing_key) == ("pressroom.work", "reports.urgent")
    assert json.loads(parcel.body) == {
        "queue_name": "reports.urgent",
        "actor_name": "generate_report.v1",
        "args": [],
        "kwargs": json.loads(encode(command)),
        "options": {"max_retries": 5},
        "message_id": "0d6b1d9e-0000-4000-8000-000000000000",
        "message_timestamp": 1772434801250,
    }


def _decode(golden: Any) -> Message | None:
    wire_name = golden["type"]
    if wire_name in EVENTS:
        return decode_event(json.dumps(golden).encode(), wire_name)
    return read_command(COMMANDS[wire_name], golden)


def _like(pattern: Any, found: Any) -> Any:
    """`found` without the fields that `pattern` does not have: those have been added since."""
    if isinstance(pattern, dict) and isinstance(found, dict):
        return {key: _like(pattern[key], value) for key, value in found.items() if key in pattern}
    if isinstance(pattern, list) and isinstance(found, list) and len(pattern) == len(found):
        return [_like(wanted, value) for wanted, value in zip(pattern, found, strict=True)]
    return found


def _objects(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for key, value in part.items():
            if key not in FREE_FORM:
                yield from _objects(value)
    elif isinstance(part, list):
        for value in part:
            yield from _objects(value)


def _said(part: Any) -> Iterator[tuple[str, str]]:
    """(class, field) of every field in `part` that is not at its default."""
    if isinstance(part, msgspec.Struct):
        for field in msgspec.structs.fields(part):
            value = getattr(part, field.name)
            if value != _default(field):
                yield type(part).__name__, field.name
            yield from _said(value)
    elif isinstance(part, tuple):
        for value in part:
            yield from _said(value)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    factory: Callable[[], Any] | Any = field.default_factory
    return factory() if callable(factory) else field.default


def _declared(cls: type[Any]) -> Iterator[tuple[str, str]]:
    """(class, field) of `cls` and of every struct inside it."""
    for field in msgspec.structs.fields(cls):
        info = msgspec.inspect.type_info(field.type)
        if not isinstance(info, msgspec.inspect.LiteralType) or len(info.values) > 1:  # else it can only say one thing
            yield cls.__name__, field.name
        for inner in _structs(info):
            yield from _declared(inner)


def _structs(info: Any) -> Iterator[type[Any]]:
    if isinstance(info, msgspec.inspect.StructType):
        yield info.cls
    for name in ("types", "item_types"):
        for part in getattr(info, name, ()):
            yield from _structs(part)
    if item := getattr(info, "item_type", None):
        yield from _structs(item)
