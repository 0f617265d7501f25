"""All that a template can say is kept, shown without secrets, and travels in its orders."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from libs.common.conditions import Checks, Condition, Conditions
from libs.common.handling import Keeping, Limits
from libs.common.look import Look, Widget
from libs.common.messages import GenerateReport, ReportOrder, ScheduleSaved

Refuse = Callable[..., str]

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 64, 32, 8, 6, 0, 0, 0)
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08" + struct.pack(">HH", 32, 64) + b"\x01\x11\x00"
SAID: dict[str, Any] = {
    "widgets": [
        {"kind": "figure", "title": "Worst", "value": "delay", "better": "lower", "format": "decimal:1"},
        {"kind": "bar", "query": "Delays by carrier", "title": "All", "x": "carrier", "series": ["delay"]},
        {
            "query": "Delays by carrier",
            "columns": [{"column": "delay", "total": "max", "rules": [{"when": ">", "value": 9, "text": "#FF0000"}]}],
            "sort": [{"column": "delay", "descending": True}],
        },
    ],
    "look": {"subtitle": "2013", "accent": "#004D40", "page": "A3", "locale": "de_AT", "cover": False},
    "csv": {"delimiter": ";", "decimal": ",", "bom": False},
    "checks": {"min_rows": 1, "change": [{"at_most": 0.5}], "on_failure": "hold"},
    "packing": {"pack": "zip", "password": "s3cret-pw"},
    "drop": {"url": "s3://key:s3cret-pw@bucket/daily", "pattern": "{year}/{filename}"},
    "keeping": {"days": 90, "reuse_seconds": 600},
    "limits": {"soft_seconds": 30.0, "max_rows": 500},
}


@pytest.fixture
def rich(with_template: Any) -> Any:
    """The api, whose template says all that there is to say."""
    answer = with_template.patch("/templates/delays", SAID)
    assert answer.status_code == 200, answer.text
    return with_template


def order(api: Any) -> ReportOrder:
    """What is ordered when somebody asks for the report now."""
    api.made("/reports/", {"report_type": "delays"})
    command = api.announced()[-1]
    assert isinstance(command, GenerateReport)
    return command.order


def workbook(kind: str = "spreadsheetml.sheet.main", filling: int = 0) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f"application/vnd.openxmlformats-officedocument.{kind}+xml")
        archive.writestr("filling", b"\0" * filling)
    return file.getvalue()


def put(api: Any, path: str, content: bytes) -> Any:
    return api.client.put(f"/api/v1/templates/delays/{path}", content=content)


def test_what_was_said_is_shown_without_secrets(rich: Any) -> None:
    shown = rich.get("/templates/delays")
    assert "s3cret" not in shown.text
    assert "sealed" not in shown.text
    body = shown.json()
    for name in ("look", "csv", "checks", "keeping", "limits"):
        assert body[name] == SAID[name], name
    assert [one.get("query") for one in body["widgets"]] == ["Delays by carrier"] * 3
    assert body["packing"] == {"pack": "zip", "has_password": True}
    assert body["drop"] == {"url": "s3://bucket/daily", "pattern": "{year}/{filename}"}
    assert (body["has_logo"], body["has_workbook"]) == (False, False)


def test_it_travels_in_every_order(rich: Any) -> None:
    put(rich, "logo", PNG)
    template, opened = order(rich).template, rich.platform.sealer.open
    assert template.widgets[0] == Widget(
        kind="figure", query="Delays by carrier", title="Worst", value="delay", better="lower", format="decimal:1"
    )
    assert template.look.logo_key.endswith(".png")
    assert template.look == Look(
        subtitle="2013", accent="#004D40", page="A3", locale="de_AT", cover=False, logo_key=template.look.logo_key
    )
    assert template.checks.on_failure == "hold"
    assert (template.keeping, template.limits) == (
        Keeping(days=90, reuse_seconds=600),
        Limits(soft_seconds=30.0, max_rows=500),
    )
    assert (template.packing.pack, opened(template.packing.sealed_password)) == ("zip", "s3cret-pw")
    assert template.drop is not None
    assert opened(template.drop.sealed_url) == SAID["drop"]["url"]


def test_a_secret_that_is_left_out_stays_and_null_removes_it(rich: Any) -> None:
    rich.patch("/templates/delays", {"packing": {"pack": "zip"}, "drop": {"pattern": "{filename}"}})
    template = order(rich).template
    assert rich.platform.sealer.open(template.packing.sealed_password) == "s3cret-pw"
    assert template.drop is not None
    assert (template.drop.pattern, template.drop.shown) == ("{filename}", "s3://bucket/daily")
    changed = rich.patch("/templates/delays", {"packing": {"password": None}, "drop": None}).json()
    assert (changed["packing"], changed["drop"]) == ({"pack": None, "has_password": False}, None)


def test_a_change_of_one_part_leaves_the_others(rich: Any) -> None:
    before = rich.get("/templates/delays").json()
    changed = rich.patch("/templates/delays", {"checks": {}}).json()
    assert changed["checks"] == {}
    assert {**changed, "checks": before["checks"]} == before


def test_a_template_that_says_nothing_orders_what_is_usual(with_template: Any) -> None:
    template = order(with_template).template
    assert (template.widgets, template.look, template.checks, template.drop) == ((), Look(), Checks(), None)


def test_conditions_belong_to_a_schedule_and_follow_its_template(with_template: Any, schedule: dict[str, Any]) -> None:
    query = {"query": "Delays by carrier", "measure": "delay", "when": ">", "value": 60}
    conditions = {"only_if": [query], "crossing": True, "quiet_seconds": 3600}
    made = with_template.made("/reports/schedules/", {**schedule, "conditions": conditions})
    assert made["conditions"] == conditions
    saved = with_template.announced()[-1]
    assert isinstance(saved, ScheduleSaved)
    assert saved.order.conditions == Conditions(
        only_if=(Condition(query="Delays by carrier", measure="delay", when=">", value=60.0),),
        crossing=True,
        quiet_seconds=3600,
    )
    answer = with_template.patch("/templates/delays", {"queries": [{"name": "New", "sql": "SELECT :month"}]})
    assert answer.status_code == 409
    assert 'conditions.only_if[0].query must be the name of a query, "New"' in answer.json()["detail"]
    assert with_template.patch(f"/reports/schedules/{made['id']}", {"conditions": {}}).json()["conditions"] == {}


REFUSED: tuple[tuple[dict[str, Any], str, str | None], ...] = (
    ({"widgets": [{"kind": "donut"}]}, "widgets[0].kind", None),
    (
        {"widgets": [{"titel": "x"}]},
        "widgets[0].titel",
        "widgets[0].titel is not a field here; did you mean title?",
    ),
    (
        {"widgets": [{"query": "Sales"}]},
        "widgets[0].query",
        'widgets[0].query must be the name of a query, "Delays by carrier", not "Sales".',
    ),
    ({"widgets": [{"title": "A"}, {"title": "a"}]}, "widgets[1].title", None),
    (
        {"widgets": [{"stacked": True}]},
        "widgets[0].stacked",
        "widgets[0].stacked says nothing about a table; it is for bar or area only.",
    ),
    ({"widgets": [{"kind": "pie", "series": ["a", "b"]}]}, "widgets[0].series", None),
    ({"widgets": [{"kind": "bar", "x": "a", "series": ["a"]}]}, "widgets[0].series", None),
    ({"widgets": [{"columns": [{"column": "a"}, {"column": "a"}]}]}, "widgets[0].columns[1]", None),
    ({"widgets": [{"columns": [{"column": "a", "format": "decmal:2"}]}]}, "widgets[0].columns[0].format", None),
    (
        {"widgets": [{"columns": [{"column": "a", "rules": [{"when": ">", "value": 1}]}]}]},
        "widgets[0].columns[0].rules[0]",
        None,
    ),
    ({"widgets": [{"columns": [{"column": "a", "width": 500}]}]}, "widgets[0].columns[0].width", None),
    ({"look": {"accent": "red"}}, "look.accent", 'look.accent must be a colour like #1F4E79, not "red".'),
    ({"look": {"logo_key": "x"}}, "look.logo_key", None),
    (
        {"look": {"locale": "german!"}},
        "look.locale",
        'look.locale must be a locale like en or de_AT, not "german!".',
    ),
    ({"csv": {"delimiter": ";;"}}, "csv.delimiter", None),
    ({"csv": {"delimiter": ",", "decimal": ","}}, "csv.decimal", None),
    ({"checks": {"min_rows": 5, "max_rows": 4}}, "checks.max_rows", None),
    ({"checks": {"nulls": [{"column": "a", "at_most": 2}]}}, "checks.nulls[0].at_most", None),
    ({"checks": {"fresh": [{"query": "No", "column": "a", "within_seconds": 5}]}}, "checks.fresh[0].query", None),
    ({"packing": {"sealed_password": "x"}}, "packing.sealed_password", None),
    ({"packing": {"password": "s3c"}}, "packing.password", None),
    (
        {"packing": {"password": "s3cret-pw"}},
        "packing.pack",
        "packing.pack must be zip, because csv files cannot have a password by themselves.",
    ),
    ({"drop": {}}, "drop.url", None),
    ({"drop": {"url": "ftp://s3cret-pw@host/x"}}, "drop.url", None),
    ({"drop": {"url": "s3://key:s3cret/pw@bucket/x"}}, "drop.url", None),
    ({"drop": {"url": "../elsewhere"}}, "drop.url", None),
    ({"drop": {"url": "daily", "pattern": "{file}/{filename}"}}, "drop.pattern", None),
    ({"drop": {"url": "daily", "pattern": "../{filename}"}}, "drop.pattern", None),
    ({"drop": {"url": "daily", "pattern": "{date}"}}, "drop.pattern", None),
    ({"drop": {"url": "daily", "pattern": "{filename"}}, "drop.pattern", None),
    ({"keeping": {"days": 0}}, "keeping.days", "keeping.days must be an integer from 1 to 36,500, not 0."),
    ({"limits": {"soft_seconds": 0}}, "limits.soft_seconds", None),
    ({"limits": {"soft_seconds": 9, "hard_seconds": 8}}, "limits.hard_seconds", None),
)


def test_a_part_that_cannot_work_is_refused(refused: Refuse, template: dict[str, Any]) -> None:
    for change, field, sentence in REFUSED:
        found = refused("/templates", {**template, "slug": "new", **change}, field)
        assert "s3c" not in found
        if sentence is not None:
            assert found == sentence


def test_formats_that_a_password_cannot_protect_are_refused(with_template: Any, schedule: dict[str, Any]) -> None:
    protected = {"formats": ["pdf"], "packing": {"password": "s3cret-pw"}}
    made = with_template.made("/reports/schedules/", {**schedule, "formats": ["csv"]})
    answer = with_template.patch("/templates/delays", protected)
    assert (answer.status_code, "csv files cannot have the password" in answer.json()["detail"]) == (409, True)
    with_template.patch(f"/reports/schedules/{made['id']}", {"formats": ["xlsx"]})
    assert with_template.patch("/templates/delays", protected).status_code == 200
    sentence = (
        "formats must be xlsx or pdf: csv or json files cannot have the password of the template, which packs no zip."
    )
    for path, body in (("/reports/", {"report_type": "delays"}), ("/reports/schedules/", schedule)):
        answer = with_template.post(path, {**body, "formats": ["csv", "pdf", "json"]})
        assert answer.json()["errors"] == [{"field": "formats", "detail": sentence}]


def test_words_and_number_formats_of_excel_are_formats(with_template: Any) -> None:
    words = ["integer", "decimal", "decimal:3", "percent", "percent:1", "currency:EUR", "currency:JPY:0", "General"]
    excel = ["#,##0.00", "dd.mm.yyyy", "yyyy", "hh:mm", "h:mm AM/PM", "0.00E+00", "mmm d", '#,##0 "kg"', "@"]
    for format_ in (*words, *excel):
        answer = with_template.patch("/templates/delays", {"widgets": [{"kind": "figure", "format": format_}]})
        assert answer.status_code == 200, answer.text
    for format_ in ("decmal:2", "decimal:two", "currency:euro", "number", "Decimal"):
        answer = with_template.patch("/templates/delays", {"widgets": [{"kind": "figure", "format": format_}]})
        assert answer.json()["errors"][0]["field"] == "widgets[0].format", format_


REFUSED_CONDITIONS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"only_if": [{"when": "=>", "value": 1}]}, "conditions.only_if[0].when"),
    ({"only_if": [{"when": ">"}]}, "conditions.only_if[0].value"),
    ({"only_if": [{"query": "No", "when": ">", "value": 1}]}, "conditions.only_if[0].query"),
    ({"only_if": [{"measure": "", "when": ">", "value": 1}]}, "conditions.only_if[0].measure"),
    ({"crossing": True}, "conditions.only_if"),
    ({"quiet": 5}, "conditions.quiet"),
)


def test_conditions_that_cannot_work_are_refused(refused: Refuse, schedule: dict[str, Any]) -> None:
    for conditions, field in REFUSED_CONDITIONS:
        refused("/reports/schedules/", {**schedule, "conditions": conditions}, field)


@pytest.mark.parametrize(("what", "content"), [("logo", PNG), ("logo", JPEG), ("workbook", workbook())])
def test_an_upload_is_kept_and_announced(
    with_template: Any, schedule: dict[str, Any], what: str, content: bytes
) -> None:
    with_template.made("/reports/schedules/", schedule)
    assert put(with_template, what, content).json()[f"has_{what}"] is True
    key = getattr(with_template.announced()[-1].order.template.look, f"{what}_key")
    assert with_template.platform.artifacts.read(key) == content
    told = len(with_template.announced())
    put(with_template, what, content)
    assert len(with_template.announced()) == told, "the same file again changes nothing"
    removed = with_template.delete(f"/templates/delays/{what}")
    assert (removed.status_code, removed.json()[f"has_{what}"]) == (200, False)
    assert getattr(with_template.announced()[-1].order.template.look, f"{what}_key") == ""


REFUSED_UPLOADS = (
    ("logo", b"", 422, "a PNG or JPEG picture"),
    ("logo", b"GIF89a", 422, "a PNG or JPEG picture"),
    ("logo", PNG[:20], 422, "breaks off"),
    ("logo", JPEG[:9], 422, "breaks off"),
    ("logo", PNG[:16] + struct.pack(">II", 50_000, 50_000), 422, "not 50,000 × 50,000"),
    ("logo", PNG + b"\0" * 1_000_000, 413, "at most 1,000,000 bytes"),
    ("workbook", PNG, 422, "an xlsx workbook"),
    ("workbook", workbook("wordprocessingml.document.main"), 422, "not another kind of file"),
    ("workbook", workbook(filling=100_000_001), 422, "unpacks to at most 100,000,000 bytes"),
)


def test_an_upload_that_is_something_else_is_refused(with_template: Any) -> None:
    before = with_template.stored()
    for what, content, status, words in REFUSED_UPLOADS:
        answer = put(with_template, what, content)
        assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
    assert with_template.stored() == before


def test_an_upload_for_a_template_that_is_not_there_is_refused(with_template: Any) -> None:
    assert with_template.client.put("/api/v1/templates/none/logo", content=PNG).status_code == 404
    assert with_template.delete("/templates/none/logo").status_code == 404
