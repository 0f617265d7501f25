"""The database of the quiz club: sixty members and what they answered, the same for the same last day."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from random import Random

MEMBERS = 60
DAYS = 120
SEED = 1908

SCHEMA = """
CREATE TABLE members (
    id INTEGER PRIMARY KEY, name TEXT, address TEXT, joined DATE, reminders BOOLEAN, reports BOOLEAN);
CREATE TABLE quizzes (id INTEGER PRIMARY KEY, title TEXT, subject TEXT, questions INTEGER, published DATE);
CREATE TABLE answers (
    member_id INTEGER REFERENCES members, quiz_id INTEGER REFERENCES quizzes, day DATE, correct INTEGER,
    PRIMARY KEY (member_id, quiz_id));
CREATE INDEX answers_by_day ON answers (day);
"""

SUBJECTS = ("Rivers", "Planets", "Inventions", "Trees", "Alphabets", "Bridges")


def build(path: Path, today: date) -> None:
    """Write the database to `path`, which must not exist; `today` is its last day."""
    random = Random(SEED)  # noqa: S311 - it shall be the same every time
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(SCHEMA)
        database.executemany("INSERT INTO members VALUES (?, ?, ?, ?, ?, ?)", _members(random, today))
        quizzes = list(_quizzes(today))
        database.executemany("INSERT INTO quizzes VALUES (?, ?, ?, ?, ?)", quizzes)
        database.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", _answers(random, today, quizzes))


def _members(random: Random, today: date) -> Iterator[tuple[int, str, str, str, bool, bool]]:
    for number in range(1, MEMBERS + 1):
        name = f"member-{number:03}"
        joined = today - timedelta(days=DAYS + random.randrange(0, 400))
        # Every eighth wants no reminders, every twelfth no reports.
        yield number, name, f"{name}@example.org", joined.isoformat(), number % 8 != 0, number % 12 != 0


def _quizzes(today: date) -> Iterator[tuple[int, str, str, int, str]]:
    """A quiz every other day."""
    for number in range(1, DAYS // 2 + 1):
        subject = SUBJECTS[number % len(SUBJECTS)]
        published = today - timedelta(days=DAYS - 2 * number)
        yield number, f"{subject}, part {1 + number // len(SUBJECTS)}", subject, 10, published.isoformat()


def _answers(
    random: Random, today: date, quizzes: list[tuple[int, str, str, int, str]]
) -> Iterator[tuple[int, int, str, int]]:
    for member in range(1, MEMBERS + 1):
        skill, eagerness = random.uniform(0.35, 0.95), random.uniform(0.2, 0.9)
        # Some were here today, some yesterday, and some have been away for days or weeks.
        last = today - timedelta(days=(0, 1, 0, 2, 5, 9, 40)[member % 7])
        known = [quiz for quiz in quizzes if date.fromisoformat(quiz[4]) <= last]
        for quiz, _, _, questions, published in known:
            day = date.fromisoformat(published) + timedelta(days=random.randrange(0, 4))
            is_last = quiz == known[-1][0]
            if is_last or (random.random() < eagerness and day <= last):
                correct = sum(random.random() < skill for _ in range(questions))
                yield member, quiz, (last if is_last else day).isoformat(), correct
