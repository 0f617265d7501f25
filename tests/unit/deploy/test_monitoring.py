"""The alerts and the dashboard show metrics that exist, and each alert is explained."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from libs.common import metrics

ROOT = Path(__file__).parents[3]
OF_PROMETHEUS = {"up"}
WORDS_OF_PROMQL = {
    "absent", "and", "by", "histogram_quantile", "increase", "le", "max", "or", "rate", "sum", "time", "unless",
}  # fmt: skip


def exported() -> set[str]:
    """The names under which Prometheus knows our metrics."""
    names = set()
    for metric in metrics.REGISTRY_IN_USE.collect():
        suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
        names |= {metric.name + suffix for suffix in suffixes.get(metric.type, [""])}
    return names


def labels_of(name: str) -> set[str]:
    """The labels of one of our metrics, as the catalogue declares them."""
    stem = re.sub(r"_(bucket|count|sum|total)$", "", name)
    for metric in vars(metrics).values():
        if getattr(metric, "_name", None) in (name, stem):
            return set(metric._labelnames) | ({"le"} if name.endswith("_bucket") else set())
    raise AssertionError(f"{name} is no metric of ours")


def metrics_in(expression: str) -> set[str]:
    """The metrics that a PromQL expression reads."""
    bare = re.sub(r"\{[^}]*\}|\[\w+\]|\bby \([^)]*\)", " ", expression)
    return set(re.findall(r"\b[a-z][a-z_]+\b", bare)) - WORDS_OF_PROMQL


def expressions(panels, alert_rules) -> list[str]:
    """All that is asked of Prometheus."""
    return [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in alert_rules]


def test_every_metric_that_is_asked_for_is_exported(panels, alert_rules):
    asked = set().union(*(metrics_in(expression) for expression in expressions(panels, alert_rules)))
    assert asked - OF_PROMETHEUS - exported() == set()


def test_metrics_are_told_apart_by_labels_that_they_have(panels, alert_rules):
    for expression in expressions(panels, alert_rules):
        names = metrics_in(expression) - OF_PROMETHEUS
        if not names:
            continue
        known = set().union(*(labels_of(name) for name in names))
        grouped = {label for group in re.findall(r"\bby \(([^)]*)\)", expression) for label in re.split(r",\s*", group)}
        selected = set(re.findall(r"(\w+)[=!]~?\"", expression))
        assert (grouped | selected) - known == set(), expression


def test_every_panel_has_a_title_a_unit_and_an_explanation(panels):
    titles = [panel["title"] for panel in panels]
    assert all(titles)
    assert len(set(titles)) == len(titles)
    for panel in panels:
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["description"], panel["title"]


def test_panels_do_not_cover_each_other(panels):
    taken = {}
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} covers {taken.get((x, y))}"
                taken[x, y] = panel["title"]


def test_queues_are_counted_once_though_every_service_reports_them(panels, alert_rules):
    for expression in expressions(panels, alert_rules):
        for name in ("pressroom_queue_messages", "pressroom_queue_consumers", "pressroom_outbox_oldest_seconds"):
            for before in re.findall(rf"(\S+(?: by \([^)]*\))? ?\(){name}", expression):
                assert before.startswith(("max", "sum(max")), expression


def test_the_data_source_of_the_dashboard_is_provisioned(panels):
    provisioned = (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text(encoding="utf-8")
    (uid,) = re.findall(r"uid: (\w+)", provisioned)
    assert {panel["datasource"]["uid"] for panel in panels} == {uid}


def test_each_alert_has_an_entry_that_says_what_to_do(alert_rules, operations_page):
    entries = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", operations_page, re.MULTILINE | re.DOTALL))
    assert {rule["alert"] for rule in alert_rules} == set(entries)
    for alert, text in entries.items():
        assert [part for part in ("**Meaning.**", "**Look.**", "**Do.**") if part not in text] == [], alert


def test_each_alert_leads_to_its_entry_and_says_how_urgent_it_is(alert_rules):
    for rule in alert_rules:
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_each_alert_fires_for_its_cause_and_a_healthy_installation_is_quiet():
    promtool = shutil.which("promtool")
    if promtool is None:
        # It comes with a Prometheus server that would start by itself, so nothing here installs it.
        pytest.skip(
            "promtool is missing; docker compose exec prometheus promtool test rules /etc/prometheus/alerts_test.yml"
        )
    cases = ROOT / "deploy/prometheus/alerts_test.yml"
    run = subprocess.run([promtool, "test", "rules", str(cases)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_alert_is_left_out_of_the_cases(alert_rules):
    cases = (ROOT / "deploy/prometheus/alerts_test.yml").read_text(encoding="utf-8")
    assert {rule["alert"] for rule in alert_rules} == set(re.findall(r'alertname="(\w+)"', cases))
