"""What deploy/kubernetes and deploy/systemd promise fits the services, their settings and their images."""

from __future__ import annotations

import configparser
import importlib
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from libs.common.settings import CommonSettings, variable

DEPLOY = Path(__file__).parents[3] / "deploy"
SERVICES = ("scheduler", "generator", "mailer", "api")

each_service = pytest.mark.parametrize("name", SERVICES)


def env_file(path: str) -> dict[str, str]:
    """A file of NAME=value lines; the commented ones with a value count too."""
    text = (DEPLOY / path).read_text()
    return dict(line.split("=", 1) for line in re.findall(r"^(?:# )?([A-Z][A-Z_]+=.*)$", text, re.MULTILINE))


def settings_of(name: str) -> Any:
    return getattr(importlib.import_module(f"services.{name}.settings"), f"{name.capitalize()}Settings")


def known(name: str) -> set[str]:
    return {variable(field.name) for field in msgspec.structs.fields(settings_of(name))}


def required(name: str) -> set[str]:
    return {variable(field.name) for field in msgspec.structs.fields(settings_of(name)) if field.required}


def documents(name: str) -> dict[str, dict[str, Any]]:
    """What is made for a service, by kind."""
    loaded = yaml.safe_load_all((DEPLOY / "kubernetes" / f"{name}.yaml").read_text())
    return {document["kind"]: document for document in loaded}


def pod(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = documents(name)["Deployment"]["spec"]["template"]["spec"]
    return spec


def operations_port(name: str) -> int:
    fields = {field.name: field.default for field in msgspec.structs.fields(settings_of(name))}
    return int(fields[f"{name}_operations_port"])


@each_service
def test_a_pod_is_given_all_that_its_service_requires(name: str) -> None:
    (container,) = pod(name)["containers"]
    secrets = env_file("kubernetes/secrets.env.example")
    for one in container["env"]:
        if "valueFrom" in one:
            assert one["valueFrom"]["secretKeyRef"]["key"] == one["name"]
            assert one["name"] in secrets
    given = {one["name"] for one in container["env"]} | set(env_file("kubernetes/settings.env"))
    assert required(name) - given == set()
    ours = {one["name"] for one in container["env"] if one["name"].startswith("PRESSROOM_")}
    assert ours - known(name) == set()


def test_a_setting_for_all_pods_is_one_that_somebody_has() -> None:
    everybody = set().union(*(known(name) for name in SERVICES))
    given = {*env_file("kubernetes/settings.env"), *env_file("kubernetes/secrets.env.example")}
    assert {one for one in given if one.startswith("PRESSROOM_")} - everybody == set()


@each_service
def test_a_pod_is_asked_for_its_health_where_the_service_answers(name: str) -> None:
    (container,) = pod(name)["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports["operations"] == operations_port(name)
    probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert probes["liveness"] == probes["startup"] == {"path": "/health/live", "port": "operations"}
    assert probes["readiness"] == {"path": "/health/ready", "port": "operations"}
    annotations = documents(name)["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(operations_port(name))


@each_service
def test_a_pod_runs_as_the_image_does_with_as_few_rights_as_possible(name: str, stages: Any) -> None:
    assert pod(name)["securityContext"]["runAsUser"] == int(stages[name].arguments("USER")[0].split(":")[0])
    assert pod(name)["securityContext"]["runAsNonRoot"] is True
    assert pod(name)["automountServiceAccountToken"] is False
    (container,) = pod(name)["containers"]
    assert container["image"] == f"pressroom-{name}"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod(name)["volumes"]}


@each_service
def test_what_selects_a_pod_finds_it_and_no_other(name: str) -> None:
    labels = documents(name)["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/name"] == name
    assert documents(name)["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert documents(name)["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels


def test_the_service_of_the_api_leads_to_its_port() -> None:
    service = documents("api")["Service"]["spec"]
    assert service["selector"] == documents("api")["Deployment"]["spec"]["template"]["metadata"]["labels"]
    (container,) = pod("api")["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports[service["ports"][0]["targetPort"]] == 8000
    assert {"name": "PRESSROOM_API_HOST", "value": "0.0.0.0"} in container["env"]


def test_the_kustomization_names_every_file_and_image() -> None:
    kustomization = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
    files = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == files
    assert {image["name"] for image in kustomization["images"]} == {f"pressroom-{name}" for name in SERVICES}


def test_a_stopping_service_has_the_time_that_it_takes_for_itself() -> None:
    fields = {field.name: field.default for field in msgspec.structs.fields(CommonSettings)}
    for name in SERVICES:
        assert pod(name)["terminationGracePeriodSeconds"] > fields["stop_timeout_seconds"]
    assert int(unit()["Service"]["TimeoutStopSec"]) > fields["stop_timeout_seconds"]


def test_systemd_tells_only_the_service_to_stop_and_leaves_a_wrong_setting_to_a_person() -> None:
    service = unit()["Service"]
    assert service["KillMode"] == "mixed"
    assert service["ExecStart"].endswith("-m services.%i")
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("always", "2")
    wanted = read_unit("pressroom.target")["Unit"]["Wants"].split()
    assert wanted == [f"pressroom@{name}.service" for name in SERVICES]


def test_the_settings_file_of_systemd_starts_every_service() -> None:
    given = set(env_file("systemd/pressroom.env"))
    everybody = set().union(*(known(name) for name in SERVICES))
    assert given - everybody == set()
    assert set().union(*(required(name) for name in SERVICES)) - given == set()


def unit() -> configparser.ConfigParser:
    return read_unit("pressroom@.service")


def read_unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "systemd" / name)
    return parser
