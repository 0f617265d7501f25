"""Whether what was read may be shown, and whether anybody is to get it: the checks and conditions, evaluated."""

from services.generator.judging.judge import Case, Verdict, is_remembered, judge
from services.generator.judging.readings import Readings

__all__ = ["Case", "Readings", "Verdict", "is_remembered", "judge"]
