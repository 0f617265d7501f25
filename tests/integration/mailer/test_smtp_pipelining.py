"""Who writes, to whom and DATA in one breath: what a refusal in the middle of it means."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from libs.common.errors import PermanentFailure, TransientFailure
from services.mailer.answers import Answer
from services.mailer.letter import Letter
from services.mailer.server import parse_server, tls_context
from services.mailer.smtp import Timeouts, connected

LETTER = Letter(
    message_id="<1@example.org>",
    sender="reports@example.org",
    recipient="ada@example.org",
    content=b"Subject: Hello\r\n\r\nHello\r\n",
    needs_smtputf8=False,
)
GOOD = {"MAIL": "250 Sender ok", "RCPT": "250 Recipient ok", "DATA": "354 Go on", ".": "250 2.0.0 Ok: queued as 4F1"}


class Server:
    """Reads whatever has come, answers all commands in it together, and remembers what it was told."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers = {**GOOD, **answers, "EHLO": "250-hello\r\n250 PIPELINING", "QUIT": "221 Bye"}
        self.breaths: list[list[str]] = []

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while said := await reader.read(65_536):
            lines = said.decode().splitlines()
            self.breaths.append(lines)
            found = [self._answers.get(line.partition(" ")[0]) for line in lines]
            answers = [answer for answer in found if answer]
            writer.write("".join(f"{answer}\r\n" for answer in answers).encode())
            if any(answer.startswith("421") for answer in answers):
                break
        writer.close()


def send(server: Server) -> tuple[Answer, int]:
    """Hand the letter over; the answer, and how often the final dot was about to be sent."""
    dots = 0

    async def before_final_dot() -> None:
        nonlocal dots
        dots += 1

    async def story() -> Answer:
        listening = await asyncio.start_server(server.converse, "127.0.0.1", 0)
        url = f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        try:
            async with connected(parse_server(url), tls_context(""), Timeouts(command=30, data=30), "us") as connection:
                return await connection.hand_over(LETTER, before_final_dot)
        finally:
            listening.close()

    return asyncio.run(story()), dots


def test_a_letter_needs_two_breaths_and_its_dot() -> None:
    server = Server({})
    answer, dots = send(server)
    assert (str(answer), dots) == ("250 2.0.0 Ok: queued as 4F1", 1)
    said = [line for breath in server.breaths for line in breath]
    assert ["MAIL FROM:<reports@example.org>", "RCPT TO:<ada@example.org>", "DATA"] in server.breaths
    assert said == [
        "EHLO us",
        "MAIL FROM:<reports@example.org>",
        "RCPT TO:<ada@example.org>",
        "DATA",
        "Subject: Hello",
        "",
        "Hello",
        ".",
        "QUIT",
    ]


@pytest.mark.parametrize(
    ("answers", "failure", "goodbye"),
    [
        ({"RCPT": "550 5.1.1 No such user", "DATA": "503 No recipient"}, PermanentFailure, True),
        ({"RCPT": "450 4.2.0 Greylisted", "DATA": "554 No recipient"}, TransientFailure, True),
        # Whatever followed now would be the letter, and a QUIT its first line.
        ({"RCPT": "550 5.1.1 No such user"}, PermanentFailure, False),
        ({"MAIL": "451 4.3.0 Come again"}, TransientFailure, False),
        ({"MAIL": "421 4.3.2 Going down", "RCPT": "", "DATA": ""}, TransientFailure, False),
        ({"DATA": "452 4.3.1 Disk full"}, TransientFailure, True),
    ],
)
def test_the_first_refusal_counts_and_nothing_of_the_letter_follows(
    answers: Mapping[str, str], failure: type[Exception], goodbye: bool
) -> None:
    server = Server(answers)
    first = next(answer for answer in answers.values() if answer)
    with pytest.raises(failure, match=first):
        send(server)
    said = [line for breath in server.breaths for line in breath]
    assert said[4:] == (["QUIT"] if goodbye else [])
