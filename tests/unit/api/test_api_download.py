"""Files are streamed from the artifact storage and named for every client."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from email.message import Message
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from libs.common.messages import Artifact, ReportFailed, ReportGenerated
from services.api import download


def artifact(report_id: str, format_: str, filename: str, content: bytes) -> Artifact:
    return Artifact(
        key=f"{report_id}/{hashlib.sha256(filename.encode()).hexdigest()}",
        filename=filename,
        format=format_,  # type: ignore[arg-type]
        media_type="text/csv",
        size_bytes=len(content),
        rows=2,
        sha256=hashlib.sha256(content).hexdigest(),
    )


@pytest.fixture
def generate(with_template: Any, tmp_path: Path) -> Any:
    """Makes a report with these files: `generate({"a.csv": b"…"})`; returns its path in the API."""

    def make(files: dict[str, bytes], *, store: bool = True) -> str:
        report_id = with_template.made("/reports/", {"report_type": "delays"})["id"]
        artifacts = tuple(
            artifact(report_id, name.rpartition(".")[2], name, content) for name, content in files.items()
        )
        for one in artifacts if store else ():
            (tmp_path / "file").write_bytes(files[one.filename])
            with_template.platform.artifacts.put_file(one.key, tmp_path / "file")
        with_template.hear(
            ReportGenerated(
                at=with_template.platform.now + timedelta(seconds=5),
                report_id=UUID(report_id),
                attempt=1,
                artifacts=artifacts,
                deliveries=(),
                rows=2,
                query_seconds=1,
                render_seconds=2,
                store_seconds=0.5,
            )
        )
        return f"/reports/{report_id}"

    return make


def test_the_only_file_needs_no_format(with_template: Any, generate: Any) -> None:
    content = b"a,b\r\n" * 400_000  # more than one piece
    path = generate({"Delays.csv": content})
    answer = with_template.get(f"{path}/download/")
    assert answer.status_code == 200
    assert answer.content == content
    assert answer.headers["Content-Type"] == "text/csv"
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'


def test_the_report_shows_where_to_download_each_file(with_template: Any, generate: Any) -> None:
    files = {"Delays.xlsx": b"PK", "Delays one.csv": b"1", "Delays two.csv": b"2"}
    shown = with_template.get(generate(files)).json()
    assert shown["status"] == "completed"
    assert {one["filename"]: with_template.client.get(one["url"]).content for one in shown["artifacts"]} == files
    first = shown["artifacts"][0]
    assert (first["rows"], first["size_bytes"], len(first["sha256"])) == (2, 2, 64)
    timings = shown["timings"]
    assert (timings["query_seconds"], timings["render_seconds"], timings["store_seconds"]) == (1, 2, 0.5)
    assert (timings["total_seconds"], timings["delivery_seconds"]) == (5, None)


def test_which_file_is_meant_must_be_clear(with_template: Any, generate: Any) -> None:
    path = generate({"a.xlsx": b"1", "a.csv": b"2", "b.csv": b"3"})
    assert with_template.get(f"{path}/download?format=xlsx").content == b"1"
    assert with_template.get(f"{path}/download?filename=b.csv").content == b"3"
    unclear = with_template.get(f"{path}/download")
    assert (unclear.status_code, unclear.json()["detail"]) == (
        422,
        "format must say which file is meant; there are a.xlsx (xlsx), a.csv (csv), b.csv (csv).",
    )
    several = with_template.get(f"{path}/download?format=csv")
    assert (several.status_code, several.json()["errors"][0]["field"]) == (422, "filename")
    absent = with_template.get(f"{path}/download?format=pdf")
    assert (absent.status_code, absent.json()["detail"]) == (
        404,
        "The report has no such file; it has a.xlsx (xlsx), a.csv (csv), b.csv (csv).",
    )
    assert with_template.get(f"{path}/download?format=doc").status_code == 422


def test_files_that_are_not_there_yet_are_a_conflict(with_template: Any) -> None:
    made = with_template.made("/reports/", {"report_type": "delays"})
    answer = with_template.get(f"/reports/{made['id']}/download/")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "The report has no files yet; it is queued. Ask for its progress and try again.",
    )


def test_a_failed_report_says_why_it_has_no_files(with_template: Any) -> None:
    made = with_template.made("/reports/", {"report_type": "delays"})
    with_template.hear(
        ReportFailed(
            at=with_template.platform.now,
            report_id=UUID(made["id"]),
            attempt=1,
            stage="query",
            error_class="permanent",
            reason="There is no column carrier.",
        )
    )
    answer = with_template.get(f"/reports/{made['id']}/download/")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "The report has no files, because it failed: There is no column carrier.",
    )


def test_a_file_that_is_gone_is_a_problem_and_not_an_empty_file(with_template: Any, generate: Any) -> None:
    path = generate({"a.csv": b"1"}, store=False)
    answer = with_template.get(f"{path}/download/")
    assert answer.status_code == 410
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_client_that_has_the_file_gets_it_no_second_time(with_template: Any, generate: Any) -> None:
    path = generate({"a.csv": b"1"})
    etag = with_template.get(f"{path}/download/").headers["ETag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        answer = with_template.get(f"{path}/download/", headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)
    assert with_template.get(f"{path}/download/", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "filename",
    ["Delays.csv", "Verspätungen März.csv", "報告 2026.csv", 'say "hi"; a=b.csv', "100 %.csv", "a\\b.csv", "it's.csv"],
)
def test_any_name_survives_the_header(filename: str) -> None:
    header = download.disposition(filename)
    assert header.isascii()
    message = Message()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"
    plain = message.get_param("filename", header="Content-Disposition", unquote=True)
    extended = header.partition("filename*=")[2]
    assert str(plain).isascii()
    assert extended.startswith("UTF-8''")
    message.replace_header("Content-Disposition", f"attachment; filename*={extended}")
    assert message.get_filename() == filename
