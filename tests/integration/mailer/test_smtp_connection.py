"""One letter, one real mail server, and everything that can happen between them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from libs.common.errors import PermanentFailure, TransientFailure
from libs.mailsink import MailSink, Step
from libs.mailsink.certificate import self_signed
from services.mailer.answers import Answer, NoAnswer
from services.mailer.letter import Letter
from services.mailer.server import MailServer, parse_server, tls_context
from services.mailer.smtp import Timeouts, connected

TIMEOUTS = Timeouts(command=5.0, data=5.0)
CONTENT = b"Subject: Hello\r\n\r\n.a dot\r\n..two dots\r\n.\r\nlast line\r\n"
LARGE = b"Subject: Large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 200_000
"""Fifteen megabytes: more than the buffers between client and server hold."""


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(tmp_path / "letters") as sink:
        yield sink


def letter(content: bytes = CONTENT, recipient: str = "ada@example.org", *, smtputf8: bool = False) -> Letter:
    return Letter(
        message_id="<1@example.org>",
        sender="reports@example.org",
        recipient=recipient,
        content=content,
        needs_smtputf8=smtputf8,
    )


class Post:
    """Hands letters over and remembers whether the moment before the final dot was reached."""

    def __init__(self, url: str, *, ca_file: str = "", timeouts: Timeouts = TIMEOUTS) -> None:
        self.server: MailServer = parse_server(url)
        self.tls = tls_context(ca_file)
        self.timeouts = timeouts
        self.dots = 0

    async def _before_final_dot(self) -> None:
        self.dots += 1

    def send(self, *letters: Letter, before_final_dot: Callable[[], Awaitable[None]] | None = None) -> list[Answer]:
        async def send_all() -> list[Answer]:
            async with connected(self.server, self.tls, self.timeouts) as connection:
                return [await connection.hand_over(one, before_final_dot or self._before_final_dot) for one in letters]

        return asyncio.run(send_all())


def test_a_letter_arrives_byte_by_byte_with_its_leading_dots(sink: MailSink) -> None:
    [answer] = Post(sink.url).send(letter())
    assert answer.code == 250
    assert [kept.raw for kept in sink.letters()] == [CONTENT]


def test_lone_line_ends_cannot_smuggle_a_second_letter(sink: MailSink) -> None:
    smuggled = b"Subject: one\r\n\r\nbody\n.\r\nMAIL FROM:<eve@example.org>\r\n.\rmore\n.\n"
    Post(sink.url).send(letter(smuggled))
    [kept] = sink.letters()
    assert kept.raw == b"Subject: one\r\n\r\nbody\r\n.\r\nMAIL FROM:<eve@example.org>\r\n.\r\nmore\r\n.\r\n"


def test_several_letters_travel_on_one_connection(sink: MailSink) -> None:
    answers = Post(sink.url).send(letter(), letter(recipient="bob@example.org"), letter(recipient="eve@example.org"))
    assert [answer.code for answer in answers] == [250, 250, 250]
    assert len(sink.letters()) == 3


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize(
    ("reply", "failure"),
    [("451 4.3.0 Come again", TransientFailure), ("550 5.1.1 No such user", PermanentFailure)],
)
def test_the_server_decides_whether_trying_again_can_help(
    sink: MailSink, step: Step, reply: str, failure: type[Exception]
) -> None:
    sink.faults.refuse(reply, step=step)
    with pytest.raises(failure, match=reply) as refused:
        Post(sink.url).send(letter())
    assert str(getattr(refused.value, "answer", None)) == reply
    assert sink.letters() == []


@pytest.mark.parametrize("step", ["connect", "ehlo"])
def test_a_server_that_refuses_to_talk_is_tried_again(sink: MailSink, step: Step) -> None:
    sink.faults.refuse("554 5.7.1 No service for you", step=step)
    with pytest.raises(TransientFailure, match="No service for you"):
        Post(sink.url).send(letter())


def test_a_connection_stays_usable_after_a_refused_recipient(sink: MailSink) -> None:
    sink.faults.refuse("550 5.1.1 No such user", recipient="bob@example.org")

    async def send_two() -> None:
        post = Post(sink.url)
        async with connected(post.server, post.tls, TIMEOUTS) as connection:
            with pytest.raises(PermanentFailure):
                await connection.hand_over(letter(recipient="bob@example.org"), post._before_final_dot)
            await connection.reset()
            await connection.hand_over(letter(), post._before_final_dot)

    asyncio.run(send_two())
    assert [kept.envelope.recipients for kept in sink.letters()] == [("ada@example.org",)]


@pytest.mark.parametrize("step", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_a_connection_lost_before_the_content_is_tried_again(sink: MailSink, step: Step) -> None:
    sink.faults.drop(step)
    post = Post(sink.url)
    with pytest.raises(TransientFailure):
        post.send(letter())
    assert (post.dots, sink.letters()) == (0, [])
    post.send(letter())
    assert len(sink.letters()) == 1


def test_a_connection_lost_in_the_middle_of_the_content_is_tried_again(sink: MailSink) -> None:
    sink.faults.drop("body")
    post = Post(sink.url)
    with pytest.raises(TransientFailure, match="closed the connection"):
        post.send(letter(LARGE))
    assert post.dots == 0


@pytest.mark.parametrize(("step", "arrived"), [("dot", 0), ("kept", 1)])
def test_a_connection_lost_after_the_final_dot_leaves_us_without_an_answer(
    sink: MailSink, step: Step, arrived: int
) -> None:
    sink.faults.drop(step)
    post = Post(sink.url)
    with pytest.raises(NoAnswer, match="it may have arrived"):
        post.send(letter())
    assert post.dots == 1
    assert len(sink.letters()) == arrived


def test_a_server_that_thinks_for_too_long_leaves_us_without_an_answer(sink: MailSink) -> None:
    sink.faults.slow("kept", 30)
    with pytest.raises(NoAnswer, match="TimeoutError"):
        Post(sink.url, timeouts=Timeouts(command=5.0, data=0.2)).send(letter())


def test_a_slow_answer_to_a_command_is_tried_again(sink: MailSink) -> None:
    sink.faults.slow("rcpt", 30)
    with pytest.raises(TransientFailure, match="did not answer in time"):
        Post(sink.url, timeouts=Timeouts(command=0.2, data=5.0)).send(letter())


def test_who_objects_before_the_final_dot_stops_the_letter(sink: MailSink) -> None:
    async def object_to_it() -> None:
        raise RuntimeError("somebody else has it")

    with pytest.raises(RuntimeError, match="somebody else"):
        Post(sink.url).send(letter(), before_final_dot=object_to_it)
    Post(sink.url).send(letter(recipient="bob@example.org"))
    assert [kept.envelope.recipients for kept in sink.letters()] == [("bob@example.org",)]


def test_a_server_that_is_down_is_tried_again_and_named(sink: MailSink) -> None:
    url = sink.url
    sink.stop()
    with pytest.raises(TransientFailure, match=rf"127\.0\.0\.1:{sink.port} cannot be reached: .*refused"):
        Post(url).send(letter())


def test_a_letter_that_is_too_large_is_not_even_offered(tmp_path: Path) -> None:
    with MailSink(tmp_path, size_limit_bytes=1_000) as sink:
        with pytest.raises(PermanentFailure, match="takes at most 1,000"):
            Post(sink.url).send(letter(CONTENT * 50))
        assert sink.letters() == []


def test_an_answer_in_the_middle_of_the_content_is_heard() -> None:
    async def interrupt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        for answer in (b"250 ok", b"250 sender ok", b"250 recipient ok", b"354 go on"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        await reader.readline()
        writer.write(b"552 5.3.4 Too large for us\r\n")
        await writer.drain()
        await asyncio.sleep(5)  # and reads no further

    async def send_to_it() -> None:
        server = await asyncio.start_server(interrupt, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        post = Post(f"smtp://127.0.0.1:{port}")
        async with connected(post.server, post.tls, TIMEOUTS) as connection:
            await connection.hand_over(letter(LARGE), post._before_final_dot)

    with pytest.raises(PermanentFailure, match="Too large for us"):
        asyncio.run(send_to_it())


def test_an_answer_that_is_none_leaves_it_open_whether_the_letter_arrived(sink: MailSink) -> None:
    sink.faults.refuse("not a reply at all", step="kept")
    with pytest.raises(NoAnswer):
        Post(sink.url).send(letter())


def test_an_address_in_another_script_needs_a_server_that_knows_smtputf8(sink: MailSink) -> None:
    Post(sink.url).send(letter(recipient="jürgen@example.org", smtputf8=True))
    [kept] = sink.letters()
    assert kept.envelope.recipients == ("jürgen@example.org",)
    assert kept.envelope.smtputf8 is True


# TLS and AUTH ----------------------------------------------------------------------------------------------


@pytest.fixture
def tls_sink(tmp_path: Path) -> Iterator[tuple[MailSink, str]]:
    """A sink that offers STARTTLS and wants a password, and the CA file to trust."""
    certificate = self_signed(tmp_path, "localhost", now=datetime.now(UTC))
    sink = MailSink(
        tmp_path / "letters",
        host="localhost",
        tls=certificate.server_context(),
        requires_tls=True,
        credentials={"reports": "s3:cret"},
    )
    with sink:
        yield sink, str(certificate.certificate)


def test_starttls_and_auth_protect_the_letter(tls_sink: tuple[MailSink, str]) -> None:
    sink, ca_file = tls_sink
    Post(f"smtp://reports:s3%3Acret@localhost:{sink.port}?starttls=required", ca_file=ca_file).send(letter(LARGE))
    [kept] = sink.letters()
    assert kept.raw == LARGE
    assert (kept.envelope.encrypted, kept.envelope.user) == (True, "reports")


def test_tls_from_the_first_byte_protects_the_letter(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost", now=datetime.now(UTC))
    context = certificate.server_context()
    with MailSink(tmp_path / "letters", host="localhost", tls=context, implicit_tls=True) as sink:
        Post(sink.url, ca_file=str(certificate.certificate)).send(letter(LARGE))
        [kept] = sink.letters()
        assert kept.envelope.encrypted is True
        assert kept.raw == LARGE


def test_a_connection_lost_in_the_middle_is_tried_again_under_tls(
    tls_sink: tuple[MailSink, str],
) -> None:
    sink, ca_file = tls_sink
    sink.faults.drop("body")
    post = Post(f"smtp://reports:s3%3Acret@localhost:{sink.port}?starttls=required", ca_file=ca_file)
    with pytest.raises(TransientFailure):
        post.send(letter(LARGE))
    assert post.dots == 0


def test_a_certificate_of_nobody_we_trust_stops_everything(tls_sink: tuple[MailSink, str]) -> None:
    sink, _ = tls_sink
    with pytest.raises(TransientFailure, match=r"is not trusted \(self-signed certificate\)"):
        Post(f"smtp://reports:s3%3Acret@localhost:{sink.port}?starttls=required").send(letter())
    assert sink.letters() == []


def test_a_certificate_for_another_host_stops_everything(tls_sink: tuple[MailSink, str]) -> None:
    sink, ca_file = tls_sink
    with pytest.raises(TransientFailure, match="is not trusted"):
        Post(f"smtp://reports:s3%3Acret@127.0.0.1:{sink.port}?starttls=required", ca_file=ca_file).send(letter())
    assert sink.letters() == []


def test_stripped_starttls_stops_the_letter_and_the_password(sink: MailSink) -> None:
    for option in ("required", "when-offered"):
        with pytest.raises(TransientFailure, match="does not offer STARTTLS"):
            Post(f"smtp://reports:secret@127.0.0.1:{sink.port}?starttls={option}").send(letter())
    assert sink.letters() == []


def test_a_letter_without_a_password_may_travel_in_the_clear_if_somebody_says_so(sink: MailSink) -> None:
    Post(f"smtp://127.0.0.1:{sink.port}?starttls=when-offered").send(letter())
    assert len(sink.letters()) == 1


def test_a_wrong_password_is_tried_again_and_not_shown(tls_sink: tuple[MailSink, str]) -> None:
    sink, ca_file = tls_sink
    with pytest.raises(TransientFailure, match="refused the user and password") as refused:
        Post(f"smtp://reports:wr0ng@localhost:{sink.port}?starttls=required", ca_file=ca_file).send(letter())
    assert "wr0ng" not in str(refused.value)


def test_a_missing_password_is_tried_again(tls_sink: tuple[MailSink, str]) -> None:
    sink, ca_file = tls_sink
    with pytest.raises(TransientFailure, match="does not accept the mailer's account: 530"):
        Post(f"smtp://localhost:{sink.port}?starttls=required", ca_file=ca_file).send(letter())


def test_a_server_without_tls_behind_smtps_is_said_so(sink: MailSink) -> None:
    with pytest.raises(TransientFailure, match="No TLS connection"):
        Post(f"smtps://127.0.0.1:{sink.port}").send(letter())


def test_the_context_trusts_nobody_by_accident() -> None:
    assert Post("smtp://mail.example.org").tls.verify_mode == ssl.CERT_REQUIRED
