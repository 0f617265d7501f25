"""Letters are read back as a mail client reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from letter_world import CONTENTS, WRITTEN_AT, letter_of, read, text_of
from markupsafe import escape

from libs.common.errors import PermanentFailure
from libs.common.messages import DeliverReport, Recipient
from services.mailer.contents import subject_of
from services.mailer.headers import MAX_NAME, MAX_WORDS, one_line, safe_filename

MakeCommand = Callable[..., DeliverReport]

ATTACKS = [
    "Sales\r\nBcc: eve@example.org",
    "Sales\nBcc: eve@example.org\n\nBody",
    "Sales\rBcc: eve@example.org",
    "Sales\u2028Bcc: eve@example.org",
    "=?utf-8?q?Sales=0d=0aBcc:_eve@example.org?=",
    "=?utf-8?b?YQ0KQmNjOiBldmVAZXhhbXBsZS5vcmc=?=",
    "ü =?utf-8?q?a=0d=0aBcc:_eve@example.org?= " * 4,
    "x, eve@example.org, " * 30,
    '"><script>alert(1)</script>',
    'Ada" <eve@example.org>, "',
]

any_text = st.text(max_size=200)


def name_of(header: str) -> str:
    """The display name, decoded after RFC 2047; Python's newer parser puts blanks between encoded words."""
    return str(make_header(decode_header(parseaddr(header)[0])))


def test_a_letter_says_what_it_is_for_whom_and_when(make_command: MakeCommand) -> None:
    letter = letter_of(make_command())
    message = read(letter)
    assert message["From"] == "Pressroom <reports@example.org>"
    assert message["To"] == "Ada Lovelace <ada@example.org>"
    assert message["Subject"] == "Delays by carrier, 2 Mar 2026, 07:00 UTC"
    assert message["Date"].datetime == WRITTEN_AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert (letter.sender, letter.recipient) == ("reports@example.org", "ada@example.org")


def test_the_text_is_one_that_a_person_reads(make_command: MakeCommand) -> None:
    note = "50,000 of 1,204,331 rows are in the files: the limit of the source cut the rest."
    text = text_of(letter_of(make_command(notes=(note,))))
    assert text == (
        "Hello Ada Lovelace,\n"
        "\n"
        "Your report “Delays by carrier” is ready.\n"
        "\n"
        "Please note\n"
        "  * 50,000 of 1,204,331 rows are in the files: the limit of the source cut\n"
        "    the rest.\n"
        "\n"
        "Attached\n"
        "  delays.xlsx   Excel, 16 rows, 8.3 KB\n"
        "  delays.csv    CSV, 16 rows, 812 bytes\n"
        "\n"
        "  Report   Delays by carrier\n"
        "  For      Monday, 2 March 2026, 07:00 UTC\n"
        "  Made     Monday, 2 March 2026, 07:00 UTC\n"
        "  Rows     16\n"
        "\n"
        "-- \n"
        "Pressroom made this report on schedule. If something looks wrong, quote the\n"
        "report's number: 6f0b3a52-6f8e-5d0c-9c53-000000000002.\n"
    )


def test_the_words_of_the_template_come_instead_of_ours(make_command: MakeCommand) -> None:
    command = make_command(subject="Your delays", body="Dear all,\r\n\r\nhere they are.\r\nEnjoy!\r\n")
    letter = letter_of(command)
    assert read(letter)["Subject"] == "Your delays"
    assert text_of(letter).startswith("Dear all,\n\nhere they are.\nEnjoy!\n\nAttached")
    assert ">here they are.<br>Enjoy!</p>" in text_of(letter, "html")
    assert "Hello Ada" not in text_of(letter)


