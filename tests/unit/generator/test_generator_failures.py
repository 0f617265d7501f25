from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.engine import make_url

from libs.common.errors import PermanentFailure, TransientFailure
from services.generator.sources.cause import Cause, Place, place_of_word
from services.generator.sources.failures import Failures


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:p%40ss%2Fword@host/shop",
        "mysql+pymysql://ada:p%40ss%2Fword@host/shop",
        "mssql+pymssql://ada:p%40ss%2Fword@host/shop?odbc_connect=x",
        "oracle://ada@host/shop?wallet_password=p%40ss/word",
    ],
)
def test_no_secret_gets_into_a_sentence_however_the_driver_writes_it(url: str) -> None:
    failures = Failures("shop", make_url(url), 600)
    written = make_url(url).render_as_string(hide_password=False)
    words = f"cannot use {written}: p@ss/word, p%40ss%2Fword or\nPWD=p@ss/word?"
    for nature in ("transient", "permanent", "forbidden"):
        told = (failures.of_connecting(Cause(words, nature)), failures.of_query("Q", Cause(words, nature), 1))
        for failure in told:
            assert "word" not in str(failure).replace("password", "")
            assert "\n" not in str(failure)
            assert "PWD=***" in str(failure)


@pytest.mark.parametrize(
    ("nature", "seconds", "kind", "sentence"),
    [
        ("transient", 1, TransientFailure, "The source 'shop' broke off the query 'Q': too bad."),
        ("permanent", 1, PermanentFailure, "The query 'Q' failed in the source 'shop': too bad (line 2, column 7)."),
        ("cancelled", 1, TransientFailure, "The source 'shop' broke off the query 'Q': too bad."),
        ("cancelled", 601, PermanentFailure, "The query 'Q' ran longer than the 600 seconds that the source 'shop' "),
        ("forbidden", 1, PermanentFailure, "The query 'Q' does more than read, and reports may only read from "),
    ],
)
def test_each_nature_of_a_failure_has_its_sentence(nature: Any, seconds: float, kind: type, sentence: str) -> None:
    failures = Failures("shop", make_url("postgresql://ada@host/shop"), 600)
    failure = failures.of_query("Q", Cause("too bad.", nature, Place(2, 7)), seconds)
    assert type(failure) is kind
    assert str(failure).startswith(sentence)


@pytest.mark.parametrize(
    ("sql", "words", "place"),
    [
        ("SELECT a,\n b FROM t", "no such column: b", Place(2, 2)),
        ("SELECT t.b FROM t", "no such column: t.b", Place(1, 8)),
        ("SELECT b FROM t", "Unknown column 't.b' in 'SELECT'", Place(1, 8)),
        ("SELECT b, b FROM t", "no such column: b", None),
        ("SELECT 1 FRM", 'near "FRM": syntax error', Place(1, 10)),
        ("SELECT 1", "disk is full", None),
    ],
)
def test_what_stands_only_once_is_found(sql: str, words: str, place: Place | None) -> None:
    assert place_of_word(sql, words) == place
