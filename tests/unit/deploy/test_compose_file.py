"""What compose.yaml promises about each container."""

from __future__ import annotations

import importlib

import msgspec
import pytest

from libs.common.settings import variable

SERVICES = ("scheduler", "generator", "mailer", "api")
OURS = (*SERVICES, "mailsink")

each_service = pytest.mark.parametrize("name", SERVICES)


@pytest.mark.parametrize("name", OURS)
def test_each_of_ours_is_built_from_its_own_target(compose, name):
    assert compose["services"][name]["build"] == {"context": ".", "target": name}


@pytest.mark.parametrize("name", OURS)
def test_ours_run_with_as_few_rights_as_possible(compose, name):
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@each_service
def test_a_service_waits_until_its_servers_are_healthy(compose, name):
    needed = compose["services"][name]["depends_on"]
    assert needed == {"rabbitmq": {"condition": "service_healthy"}, "postgres": {"condition": "service_healthy"}}
    assert all("healthcheck" in compose["services"][server] for server in needed)


def test_everything_is_checked_limited_and_started_again(compose):
    for name, service in compose["services"].items():
        assert name in OURS or "healthcheck" in service, f"{name} cannot say whether it is well"
        assert service["restart"] == "unless-stopped", name
        assert "mem_limit" in service, name
        assert "max-size" in service["logging"]["options"], f"{name} may fill the disk with its log"


def test_images_of_others_have_a_version(compose):
    for name, service in compose["services"].items():
        if name not in OURS:
            assert ":" in service["image"].rsplit("/", 1)[1], name


def test_the_way_of_a_report_needs_no_profile(compose):
    optional = {name: service["profiles"] for name, service in compose["services"].items() if "profiles" in service}
    assert optional == {"mailsink": ["dev"], "prometheus": ["monitoring"], "grafana": ["monitoring"]}


def test_ports_are_published_on_this_machine_only_and_can_be_changed(compose):
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert set(published) == {"api", "prometheus", "grafana"}
    for (port,) in published.values():
        assert port.startswith("${PRESSROOM_")
        assert ":-127.0.0.1:" in port


@pytest.mark.parametrize("name", ["scheduler", "generator", "mailer"])
def test_what_may_run_several_times_has_no_fixed_name_or_port(compose, name):
    assert not {"container_name", "hostname", "ports"} & set(compose["services"][name])


@each_service
def test_a_service_is_given_settings_that_it_has_and_no_others(compose, name):
    module = importlib.import_module(f"services.{name}.settings")
    settings = getattr(module, f"{name.capitalize()}Settings")
    known = {variable(field.name) for field in msgspec.structs.fields(settings)}
    given = set(compose["services"][name]["environment"])
    assert given - known == set()
    required = {variable(field.name) for field in msgspec.structs.fields(settings) if field.required}
    assert required - given == set()


def test_who_only_reads_artifacts_cannot_change_them(compose):
    mounts = {name: " ".join(compose["services"][name].get("volumes", [])) for name in SERVICES}
    folder = "artifacts:/var/lib/pressroom/artifacts"
    assert folder in mounts["generator"].split()
    assert folder in mounts["api"].split(), "the api keeps the logos of templates there"
    assert f"{folder}:ro" in mounts["mailer"].split()
    assert "artifacts" not in mounts["scheduler"]


def test_each_service_opens_its_own_store_as_its_own_user(compose):
    databases = {"scheduler": "timetable", "generator": "journal", "mailer": "ledger", "api": "records"}
    for name in SERVICES:
        url = compose["services"][name]["environment"][f"PRESSROOM_{name.upper()}_STORE_URL"]
        assert url.startswith(f"postgresql://{name}:${{PRESSROOM_{name.upper()}_STORE_PASSWORD:?")
        assert url.endswith(f"@postgres/{databases[name]}")


def test_a_missing_secret_stops_compose_with_a_sentence_that_names_it(compose_variables, env_example, make_env):
    secrets = set(make_env.SECRET.findall(env_example))
    sentences = {v.name: v.required_sentence for v in compose_variables if v.required_sentence}
    assert secrets - set(sentences) == set()
    for name, sentence in sentences.items():
        assert sentence.startswith(f"{name} is not set. ")


def test_volumes_that_are_used_are_declared_and_the_other_way_round(compose):
    mounts = [mount for service in compose["services"].values() for mount in service.get("volumes", [])]
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith(("./", "/"))}
    assert named == set(compose["volumes"])
