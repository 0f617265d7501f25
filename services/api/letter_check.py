"""Whether the words that people want in their letters mean something, looked at when they are saved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from libs.common.letter_words import figure_label
from libs.common.placeholders import Placeholder, check_letter_text
from services.api.problems import Findings
from services.api.tables import TemplateRow
from services.api.words import either, shown

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_STATEMENT = re.compile(r"\{[%#]|[%#]\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Line ends and tabs are no harm in a text; of a subject its schema has none."""

_UTC = " (UTC)"
"""The generator adds it to the title of a figure that is an instant."""


def check_words(texts: Mapping[str, str], template: TemplateRow | None, wrong: Findings) -> None:
    """Note in `wrong` what cannot be said. `texts` are the subject and the text of a letter, by their fields."""
    for field, text in texts.items():
        problem = _problem(text) or (_figure_problem(text, template) if template is not None else "")
        if problem:
            wrong.add(field, f"{field}: {problem}")


def _problem(text: str) -> str:
    """What is wrong with the text whatever the template is; empty if nothing."""
    if control := _CONTROL.search(text):
        return f"the control character {shown(control[0])} has no place in a letter; take it out."
    try:
        check_letter_text(text)
    except Placeholder as failure:
        return str(failure)
    rest = _PLACEHOLDER.sub("", text)
    if statement := _STATEMENT.search(rest):
        return (
            f"{statement[0]} begins or ends a statement, and a letter has none: no loops and no conditions, only "
            "placeholders like {{today}} or {{recipient_name}}."
        )
    if "{{" in rest or "}}" in rest:
        return "every {{ needs its }} with a placeholder between them, like {{today}}; here one is left over."
    return ""


def _figure_problem(text: str, template: TemplateRow) -> str:
    """What is wrong with the key figures that the text names; empty if nothing."""
    wanted = [label for inside in _PLACEHOLDER.findall(text) if (label := figure_label(inside)) is not None]
    wanted = [" ".join(label.split()) for label in wanted]
    if not wanted:
        return ""
    if template.packing.get("sealed_password"):
        return "the files of this template have a password, so letters do not show its figures; take {{figure:…}} out."
    titles = _titles(template.widgets, template.queries)
    unknown = next((label for label in wanted if not {label, label.removesuffix(_UTC)} & set(titles)), None)
    if unknown is None:
        return ""
    if not titles:
        return f"{{{{figure:{unknown}}}}} means nothing: the template has no key figures."
    return f"{{{{figure:{unknown}}}}} means nothing: the key figures of the template are {either(titles)}."


def _titles(widgets: Sequence[Mapping[str, Any]], queries: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the key figures of a template are called."""
    first = queries[0]["name"] if queries else ""
    figures = [one for one in widgets if one.get("kind", "table") == "figure"]
    return [" ".join((one.get("title") or one.get("query") or first).split()) for one in figures]
