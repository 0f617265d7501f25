from __future__ import annotations

from catalogue import code, difference, row, rows
from prometheus_client.metrics import MetricWrapperBase

from libs.common import metrics

PAGE = "metrics.md"
CATALOGUE = [thing for thing in vars(metrics).values() if isinstance(thing, MetricWrapperBase)]


def name(metric: MetricWrapperBase) -> str:
    """The name under which Prometheus stores it; of a histogram, without `_bucket`, `_sum` and `_count`."""
    return f"{metric._name}_total" if metric._type == "counter" else metric._name


def test_every_metric_has_its_line_and_every_line_its_metric() -> None:
    wanted = {
        row(
            code(name(metric)),
            str(metric._type),
            ", ".join(map(code, metric._labelnames)) or "-",
            metric._documentation,
        )
        for metric in CATALOGUE
    }
    assert not (problem := difference(PAGE, rows(PAGE), wanted)), problem


def test_every_metric_is_named_after_us_and_its_unit() -> None:
    assert CATALOGUE
    assert [name(metric) for metric in CATALOGUE if not name(metric).startswith("pressroom_")] == []
    durations = [name(metric) for metric in CATALOGUE if metric._type == "histogram"]
    assert [found for found in durations if not found.endswith("_seconds")] == []
