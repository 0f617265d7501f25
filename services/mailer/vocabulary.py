"""What the words of letters (libs/common/letter_words.py) mean in the letter for one recipient."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from libs.common import letter_words
from libs.common.messages import DeliverReport
from services.mailer.headers import filename_of, one_line
from services.mailer.words import Words

NOTHING = "–"
"""Stands for a key figure that this report does not have: its query failed, or the template has changed."""

_UTC = " (UTC)"


def said(text: str, command: DeliverReport, words: Words) -> str:
    """`text` with the letter's words replaced by what they mean to the recipient of `command`."""
    return letter_words.said(text, lambda name: _MEANINGS[name](command, words), lambda label: _figure(label, command))


def most_rows(command: DeliverReport) -> int:
    """The rows of the largest file."""
    return max((artifact.rows for artifact in command.artifacts), default=0)


def _figure(label: str, command: DeliverReport) -> str:
    wanted = one_line(label)
    for figure in command.figures:
        title = one_line(figure.label)
        if wanted in (title, title.removesuffix(_UTC)):
            return one_line(figure.value)
    return NOTHING


def _name(command: DeliverReport, _: Words) -> str:
    return one_line(command.recipient.name) or one_line(command.recipient.address)


_MEANINGS: Mapping[str, Callable[[DeliverReport, Words], str]] = {
    "recipient_name": _name,
    "recipient_address": lambda command, _: one_line(command.recipient.address),
    "report_title": lambda command, _: one_line(command.title),
    "rows": lambda command, words: words.count(most_rows(command)),
    "files": lambda command, _: ", ".join(filename_of(artifact) for artifact in command.artifacts),
}
