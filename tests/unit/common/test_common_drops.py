"""Addresses and patterns of drops: what works is read, what cannot is said in a clause."""

from __future__ import annotations

import pytest

from libs.common.drops import FACTS, Target, named_after, pattern_complaint, read_target


@pytest.mark.parametrize(
    ("url", "target", "shown"),
    [
        ("daily", Target(folder="daily"), "daily"),
        ("/srv/reports/daily/", Target(folder="/srv/reports/daily"), "/srv/reports/daily"),
        ("s3://bucket", Target(bucket="bucket"), "s3://bucket"),
        (
            "s3://key:se%2Fcret@bucket/in/daily/?region=eu-west-1&endpoint=http://minio:9000",
            Target(
                bucket="bucket",
                prefix="in/daily",
                key="key",
                secret="se/cret",
                region="eu-west-1",
                endpoint="http://minio:9000",
            ),
            "s3://bucket/in/daily",
        ),
    ],
)
def test_an_address_is_read_and_shown_without_secrets(url: str, target: Target, shown: str) -> None:
    assert read_target(url) == target
    assert read_target(url).shown == shown


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://host/x", "must be a folder, or s3://"),
        (" ", "must be a folder"),
        ("../x", "without .."),
        ("/srv/../etc", "without .."),
        ("s3:///prefix", "must name a bucket"),
        ("s3://key@bucket", "both a key and a secret"),
        ("s3://bucket/a/../b", "without .."),
        ("s3://bucket?acl=public", "may have the options region and endpoint, not acl"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_target(url)


@pytest.mark.parametrize(
    "pattern", ["{filename}", "{slug}/{year}/{month}/{day}/{time}-{report_id}-{filename}", "a b/{date}.{filename}"]
)
def test_a_pattern_that_works(pattern: str) -> None:
    assert pattern_complaint(pattern) is None
    assert "{" not in named_after(pattern, dict.fromkeys(FACTS, "x"))


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("report.csv", "must name {filename}"),
        ("{slug}/{secret}-{filename}", "may name slug, date, year"),
        ("{filename.__class__}", "may name slug"),
        ("{}{filename}", "not nothing"),
        ("{filename!r}", "without : and !"),
        ("{filename:>99}", "without : and !"),
        ("{filename", "each pair of braces"),
        ("/{filename}", "a relative path"),
        ("{slug}//{filename}", "without empty steps"),
        ("../{filename}", "without .."),
        ("a\\b/{filename}", "backslashes"),
        ("a\nb/{filename}", "control characters"),
    ],
)
def test_a_pattern_that_cannot_work(pattern: str, words: str) -> None:
    complaint = pattern_complaint(pattern)
    assert complaint is not None
    assert words in complaint
