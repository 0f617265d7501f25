"""What the Dockerfile promises about each image."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

IMAGES = {
    "scheduler": "services.scheduler",
    "generator": "services.generator",
    "mailer": "services.mailer",
    "api": "services.api",
    "mailsink": "libs.mailsink",
}
ROOT = Path(__file__).parents[3]

each_image = pytest.mark.parametrize("image", IMAGES)


@each_image
def test_an_image_installs_its_own_extra_and_no_other(stages, image):
    built_from = [line for line in stages[image].arguments("COPY") if line.endswith("/venv")]
    assert built_from == [f"--from={image}-libraries /venv /venv"]
    installs = stages[f"{image}-libraries"].arguments("RUN") + stages["libraries"].arguments("RUN")
    assert re.findall(r"\.\[(.*?)\]", " ".join(installs)) == [image]


@each_image
def test_the_extra_of_an_image_exists(image):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert image in project["optional-dependencies"]


@each_image
def test_an_image_holds_its_own_code_and_the_shared_library_only(stages, image):
    folder = IMAGES[image].replace(".", "/")
    copies = [line for line in stages[image].arguments("COPY") if not line.endswith("/venv")]
    assert copies == ["--from=common /app /app", f"{folder} /app/{folder}"]
    assert {line.split()[0] for line in stages["common"].arguments("COPY")} == {
        "deploy/health.py",
        "libs/__init__.py",
        "libs/common",
        "services/__init__.py",
    }


@each_image
def test_an_image_is_not_run_by_root(stages, image):
    assert stages[image].base == "runtime"
    assert stages[image].arguments("USER") == ["10001:10001"]


@each_image
def test_an_image_starts_its_package_without_a_shell_and_can_be_checked(stages, image):
    (command,) = stages[image].arguments("CMD")
    assert json.loads(command)[:3] == ["python", "-m", IMAGES[image]]
    (check,) = stages[image].arguments("HEALTHCHECK")
    assert json.loads(check[check.index("[") :])[0] == "python"


@each_image
def test_code_is_copied_after_the_libraries_are_installed(stages, image):
    copies = stages[image].arguments("COPY")
    assert copies[0].endswith("/venv"), "a change of code would copy the libraries into a new layer"
    for stage in ("libraries", f"{image}-libraries"):
        assert all(line == "pyproject.toml ./" for line in stages[stage].arguments("COPY"))


@pytest.mark.parametrize("image", ["scheduler", "generator", "mailer", "api"])
def test_a_health_check_asks_the_port_that_the_service_listens_on(stages, image):
    (check,) = stages[image].arguments("HEALTHCHECK")
    port = _default(ROOT / "services" / image / "settings.py", f"{image}_operations_port")
    assert f"http://127.0.0.1:{port}/health/ready" in check


@pytest.mark.parametrize("image", ["scheduler", "generator", "mailer", "api"])
def test_prometheus_asks_the_port_that_the_service_listens_on(image):
    port = _default(ROOT / "services" / image / "settings.py", f"{image}_operations_port")
    scraped = (ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8")
    assert f"[{{names: [{image}], type: A, port: {port}," in scraped


def test_the_builder_gets_what_the_dockerfile_copies_and_nothing_secret(stages):
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    sources = {
        source
        for stage in stages.values()
        for line in stage.arguments("COPY")
        if not line.startswith("--from=")
        for source in line.split()[:-1]
    }
    assert {source for source in sources if source not in allowed and source.split("/")[0] not in allowed} == set()
    assert allowed <= {"pyproject.toml", "deploy/health.py", "libs", "services"}


def _default(settings: Path, field: str) -> object:
    for node in ast.walk(ast.parse(settings.read_text(encoding="utf-8"))):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == field:
            return ast.literal_eval(node.value)
    raise AssertionError(f"{settings} has no field {field}")
