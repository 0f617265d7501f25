"""The verdict on what was read: sent, skipped, held, failed or sent with a warning; and what is remembered of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from libs.common.conditions import Checks, Conditions
from libs.common.errors import PermanentFailure
from libs.common.messages import Template
from services.generator.judging.checks import failures, measured
from services.generator.judging.conditions import decide
from services.generator.judging.precedent import Precedent
from services.generator.judging.readings import Readings, Unmeasurable


@dataclass(frozen=True, kw_only=True)
class Case:
    """What there is to judge. `due` is the moment for which the report is made; `before` is None without a schedule."""

    template: Template
    conditions: Conditions
    before: Precedent | None
    now: datetime
    due: datetime
    timezone: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`skipped`: why nobody gets the report; `failures`: the checks that failed; both are empty if all is well.

    `after` is what the schedule remembers once the report ends as the verdict says, `if_released` what it remembers
    once a report that is held has been approved. None: as before.
    """

    skipped: str = ""
    failures: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    """Those of the failures for which the report waits for an approval."""
    after: Precedent | None = None
    if_released: Precedent | None = None


def is_remembered(template: Template, conditions: Conditions) -> bool:
    """Whether a schedule's next report will be compared with this one."""
    return conditions != Conditions() or bool(template.checks.change)


def judge(case: Case, readings: Readings) -> Verdict:
    """Evaluate the checks, then the conditions.

    A failed check of a template that blocks is a PermanentFailure with all sentences: data that cannot be trusted
    decides nothing. So is a condition that cannot be evaluated.
    """
    checks, before = case.template.checks, _comparable(case)
    failed = failures(checks, readings, before.measures, case.now) if checks != Checks() else ()
    if failed and checks.on_failure == "block":
        raise PermanentFailure(f"The data did not pass its checks. {' '.join(failed)}")
    if case.before is None or not is_remembered(case.template, case.conditions):
        return Verdict(failures=failed, held=_held(case, failed))
    return _conditional(case, readings, before, failed)


def _comparable(case: Case) -> Precedent:
    """What came before, as far as it was made of the same template."""
    before = case.before or Precedent()
    if before.template_id in (None, case.template.template_id):
        return before
    return replace(before, digest="", measures={})


def _conditional(case: Case, readings: Readings, before: Precedent, failed: tuple[str, ...]) -> Verdict:
    digest = _digest(case, readings)
    decision = decide(case.conditions, readings, before, digest, case.due, case.timezone)
    now = replace(before, template_id=case.template.template_id)
    if decision.reason:
        # What was compared with this template's rows is kept; so is what belongs to another one, by its absence.
        after = replace(now, is_armed=decision.is_armed)
        reason = " ".join((decision.reason, *(f"A check failed: {one}" for one in failed)))
        return Verdict(skipped=reason, failures=failed, after=after)
    fired = replace(now, is_armed=not case.conditions.crossing)
    # Occurrences that are caught up with may end in another order than that of their moments.
    sent_for = max(case.due, before.sent_for or case.due)
    sent = replace(fired, sent_for=sent_for, digest=digest, measures=measured(case.template.checks, readings))
    if held := _held(case, failed):
        return Verdict(failures=failed, held=held, after=fired, if_released=sent)
    return Verdict(failures=failed, after=sent)


def _held(case: Case, failed: tuple[str, ...]) -> tuple[str, ...]:
    return failed if case.template.checks.on_failure == "hold" else ()


def _digest(case: Case, readings: Readings) -> str:
    if not case.conditions.only_if_changed:
        return ""
    try:
        return readings.digest()
    except Unmeasurable as missing:
        raise PermanentFailure(f"Whether the rows have changed cannot be told: {missing}") from missing
