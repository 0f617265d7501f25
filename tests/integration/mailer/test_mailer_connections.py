"""Connections to the mail server that are used again, and what happens when one turns out to be gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from libs.mailsink import MailSink, Step
from services.mailer import connections as module
from services.mailer.answers import NoAnswer, NotNow, Refused
from services.mailer.connections import Connections
from services.mailer.letter import Letter
from services.mailer.server import parse_server, tls_context
from services.mailer.smtp import Timeouts

CLOSED = "554 5.7.1 No more connections"
"""Said to every new connection, so that a letter which arrives has travelled on an old one."""


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(tmp_path / "letters") as sink:
        yield sink


def letter(number: int) -> Letter:
    return Letter(
        message_id=f"<{number}@example.org>",
        sender="reports@example.org",
        recipient=f"reader-{number}@example.org",
        content=f"Subject: {number}\r\n\r\nHello\r\n".encode(),
        needs_smtputf8=False,
    )


class Post:
    """Hands letters over one after the other and counts the moments before the final dot."""

    def __init__(self, sink: MailSink) -> None:
        self.sink = sink
        self.connections = Connections(parse_server(sink.url), tls_context(""), Timeouts(command=5, data=5))
        self.dots = 0

    async def send(self, number: int) -> None:
        async def before_final_dot() -> None:
            self.dots += 1

        await self.connections.hand_over(letter(number), before_final_dot)

    @property
    def arrived(self) -> list[str]:
        return [kept.envelope.recipients[0] for kept in self.sink.letters()]


def run(sink: MailSink, story: Callable[[Post], Awaitable[None]]) -> Post:
    post = Post(sink)
    asyncio.run(story(post))  # type: ignore[arg-type]
    return post


def test_letters_that_follow_each_other_share_a_connection(sink: MailSink) -> None:
    async def story(post: Post) -> None:
        await post.send(1)
        sink.faults.refuse(CLOSED, step="connect")
        await post.send(2)
        await post.send(3)

    assert len(run(sink, story).arrived) == 3


def test_letters_at_the_same_time_have_a_connection_each(sink: MailSink) -> None:
    async def story(post: Post) -> None:
        sink.faults.slow("dot", 0.2)
        await asyncio.gather(*(post.send(number) for number in range(4)))
        sink.faults.refuse(CLOSED, step="connect")
        await asyncio.gather(*(post.send(number) for number in range(4)))

    assert len(run(sink, story).arrived) == 8


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param(lambda sink: (sink.stop(), sink.start()), id="the server was restarted"),
        pytest.param(lambda sink: sink.faults.drop("mail"), id="it hangs up at the next word"),
        pytest.param(lambda sink: sink.faults.refuse("421 4.4.2 Bye", step="mail", times=1), id="it says goodbye"),
        pytest.param(lambda sink: sink.faults.drop("data"), id="it hangs up before the content"),
    ],
)
def test_an_old_connection_that_is_gone_is_no_failure_of_the_letter(
    sink: MailSink, gone: Callable[[MailSink], object]
) -> None:
    async def story(post: Post) -> None:
        await post.send(1)
        await asyncio.to_thread(gone, sink)
        await post.send(2)

    post = run(sink, story)
    assert (len(post.arrived), post.dots) == (2, 2)


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize(("reply", "failure"), [("451 4.3.0 Come again", NotNow), ("550 5.1.1 No such user", Refused)])
def test_what_the_server_says_of_a_letter_holds_on_an_old_connection_too(
    sink: MailSink, step: Step, reply: str, failure: type[Exception]
) -> None:
    async def story(post: Post) -> None:
        await post.send(1)
        sink.faults.refuse(reply, step=step, times=1)
        with pytest.raises(failure, match=reply):
            await post.send(2)
        await post.send(3)

    assert run(sink, story).arrived == ["reader-1@example.org", "reader-3@example.org"]


def test_a_letter_whose_answer_is_lost_on_an_old_connection_is_not_sent_again(sink: MailSink) -> None:
    async def story(post: Post) -> None:
        await post.send(1)
        sink.faults.drop("kept")
        with pytest.raises(NoAnswer):
            await post.send(2)
        await post.send(3)

    post = run(sink, story)
    assert (post.arrived.count("reader-2@example.org"), len(post.arrived), post.dots) == (1, 3, 3)


def test_a_connection_is_replaced_after_its_last_letter_or_when_idle(
    sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(post: Post) -> None:
        sink.faults.refuse(CLOSED, step="connect")
        with pytest.raises(NotNow, match="No more connections"):
            await post.send(9)
        sink.faults.clear()

    async def none_idle(post: Post) -> None:
        while post.connections._idle:
            await asyncio.sleep(0.001)

    async def story(post: Post) -> None:
        monkeypatch.setattr(module, "MAX_LETTERS", 2)
        await post.send(1)
        await post.send(2)
        await refused(post)
        monkeypatch.setattr(module, "IDLE_SECONDS", 0.0)
        await post.send(3)
        await none_idle(post)
        await refused(post)
        monkeypatch.undo()
        await post.send(4)
        post.connections.stop(1)
        await none_idle(post)
        await refused(post)

    assert len(run(sink, story).arrived) == 4
