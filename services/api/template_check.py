"""What can never work is refused while its author is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy.orm import Session

from libs.common.sealing import Sealer
from libs.common.sql_parameters import parameter_names
from services.api import sql
from services.api.condition_check import check_checks
from services.api.definitions import as_json
from services.api.handling_check import check_csv, check_limits, sealed_drop, sealed_packing
from services.api.parameters import Declared, Misfit, normalised
from services.api.problems import Findings
from services.api.schemas.templates import NewParameter, NewQuery, NewTemplate
from services.api.sources import source_or_none
from services.api.tables import TemplateRow
from services.api.widget_check import checked_widgets
from services.api.words import shown


def checked_template(
    session: Session, sealer: Sealer, new: NewTemplate, kept: TemplateRow | None = None
) -> dict[str, Any]:
    """The columns of a template that can work; Refused if this one cannot. Secrets left out are those of `kept`."""
    with Findings() as wrong:
        source = source_or_none(session, new.source)
        if source is None:
            wrong.add("source", f"source must be the name or the id of a source; there is none called {new.source}.")
        queries = _queries(new, wrong)
        declared = _declarations(new.parameters, wrong)
        _check_names(queries, wrong)
        if source is not None:
            _check_sql(queries, source.kind, wrong)
        if not wrong.errors:
            _check_binds(queries, declared, wrong)
        parts = _parts(new, [query.name for query in queries.values()], sealer, kept, wrong)
    assert source is not None
    return {
        **parts,
        "slug": new.slug,
        "title": new.title,
        "description": new.description,
        "source_id": source.id,
        "queries": [{"name": query.name, "sql": query.sql} for query in queries.values()],
        "parameters": [msgspec.structs.asdict(one) for one in declared],
        "formats": list(dict.fromkeys(new.formats)),
    }


def _parts(
    new: NewTemplate, queries: list[str], sealer: Sealer, kept: TemplateRow | None, wrong: Findings
) -> dict[str, Any]:
    """What the template says beside its queries, as it travels."""
    check_csv(new.csv, wrong)
    check_checks(new.checks, queries, wrong)
    check_limits(new.limits, wrong)
    return {
        "widgets": as_json(checked_widgets(new.widgets, queries, wrong)),
        "packing": sealed_packing(new.packing, kept.packing if kept else {}, new.formats, sealer, wrong),
        "drop": sealed_drop(new.drop, kept.drop if kept else None, sealer, wrong),
        **{name: as_json(getattr(new, name)) for name in ("look", "csv", "checks", "keeping", "limits")},
    }


def _queries(new: NewTemplate, wrong: Findings) -> dict[str, NewQuery]:
    """The queries, each under the name of the field that holds its SQL."""
    if (new.query is UNSET) == (new.queries is UNSET):
        both = "not both" if new.query is not UNSET else "one of them is needed"
        wrong.add("query", f"query must hold one SELECT, or queries a list of them with names: {both}.")
        return {}
    if new.queries is not UNSET:
        return {f"queries[{index}].sql": query for index, query in enumerate(new.queries)}
    assert new.query is not UNSET
    return {"query": NewQuery(name=new.title[:80].strip(), sql=new.query)}


def _check_names(queries: dict[str, NewQuery], wrong: Findings) -> None:
    """Sheets and files are named after queries, and neither tells big letters from small ones everywhere."""
    seen: set[str] = set()
    for field, query in queries.items():
        if query.name.casefold() in seen:
            name_field = field.removesuffix("sql") + "name"
            wrong.add(
                name_field, f"{name_field} must be different from the other names, not {shown(query.name)} again."
            )
        seen.add(query.name.casefold())


def _check_sql(queries: dict[str, NewQuery], kind: str, wrong: Findings) -> None:
    for field, query in queries.items():
        if complaint := sql.complaint(query.sql, kind):
            wrong.add(field, f"{field} {complaint}.")


def _check_binds(queries: dict[str, NewQuery], declared: Sequence[Declared], wrong: Findings) -> None:
    names, used = {one.name for one in declared}, set[str]()
    for field, query in queries.items():
        bound = parameter_names(query.sql)
        used |= bound
        for name in sorted(bound - names):
            wrong.add(field, f"{field} uses :{name}, which parameters does not declare; declare it there.")
    for index, one in enumerate(declared):
        if one.name not in used:
            field = f"parameters[{index}].name"
            wrong.add(field, f"{field} is {one.name}, but no query uses :{one.name}; use it or leave it out.")


def _declarations(parameters: Sequence[NewParameter], wrong: Findings) -> list[Declared]:
    seen: set[str] = set()
    declared = []
    for index, one in enumerate(parameters):
        field = f"parameters[{index}]"
        if one.name in seen:
            wrong.add(f"{field}.name", f"{field}.name must be declared once, not {shown(one.name)} again.")
        seen.add(one.name)
        declared.append(_declaration(one, field, wrong))
    return declared


def _declaration(new: NewParameter, field: str, wrong: Findings) -> Declared:
    required = new.default is None if new.required is None else new.required
    allowed = None
    if new.allowed is not None:
        allowed = [_fitting(value, new, f"{field}.allowed[{index}]", wrong) for index, value in enumerate(new.allowed)]
        if not allowed:
            wrong.add(f"{field}.allowed", f"{field}.allowed must hold at least one value, or be left out.")
    default = None if new.default is None else _fitting(new.default, new, f"{field}.default", wrong)
    if allowed and default is not None and default not in allowed:
        choices = ", ".join(shown(one) for one in allowed)
        wrong.add(f"{field}.default", f"{field}.default must be one of {choices}, not {shown(default)}.")
    return Declared(name=new.name, type=new.type, required=required, default=default, allowed=allowed)


def _fitting(value: object, parameter: NewParameter, field: str, wrong: Findings) -> Any:
    try:
        return normalised(value, parameter.type)
    except Misfit as misfit:
        wrong.add(field, f"{field} must be {misfit}.")
        return None
