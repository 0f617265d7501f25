"""How servers call a letter in their own logs."""

from __future__ import annotations

import pytest

from services.mailer.queue_ids import queue_id


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("2.0.0 Ok: queued as 4F1Xyz", "4F1Xyz"),
        ("2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 7C2", "7C2"),
        ("OK id=1tAbCd-000000012Ab-3xYz", "1tAbCd-000000012Ab-3xYz"),
        ("2.0.0 4d1f8a2c Message accepted for delivery", "4d1f8a2c"),
        ("2.6.0 <a@b.example.org> [InternalId=123456, Hostname=AM0.example.org] Queued mail for delivery", "123456"),
        ("2.0.0 OK  1764000000 a640c23a62f3a-b1234sor45678.7 - gsmtp", "a640c23a62f3a-b1234sor45678.7"),
        (
            "Ok 0100018f2a3b4c5d-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee-000000",
            "0100018f2a3b4c5d-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee-000000",
        ),
        ("ok 1764000000 qp 12345", "1764000000 qp 12345"),
        ("Ok: queued as AbC-1_x.", "AbC-1_x"),
        ("2.0.0 Kept as 1234abcd", "1234abcd"),
        ("Great success", ""),
        ("2.6.0 message received", ""),
        ("", ""),
    ],
)
def test_the_id_is_found_in_the_words_of_each_server(words: str, found: str) -> None:
    assert queue_id(words) == found


def test_a_name_without_end_is_cut() -> None:
    assert len(queue_id("2.0.0 Ok: queued as " + "x" * 5_000)) == 120
