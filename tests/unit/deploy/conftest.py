"""The files that describe an installation, as the tools that use them read them."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
import yaml

ROOT = Path(__file__).parents[3]

Compose = dict[str, Any]


class Variable(msgspec.Struct, frozen=True):
    """One `${NAME…}`, or an environment variable without a value, in compose.yaml."""

    name: str
    required_sentence: str | None = None


class Stage(msgspec.Struct):
    """One stage of the Dockerfile: its instructions without comments, one a line."""

    base: str
    lines: list[str]

    def arguments(self, instruction: str) -> list[str]:
        """What follows each `instruction`."""
        return [line.split(None, 1)[1] for line in self.lines if line.split(None, 1)[0] == instruction]


@pytest.fixture(scope="session")
def compose() -> Compose:
    """compose.yaml, with its anchors resolved."""
    loaded: Compose = yaml.safe_load(_text("compose.yaml"))
    return loaded


@pytest.fixture(scope="session")
def compose_variables(compose: Compose) -> list[Variable]:
    """Every variable that compose.yaml reads, as often as it reads it."""
    found = [
        Variable(name, sentence or None)
        for name, sentence in re.findall(r"\$\{(\w+)(?::\?([^}]*)|:-[^}]*)?\}", _text("compose.yaml"))
    ]
    for service in compose["services"].values():
        found += [Variable(name) for name, value in service.get("environment", {}).items() if value is None]
    return found


@pytest.fixture(scope="session")
def env_example() -> str:
    """.env.example."""
    return _text(".env.example")


@pytest.fixture(scope="session")
def stages() -> dict[str, Stage]:
    """The stages of the Dockerfile by name."""
    text = re.sub(r"^#.*\n", "", _text("Dockerfile"), flags=re.MULTILINE).replace("\\\n", " ")
    found: dict[str, Stage] = {}
    stage = Stage("", [])
    for line in filter(None, text.splitlines()):
        if opening := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            stage = found[opening[2]] = Stage(opening[1], [])
        else:
            stage.lines.append(line)
    return found


@pytest.fixture(scope="session")
def alert_rules() -> list[dict[str, Any]]:
    """The alert rules of Prometheus."""
    groups = yaml.safe_load(_text("deploy/prometheus/alerts.yml"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.fixture(scope="session")
def panels() -> list[dict[str, Any]]:
    """The panels of the dashboard that show something."""
    dashboard = json.loads(_text("deploy/grafana/dashboards/pressroom.json"))
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


@pytest.fixture(scope="session")
def operations_page() -> str:
    """docs/operations.md."""
    return _text("docs/operations.md")


@pytest.fixture(scope="session")
def make_env() -> ModuleType:
    """deploy/setup/make_env.py."""
    return _module("deploy/setup/make_env.py")


@pytest.fixture(scope="session")
def health_check() -> ModuleType:
    """deploy/health.py."""
    return _module("deploy/health.py")


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _module(path: str) -> ModuleType:
    # The scripts in deploy/ run alone, so they belong to no package that could be imported.
    specification = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
