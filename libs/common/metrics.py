"""Every metric of Pressroom, in one place; docs/metrics.md has a line on each, and a test compares the two.

Each service exports the depth of all queues, so that the figures outlive the death of any one of them:
take `max by (queue, state)`.
"""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

REGISTRY_IN_USE: CollectorRegistry = REGISTRY

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)

QUEUE_MESSAGES = Gauge(
    "pressroom_queue_messages",
    "Messages in a queue; state is ready, waiting (for a retry) or dead.",
    ["queue", "state"],
)
QUEUE_CONSUMERS = Gauge("pressroom_queue_consumers", "Consumers of a queue.", ["queue"])
BROKER_UP = Gauge(
    "pressroom_broker_up", "1 if the service could read the queues from the broker just now.", ["service"]
)

OUTBOX_UNPUBLISHED = Gauge("pressroom_outbox_unpublished", "Messages recorded but not yet confirmed.", ["service"])
OUTBOX_OLDEST_SECONDS = Gauge("pressroom_outbox_oldest_seconds", "Age of the oldest unconfirmed message.", ["service"])
MESSAGES_PUBLISHED = Counter(
    "pressroom_messages_published_total",
    "Messages by outcome: confirmed or refused.",
    ["service", "message", "outcome"],
)
EVENTS_HEARD = Counter(
    "pressroom_events_heard_total",
    "Events by outcome: handled, repeated, ignored (no handler), unknown or dead.",
    ["service", "event", "outcome"],
)
COMMANDS_HANDLED = Counter(
    "pressroom_commands_handled_total", "Commands by outcome: done, retried, postponed or dead.", ["command", "outcome"]
)

REPORTS = Counter(
    "pressroom_reports_total",
    "Attempts at a report by outcome: generated, spread, held, skipped, retried, failed or cancelled.",
    ["outcome"],
)
BURST_REPORTS = Counter("pressroom_burst_reports_total", "Personal reports that were ordered for recipients of bursts.")
REPORT_STAGE_SECONDS = Histogram(
    "pressroom_report_stage_seconds", "Duration of a stage: query, render or store.", ["stage"], buckets=_SECONDS
)
REPORT_WAIT_SECONDS = Histogram(
    "pressroom_report_wait_seconds",
    "From the request of a report to the start of its first attempt.",
    ["priority"],
    buckets=_SECONDS,
)
REPORT_ROWS = Counter("pressroom_report_rows_total", "Rows read from sources into reports.")

DELIVERIES = Counter(
    "pressroom_deliveries_total",
    "Attempts at a delivery by outcome: sent, deferred, rejected, unknown, suppressed or cancelled.",
    ["channel", "outcome"],
)
DELIVERY_SECONDS = Histogram(
    "pressroom_delivery_seconds", "Duration of one attempt at a delivery.", ["channel"], buckets=_SECONDS
)

NOTICES = Counter(
    "pressroom_notices_total",
    "Notices to owners of schedules by state: pending (ordered), sent, rejected, unknown, suppressed or no_address.",
    ["cause", "state"],
)

OCCURRENCES = Counter(
    "pressroom_occurrences_total", "Expected moments by outcome: started, skipped or missed.", ["outcome"]
)
OCCURRENCE_LATENESS_SECONDS = Histogram(
    "pressroom_occurrence_lateness_seconds", "From the expected moment to its claim by a scheduler.", buckets=_SECONDS
)
OCCURRENCES_UNACCOUNTED = Gauge(
    "pressroom_occurrences_unaccounted",
    "Expected moments that passed some time ago and have no row in the ledger; it must be 0.",
)
SCHEDULES_ACTIVE = Gauge("pressroom_schedules_active", "Schedules that have a next moment.")
SCHEDULER_HEARTBEAT = Gauge(
    "pressroom_scheduler_heartbeat_timestamp_seconds", "Unix time of the last look at the timetable."
)

DEAD_LETTERS = Gauge("pressroom_dead_letters", "Dead letters in the record that wait for a person.", ["stage", "class"])

HTTP_REQUESTS = Counter("pressroom_http_requests_total", "Requests to the API.", ["method", "route", "status"])
HTTP_SECONDS = Histogram(
    "pressroom_http_request_seconds", "Duration of a request to the API.", ["method", "route"], buckets=_SECONDS
)


def _begin_at_zero() -> None:
    """A child that does not exist before its first count hides that count from `increase()` and so from the alerts."""
    for outcome in ("generated", "spread", "held", "skipped", "retried", "failed", "cancelled"):
        REPORTS.labels(outcome)
    for outcome in ("sent", "deferred", "rejected", "unknown"):
        DELIVERIES.labels("email", outcome)
    for outcome in ("started", "skipped", "missed"):
        OCCURRENCES.labels(outcome)
    for cause in ("failed", "partial", "missed", "held", "paused", "dead_letter", "changed", "digest", "announcement"):
        for state in ("sent", "rejected", "unknown"):
            NOTICES.labels(cause, state)
    for stage in ("query", "render", "store"):
        REPORT_STAGE_SECONDS.labels(stage)
    for priority in ("urgent", "high", "normal", "low"):
        REPORT_WAIT_SECONDS.labels(priority)
    DELIVERY_SECONDS.labels("email")


_begin_at_zero()
