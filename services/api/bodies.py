"""Request bodies: JSON, read strictly, and refused with a sentence that names the field.

msgspec decodes; it stops at the first thing that does not fit and says where, in its own terms. Here those terms
become ours.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Generator
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from litestar.dto import AbstractDTO, DTOFieldDefinition
from litestar.typing import FieldDefinition
from msgspec import inspect

from services.api.problems import Refused, wrong
from services.api.words import is_secret, right, shown

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator
    from litestar.openapi.spec import Reference, Schema

_PLACE = re.compile(r" - at `\$(?P<path>.*)`$")
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+)\]|\[(?P<any>\.\.\.)\]")
_MISSING = re.compile(r"Object missing required field `(?P<name>.+?)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.+?)`")
_BYTE = re.compile(r"(?:JSON is malformed: )?(?P<why>.+) \(byte (?P<byte>\d+)\)")

Path = list[str | int]

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")


class StrictJson(AbstractDTO[Any]):
    """Lets Litestar read a handler's `data` with `read_body` instead of its own lenient conversion."""

    model_type = msgspec.Struct

    def decode_bytes(self, value: bytes) -> Any:
        """The struct that the handler asks for."""
        field = self.asgi_connection.route_handler.parsed_data_field
        assert field is not None
        # Where nothing has to be said, no body says the same as an empty object.
        return read_body(value or (b"{}" if field.has_default else b""), field.annotation)

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: type[Any] | None = None
    ) -> None:
        """Nothing to prepare: msgspec decodes without a transfer model."""

    @classmethod
    def create_openapi_schema(
        cls,
        field_definition: FieldDefinition,
        handler_id: str,  # noqa: ARG003
        schema_creator: SchemaCreator,
    ) -> Reference | Schema:
        """The schema of the struct itself."""
        return schema_creator.for_field_definition(field_definition)

    @classmethod
    def generate_field_definitions(
        cls,
        model_type: type[Any],  # noqa: ARG003
    ) -> Generator[DTOFieldDefinition, None, None]:
        """There is no transfer model."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:  # noqa: ARG003
        """There is no transfer model."""
        return False


def read_body(body: bytes, cls: type[S]) -> S:
    """The `cls` that `body` describes; Refused if it is not JSON (400) or not a `cls` (422)."""
    given, kind = _decoded(body, object), _kind_of(cls)
    try:
        found = _decoded(body, cls)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), given, kind) from error
    _refuse_unknown(given, kind, [])
    _refuse_nul(given, "")
    return found


@cache
def _kind_of(cls: type[Any]) -> inspect.Type:
    return inspect.type_info(cls)


def _refuse_unknown(value: object, kind: inspect.Type, path: Path) -> None:
    """Parts of messages pass over a field that they do not know; in a request it is a slip of the pen."""
    if isinstance(value, dict):
        known = _fields_at(kind, [])
        for name, inner in value.items():
            if known and name not in known:
                raise _unknown([*path, name], known)
            _refuse_unknown(inner, _kind_at(kind, [name]), [*path, name])
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_unknown(inner, _kind_at(kind, [index]), [*path, index])


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        raise not_json(_why(str(error), len(body))) from error
    except UnicodeDecodeError as error:
        raise not_json("it is not UTF-8") from error
    except RecursionError as error:
        raise not_json("it is nested too deeply") from error


def not_json(why: str) -> Refused:
    """The answer to a body that is not JSON."""
    return Refused(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {why}.")


def _why(complaint: str, length: int) -> str:
    if complaint == "Input data was truncated":
        return f"it ends too early, at byte {length}" if length else "it is empty"
    found = _BYTE.fullmatch(complaint)
    return f"{found['why']} at byte {found['byte']}" if found else complaint


def _misfit(complaint: str, body: object, kind: inspect.Type) -> Refused:
    place = _PLACE.search(complaint)
    path = _steps(place["path"]) if place else []
    if found := _MISSING.match(complaint):
        path = [*path, found["name"]]
        return wrong(_name(path), f"{_name(path)} is missing; it must be {right(_kind_at(kind, path))}.")
    if found := _UNKNOWN.match(complaint):
        return _unknown([*path, found["name"]], _fields_at(kind, path))
    wanted = _kind_at(kind, path)
    name, value = _name(path), _value_at(body, path)
    instead = "" if is_secret(wanted) else f", not {shown(value)}"
    return wrong(name, f"{name} must be {right(wanted)}{instead}.")


def _unknown(path: Path, known: Collection[str]) -> Refused:
    near = difflib.get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}."
    return wrong(_name(path), f"{_name(path)} is not a field here; {hint}")


def _steps(path: str) -> Path:
    steps: Path = []
    for step in _STEP.finditer(path):
        steps.append(int(step["index"]) if step["index"] else step["name"] or step["any"])
    return steps


def _name(path: Path) -> str:
    """The field in our notation: `queries[0].sql`; the whole is `body`."""
    if not path:
        return "body"
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _value_at(body: object, path: Path) -> object:
    for step in path:
        try:
            body = body[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return body


def _kind_at(kind: inspect.Type, path: Path) -> inspect.Type:
    for step in path:
        kind = next((inner for inner in (_inner(one, step) for one in _choices(kind)) if inner), kind)
    return kind


def _fields_at(kind: inspect.Type, path: Path) -> list[str]:
    structs = [one for one in _choices(_kind_at(kind, path)) if isinstance(one, inspect.StructType)]
    return [field.encode_name for struct in structs for field in struct.fields]


def _choices(kind: inspect.Type) -> list[inspect.Type]:
    bare = kind.type if isinstance(kind, inspect.Metadata) else kind
    if isinstance(bare, inspect.UnionType):
        return [choice for one in bare.types for choice in _choices(one)]
    return [bare]


def _inner(kind: inspect.Type, step: str | int) -> inspect.Type | None:
    if isinstance(kind, inspect.StructType):
        return next((field.type for field in kind.fields if field.encode_name == step), None)
    if isinstance(kind, (inspect.ListType, inspect.VarTupleType)):
        return kind.item_type
    if isinstance(kind, inspect.DictType):
        return kind.value_type
    return None


def _refuse_nul(value: object, name: str) -> None:
    """PostgreSQL cannot keep U+0000 in a text, and nobody means it."""
    if isinstance(value, str):
        if "\0" in value:
            raise wrong(name, f"{name} must not contain the character U+0000.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_nul(key, f"{name}.{key}".lstrip(".").replace("\0", "\\u0000"))
            _refuse_nul(inner, f"{name}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            _refuse_nul(inner, f"{name}[{index}]")
