"""What can never work about a burst is refused while its author is there."""

from __future__ import annotations

import re

from libs.common.delivering import Burst
from libs.common.sql_parameters import parameter_names
from services.api import sql
from services.api.orders import declared
from services.api.problems import Findings
from services.api.tables import TemplateRow
from services.api.words import shown

_COLUMN = re.compile(r"[^\W\d]\w*(?:[ -]\w+)*")
LONGEST_COLUMN = 128
LONGEST_SQL = 100_000


def check_burst(burst: Burst | None, template: TemplateRow | None, wrong: Findings) -> None:
    """Note in `wrong` what cannot work; which columns the query gives only the source can tell (see bursts.py)."""
    if burst is None:
        return
    if burst.share_out_by and not (_COLUMN.fullmatch(burst.share_out_by) and len(burst.share_out_by) <= LONGEST_COLUMN):
        wrong.add(
            "burst.share_out_by",
            f"burst.share_out_by must be the plain name of a column, not {shown(burst.share_out_by)}.",
        )
    if burst.canary > burst.cap:
        wrong.add("burst.canary", f"burst.canary must be at most burst.cap, which is {burst.cap:,}.")
    if len(burst.sql) > LONGEST_SQL:
        wrong.add("burst.sql", f"burst.sql must be text of at most {LONGEST_SQL:,} characters.")
    elif template is not None:
        _check_sql(burst, template, wrong)


def _check_sql(burst: Burst, template: TemplateRow, wrong: Findings) -> None:
    if complaint := sql.complaint(burst.sql, template.source.kind):
        wrong.add("burst.sql", f"burst.sql {complaint}.")
        return
    known = {one.name for one in declared(template)}
    for name in sorted(parameter_names(burst.sql) - known):
        has = f"it has {', '.join(sorted(known))}" if known else "it has none"
        wrong.add("burst.sql", f"burst.sql uses :{name}, which is no parameter of this report type; {has}.")
    drop = template.drop
    if drop is not None and "{report_id}" not in str(drop.get("pattern", "")):
        wrong.add(
            "burst",
            "burst: the template drops copies of its files, and those of all recipients would have the same names; "
            "let drop.pattern of the template name {report_id}.",
        )
