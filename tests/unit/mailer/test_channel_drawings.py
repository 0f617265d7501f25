"""What a chat shows of a report: all that matters, within its limits, and nothing that people or data can bend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from channel_world import NOW, PREVIEW, ChannelWorld

from libs.common.delivering import Figure, Preview, PreviewColumn
from services.mailer.channels.parcel import Parcel, parcel_of
from services.mailer.channels.slack import slack_message
from services.mailer.channels.teams import teams_message
from services.mailer.channels.words import text_of


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    world = ChannelWorld(tmp_path)
    return parcel_of(world.command(world.destination("slack", "https://x.example")), world.places.desk, NOW)


def texts(part: Any, *keys: str) -> list[str]:
    """Every text under one of `keys`, in order."""
    if isinstance(part, dict):
        own = [value for key, value in part.items() if key in keys and isinstance(value, str)]
        return own + [text for value in part.values() for text in texts(value, *keys)]
    return [text for one in part for text in texts(one, *keys)] if isinstance(part, list) else []


def huge(parcel: Parcel) -> Parcel:
    columns = tuple(PreviewColumn(label=f"Column {number} <&>") for number in range(12))
    preview = Preview(title="T" * 500, columns=columns, rows=(("<&>" * 40,) * 12,) * 50, total_rows=1_000_000)
    figures = tuple(Figure(label="<&>" * 300, value="<&>" * 300) for _ in range(30))
    return msgspec.structs.replace(
        parcel, title="T" * 500, paragraphs=("<&>" * 3_000,), preview=preview, figures=figures, files=parcel.files * 30
    )


def test_slack_shows_the_report_and_nothing_calls_anybody(parcel: Parcel) -> None:
    message = slack_message(parcel)
    said = "\n".join(texts(message, "text"))
    assert "For 2 March 2026, 08:00 Europe/Vienna" in said
    assert "*Amount*\n10.204,50 € (+12 %)" in said
    assert (
        "Region           Amount\n-------------  --------\nNorth ''' &lt;x&gt;  1.204,50\nSouth          9.000,00"
        in said
    )
    assert "The first 2 of 12 rows." in said
    assert "|sales.xlsx (12 rows, 2.3 MB)>" in said
    assert "Only the first 50,000 rows." in said
    assert "The links work until 16 March 2026, 08:00 Europe/Vienna." in said
    assert "here is &lt;!channel&gt; the" in said
    assert "<!channel>" not in json.dumps(message)
    assert said.count("```") == 2


def test_teams_shows_the_report_and_nothing_becomes_markdown(parcel: Parcel) -> None:
    [attachment] = teams_message(parcel)["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert "TextBlock" not in json.dumps(card["body"]).replace("RichTextBlock", "")
    said = texts(card["body"], "text")
    assert {"10.204,50 € (+12 %)", "1.204,50", "The first 2 of 12 rows.", "Only the first 50,000 rows."} <= set(said)
    assert [action["title"] for action in card["actions"]] == ["Umsätze.csv", "sales.xlsx"]
    assert all(action["url"].startswith("https://reports.example.org/") for action in card["actions"])


def test_what_is_too_long_is_cut(parcel: Parcel) -> None:
    long = huge(parcel)
    slack = slack_message(long)
    assert len(slack["blocks"]) <= 50
    assert max(len(text) for text in texts(slack, "text")) <= 3_000
    assert all(len(block.get("fields", ())) <= 10 for block in slack["blocks"])
    assert len(slack["blocks"][0]["text"]["text"]) <= 150
    assert len(msgspec.json.encode(teams_message(long))) <= 28_000
    assert len(text_of(long, 1_800)) <= 1_800


def test_a_text_says_it_all(parcel: Parcel) -> None:
    said = text_of(parcel, 3_000)
    for words in (
        "Good morning, Warehouse,",
        "Amount: 10.204,50 € (+12 %)",
        "• sales.xlsx (12 rows, 2.3 MB)",
        "South  ",
        "/links/",
    ):
        assert words in said
    assert "Please note: Only the first 50,000 rows." in said


def test_a_test_says_so(parcel: Parcel) -> None:
    test = msgspec.structs.replace(parcel, kind="test", preview=None)
    words = "This is a test"
    assert words in "".join(texts(slack_message(test), "text"))
    assert words in "".join(texts(teams_message(test), "text"))
    assert words in text_of(test, 500)


def test_without_a_public_url_files_are_named_only(parcel: Parcel) -> None:
    files = tuple(msgspec.structs.replace(file, url="") for file in parcel.files)
    bare = msgspec.structs.replace(parcel, files=files, preview=PREVIEW)
    assert "http" not in "".join(texts(slack_message(bare), "text")).replace("http://evil.example", "")
    assert teams_message(bare)["attachments"][0]["content"]["actions"] == []
    assert "The links work" not in text_of(bare, 3_000)