def test_the_files_arrive_with_their_names_types_and_bytes(make_command: MakeCommand) -> None:
    attachments = list(read(letter_of(make_command())).iter_attachments())
    assert [(part.get_filename(), part.get_content_type()) for part in attachments] == [
        ("delays.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("delays.csv", "text/csv"),
    ]
    assert [part.get_payload(decode=True) for part in attachments] == list(CONTENTS.values())
    assert attachments[1].get_content_charset() == "utf-8"


def test_a_report_without_files_is_a_letter_all_the_same(make_command: MakeCommand) -> None:
    letter = letter_of(make_command(artifacts=()))
    assert read(letter).get_content_type() == "multipart/alternative"
    assert "Attached" not in text_of(letter)


def test_a_strange_media_type_is_just_bytes(make_command: MakeCommand) -> None:
    [artifact, _] = make_command().artifacts
    strange = msgspec.structs.replace(artifact, media_type="x\r\nBcc: eve@example.org")
    [part] = read(letter_of(make_command(artifacts=(strange,)))).iter_attachments()
    assert part.get_content_type() == "application/octet-stream"


def test_the_same_command_makes_the_same_bytes(make_command: MakeCommand) -> None:
    assert letter_of(make_command()) == letter_of(make_command())


def test_the_message_id_is_made_from_the_delivery(make_command: MakeCommand) -> None:
    letter = letter_of(make_command())
    assert letter.message_id == "<6f0b3a52-6f8e-5d0c-9c53-000000000001@example.org>"
    assert read(letter)["Message-ID"] == letter.message_id


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("field", ["title", "subject", "body", "name", "filename", "notes"])
def test_no_text_becomes_a_header_or_an_address_or_markup(make_command: MakeCommand, field: str, attack: str) -> None:
    message = read(letter_of(with_text(make_command, field, attack)))
    assert message.defects == []
    assert message.keys() == read(letter_of(make_command())).keys()
    assert [address.addr_spec for address in message["To"].addresses] == ["ada@example.org"]
    for part in message.walk():
        assert "Bcc" not in part
    html = message.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()


def with_text(make_command: MakeCommand, field: str, text: str) -> DeliverReport:
    command = make_command()
    if field == "name":
        return make_command(recipient=Recipient(address="ada@example.org", name=text))
    if field == "filename":
        changed = msgspec.structs.replace(command.artifacts[0], filename=text)
        return make_command(artifacts=(changed, command.artifacts[1]))
    return make_command(**{field: (text,) if field == "notes" else text})


def test_an_encoded_word_in_a_subject_is_text_like_any_other(make_command: MakeCommand) -> None:
    subject = "=?utf-8?q?Sales=0d=0aBcc:_eve@example.org?="
    assert read(letter_of(make_command(subject=subject)))["Subject"] == subject


@settings(max_examples=25, deadline=None)
@given(subject=any_text, name=any_text, title=any_text)
def test_any_text_is_read_back_as_it_was(make_command: MakeCommand, subject: str, name: str, title: str) -> None:
    recipient = Recipient(address="ada@example.org", name=name)
    letter = letter_of(make_command(subject=subject, title=title, recipient=recipient))
    message = read(letter)
    assert letter.content.isascii()
    assert max(map(len, letter.content.split(b"\r\n"))) <= 998
    assert message.defects == []
    assert name_of(message_from_bytes(letter.content)["To"]) == one_line(name)[:MAX_NAME].strip()
    if one_line(subject):
        assert message["Subject"] == one_line(subject)[:MAX_WORDS].strip()
    assert f"<title>{escape(one_line(title))}</title>" in text_of(letter, "html")


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1, max_size=300))
def test_any_file_name_is_read_back_as_it_was_made_safe(make_command: MakeCommand, name: str) -> None:
    changed = msgspec.structs.replace(make_command().artifacts[0], filename=name)
    letter = letter_of(make_command(artifacts=(changed,)))
    [part] = read(letter).iter_attachments()
    assert letter.content.isascii()
    assert max(map(len, letter.content.split(b"\r\n"))) <= 998
    assert part.get_filename() == safe_filename(name, otherwise="report.xlsx")


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\reports\\sales.xlsx", "C__reports_sales.xlsx"),
        ("invoice\u202excod.exe", "invoicexcod.exe"),
        ("Umsätze März.xlsx", "Umsätze März.xlsx"),
        ("漢字.pdf", "漢字.pdf"),
        ("", "report.xlsx"),
        ("...", "report.xlsx"),
    ],
)
def test_a_file_name_is_one_that_can_be_saved(asked: str, kept: str) -> None:
    assert safe_filename(asked, otherwise="report.xlsx") == kept


def test_a_long_file_name_keeps_its_ending() -> None:
    kept = safe_filename("x" * 500 + ".xlsx", otherwise="report.xlsx")
    assert len(kept) <= 150
    assert kept.endswith(".xlsx")


class _Balance(HTMLParser):
    """Checks that every tag that was opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_html_is_well_formed_whatever_it_says(make_command: MakeCommand, attack: str) -> None:
    command = make_command(title=attack, body=attack, notes=(attack, attack))
    balance = _Balance()
    balance.feed(text_of(letter_of(command), "html"))
    balance.close()
    assert balance.open == []


def test_an_international_domain_goes_out_as_dns_knows_it(make_command: MakeCommand) -> None:
    letter = letter_of(make_command(recipient=Recipient(address="ada@straße.example")))
    assert letter.recipient == "ada@xn--strae-oqa.example"  # and not strasse.example, which is somebody else
    assert letter.needs_smtputf8 is False


def test_an_address_in_another_script_asks_for_smtputf8(make_command: MakeCommand) -> None:
    letter = letter_of(make_command(recipient=Recipient(address="jürgen@bücher.example", name="Jürgen")))
    assert letter.needs_smtputf8 is True
    assert letter.recipient == "jürgen@xn--bcher-kva.example"
    assert b"<j\xc3\xbcrgen@xn--bcher-kva.example>" in letter.content


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@", "@example.org", "ada@example.org\r\nRCPT TO:<eve@example.org>", "a b@example.org"]
)
def test_what_is_no_address_is_refused_for_good(make_command: MakeCommand, address: str) -> None:
    with pytest.raises(PermanentFailure, match="is no e-mail address"):
        letter_of(make_command(recipient=Recipient(address=address)))


@pytest.mark.parametrize(
    ("timezone", "subject"),
    [
        ("America/New_York", "Delays by carrier, 2 Mar 2026, 02:00 America/New_York"),
        ("Nowhere/Land", "Delays by carrier, 2 Mar 2026, 07:00 UTC"),
    ],
)
def test_a_letter_is_dated_where_its_people_live(make_command: MakeCommand, timezone: str, subject: str) -> None:
    assert subject_of(make_command(timezone=timezone)) == subject


@pytest.mark.parametrize(
    ("due", "sentence"),
    [
        ("2026-03-02T06:55", ""),
        ("2026-03-02T06:00", "This report is late: due 07:00, sent 08:00."),
        (
            "2026-02-28T07:00",
            (
                "This report is late: due Saturday, 28 February 2026, 08:00 Europe/Berlin, "
                "sent Monday, 2 March 2026, 08:00 Europe/Berlin."
            ),
        ),
    ],
)
def test_a_late_letter_says_when_its_report_was_due(make_command: MakeCommand, due: str, sentence: str) -> None:
    scheduled_for = datetime.fromisoformat(due).replace(tzinfo=UTC)
    text = text_of(letter_of(make_command(scheduled_for=scheduled_for, timezone="Europe/Berlin")))

    words = " ".join(text.split())
    assert sentence in words
    assert ("is late" in words) is bool(sentence)
