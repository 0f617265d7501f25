from __future__ import annotations

import importlib
from typing import Any, get_type_hints

import msgspec
import pytest
from catalogue import DOCS, code, difference, row, rows

from libs.common.settings import CommonSettings, describe, variable

PAGE = "configuration.md"
SERVICES = sorted(path.parent.name for path in (DOCS.parent / "services").glob("*/settings.py"))


def settings_of(service: str) -> type[CommonSettings]:
    """The settings struct of a service."""
    module = importlib.import_module(f"services.{service}.settings")
    [cls] = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, CommonSettings) and thing is not CommonSettings
    ]
    return cls


def lines(cls: type[CommonSettings], inherited: type[Any] | None = None) -> set[str]:
    """The line of each setting that `cls` has beside the `inherited` ones."""
    known = {field.name for field in msgspec.structs.fields(inherited)} if inherited else set()
    hints = get_type_hints(cls, include_extras=True)
    return {
        row(code(variable(field.name)), default(field), describe(hints[field.name]))
        for field in msgspec.structs.fields(cls)
        if field.name not in known
    }


def default(field: msgspec.structs.FieldInfo) -> str:
    """How the default of a setting is written."""
    if field.required:
        return "required"
    if field.default in (None, ""):
        return "-"
    return code(str(field.default).lower() if isinstance(field.default, bool) else str(field.default))


def test_all_services_are_looked_at() -> None:
    assert SERVICES == ["api", "generator", "mailer", "scheduler"]


def test_the_settings_of_all_services_are_described() -> None:
    found, wanted = rows(PAGE, "Every service"), lines(CommonSettings)
    assert not (problem := difference(PAGE, found, wanted)), problem


@pytest.mark.parametrize("service", SERVICES)
def test_the_settings_of_a_service_are_described_and_none_that_it_does_not_have(service: str) -> None:
    found, wanted = rows(PAGE, service.capitalize()), lines(settings_of(service), CommonSettings)
    assert not (problem := difference(PAGE, found, wanted)), problem


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_says_what_it_is_for(service: str) -> None:
    cls = settings_of(service)
    hints = get_type_hints(cls, include_extras=True)
    assert [name for name in cls.__struct_fields__ if not describe(hints[name])] == []


def test_a_setting_with_the_same_name_means_the_same_in_every_service() -> None:
    defaults: dict[str, set[str]] = {}
    for service in SERVICES:
        for field in msgspec.structs.fields(settings_of(service)):
            defaults.setdefault(field.name, set()).add(default(field))
    assert {name: found for name, found in defaults.items() if len(found) > 1} == {}


def test_the_page_has_no_other_tables() -> None:
    sections = {"Every service", *map(str.capitalize, SERVICES)}
    assert rows(PAGE) == {line for section in sections for line in rows(PAGE, section)}


def test_secrets_have_no_default() -> None:
    for service in SERVICES:
        for field in msgspec.structs.fields(settings_of(service)):
            if field.name.endswith(("_keys", "_password", "_token")):
                assert default(field) in ("required", "-"), field.name
