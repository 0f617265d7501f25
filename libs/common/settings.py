"""Settings are read once, at the door, and a wrong one is named there.

A setting is a field of a Settings struct; its variable is `PRESSROOM_` and the field's name in capitals. A secret
may come from a file instead: `PRESSROOM_<NAME>_FILE` holds the path (as container secrets do).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from libs.common.errors import SettingsError

PREFIX = "PRESSROOM_"


class CommonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every service must know."""

    broker_url: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^amqps?://.+",
            description="RabbitMQ, as amqp://user:password@host:5672/vhost, or amqps:// with TLS.",
        ),
    ]
    artifacts_url: Annotated[
        str,
        msgspec.Meta(min_length=1, description="Where finished files are kept: a folder, or s3://bucket/prefix."),
    ] = "var/artifacts"
    queue_type: Annotated[
        Literal["quorum", "classic"],
        msgspec.Meta(description="Type of every queue. Only quorum queues survive the loss of a cluster node."),
    ] = "quorum"
    queue_watch_seconds: Annotated[
        float, msgspec.Meta(ge=0.1, le=30, description="How often the depth of every queue is read for the metrics.")
    ] = 10.0
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        msgspec.Meta(description="The least important log lines to write."),
    ] = "info"
    operations_host: Annotated[
        str, msgspec.Meta(description="Address on which /health and /metrics answer; 0.0.0.0 in a container.")
    ] = "127.0.0.1"
    stop_timeout_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="After SIGTERM: how long the work in hand may take to finish.")
    ] = 25.0


S = TypeVar("S", bound=CommonSettings)


def load(cls: type[S], environ: Mapping[str, str]) -> S:
    """The settings of a service, or a SettingsError that names the variable and what would be right."""
    hints = get_type_hints(cls, include_extras=True)
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(cls):
        text = _text(variable(field.name), environ)
        if text is not None:
            values[field.name] = _convert(field.name, text, hints[field.name])
        elif field.required:
            raise SettingsError(f"{variable(field.name)} is not set. {describe(hints[field.name])}".rstrip())
    return cls(**values)


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + field.upper()


def describe(annotation: object) -> str:
    """What a setting is for, from its annotation."""
    metas = [meta for meta in getattr(annotation, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
    return next((meta.description for meta in metas if meta.description), "")


def _text(name: str, environ: Mapping[str, str]) -> str | None:
    """The variable, or the content of the file that its _FILE twin names. Empty counts as not set."""
    path = environ.get(f"{name}_FILE")
    if environ.get(name) and path:
        raise SettingsError(f"{name} and {name}_FILE are both set; give only one of them.")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None
        except OSError as error:
            raise SettingsError(f"{name}_FILE names a file that cannot be read: {path} ({error.strerror}).") from error
        except UnicodeDecodeError:
            raise SettingsError(f"{name}_FILE names a file that is no UTF-8 text: {path}.") from None
    return environ.get(name) or None


def _convert(field: str, text: str, annotation: object) -> object:
    try:
        return msgspec.convert(text, annotation, strict=False)
    except msgspec.ValidationError as error:
        # The value itself stays out of the sentence: it may be a secret.
        raise SettingsError(
            f"{variable(field)} is wrong: {_right(annotation, error)}. {describe(annotation)}".rstrip()
        ) from None


def _right(annotation: object, error: msgspec.ValidationError) -> str:
    """What would be right."""
    plain = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if get_origin(plain) is Literal:
        return f"it must be {' or '.join(str(choice) for choice in get_args(plain))}"
    return str(error)
