from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest
from common_examples import undone
from sqlalchemy import Table, insert, select, text, update
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.orm import Session

from libs.common import store as store_module
from libs.common.errors import SettingsError, TransientFailure
from libs.common.messages import GenerateReport
from libs.common.migrations import migrate
from libs.common.outbox import Outbox
from libs.common.service import main
from libs.common.store import Store, upsert


def names(store: Store, table: Table) -> list[str]:
    with store.read() as session:
        return list(session.execute(select(table.c.name).order_by(table.c.id)).scalars())


def test_what_a_transaction_writes_is_kept_and_what_it_raises_undoes_it(store: Store, things_table: Table) -> None:
    with store.begin() as session:
        session.execute(insert(things_table).values(name="kept"))
    undone(store, lambda session: session.execute(insert(things_table).values(name="undone")))
    assert names(store, things_table) == ["kept"]


def test_a_reader_neither_waits_for_a_writer_nor_sees_its_unfinished_work(store: Store, things_table: Table) -> None:
    with store.begin() as session:
        session.execute(insert(things_table).values(name="unfinished"))
        session.flush()
        assert names(store, things_table) == []
    assert names(store, things_table) == ["unfinished"]


def test_a_reader_sees_one_state_for_as_long_as_it_reads(store: Store, things_table: Table) -> None:
    query = select(things_table.c.name)
    with store.read() as reader:
        assert reader.execute(query).all() == []
        with store.begin() as session:
            session.execute(insert(things_table).values(name="meanwhile"))
        assert reader.execute(query).all() == []


def test_writers_take_turns_so_that_no_update_is_lost(store: Store, things_table: Table) -> None:
    with store.begin() as session:
        session.execute(insert(things_table).values(id=1, name="0"))

    def count() -> None:
        for _ in range(25):
            with store.begin() as session:
                name = session.execute(select(things_table.c.name)).scalar_one()
                session.execute(update(things_table).values(name=str(int(name) + 1)))

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(store, things_table) == ["100"]


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Europe/Vienna"), timezone(timedelta(hours=5, minutes=45))])
def test_an_instant_comes_back_in_utc_whatever_its_zone_was(store: Store, things_table: Table, zone: ZoneInfo) -> None:
    instant = datetime(2026, 10, 25, 2, 30, 0, 123456, tzinfo=zone)
    with store.begin() as session:
        session.execute(insert(things_table).values(seen_at=instant))
    with store.read() as session:
        found = session.execute(select(things_table.c.seen_at).where(things_table.c.seen_at == instant)).scalar_one()
    assert found == instant.astimezone(UTC)  # comparing across zones is never true in the hour that comes twice
    assert found.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused(store: Store, things_table: Table) -> None:
    with pytest.raises(StatementError, match="an instant needs a time zone"), store.begin() as session:
        session.execute(insert(things_table).values(seen_at=datetime(2026, 3, 2)))  # noqa: DTZ001


def test_upsert_says_whether_it_wrote(store: Store, things_table: Table) -> None:
    first, second = {"id": 1, "name": "first"}, {"id": 1, "name": "second"}
    with store.begin() as session:
        assert upsert(session, things_table, first, key=["id"], update=[])
        assert not upsert(session, things_table, second, key=["id"], update=[])
    assert names(store, things_table) == ["first"]
    with store.begin() as session:
        assert upsert(session, things_table, second, key=["id"], update=["name"])
    assert names(store, things_table) == ["second"]


def test_only_a_commit_with_something_to_say_is_announced_and_only_afterwards(
    store: Store, things_table: Table, generate_report: GenerateReport, now: datetime
) -> None:
    seen: list[list[str]] = []
    store.on_announcement(lambda: seen.append(names(store, things_table)))
    with store.begin() as session:
        session.execute(insert(things_table).values(name="quiet"))
    assert seen == []
    undone(store, lambda session: Outbox(session, now).add(generate_report))
    assert seen == []
    with store.begin() as session:
        session.execute(insert(things_table).values(name="told"))
        Outbox(session, now).add(generate_report)
    assert seen == [["quiet", "told"]]


def test_a_locked_store_is_a_transient_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0)
    impatient = Store(f"sqlite:///{tmp_path}/locked.sqlite")
    held, done = Event(), Event()

    def hold() -> None:
        with impatient.begin() as session:
            session.execute(text("CREATE TABLE held (id INTEGER)"))
            held.set()
            done.wait(10)

    holder = Thread(target=hold)
    holder.start()
    assert held.wait(10)
    try:
        sentence = "The store is away, locked or out of space: database is locked"
        with pytest.raises(TransientFailure, match=sentence), impatient.begin() as session:
            session.execute(text("SELECT 1"))
        impatient.ping()  # reading goes on
    finally:
        done.set()
        holder.join()
        impatient.dispose()


def test_a_wrong_statement_is_our_mistake_and_no_reason_to_wait(store: Store) -> None:
    for statement in ("SELECT * FROM nowhere", "SELEKT 1", "INSERT INTO things (absent) VALUES (1)"):
        with pytest.raises(OperationalError), store.begin() as session:
            session.execute(text(statement))


def test_the_folder_of_a_store_is_made(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/var/deep/store.sqlite")
    store.ping()
    store.dispose()
    assert (tmp_path / "var/deep/store.sqlite").exists()


@pytest.mark.parametrize(
    "url",
    ["no url", "mysql://reader:tiptop@db/sales", "postgresql://reader:tiptop@db:port/sales", "sqlite:////proc/x/y"],
)
def test_a_url_that_names_no_store_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Store(url)
    assert "tiptop" not in str(raised.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_every_postgresql_url_uses_the_one_driver_that_is_installed(scheme: str) -> None:
    assert Store(f"{scheme}://reader@db/sales").engine.dialect.driver == "psycopg"


def test_a_server_that_is_away_is_a_transient_failure() -> None:
    store = Store("postgresql://reader:tiptop@127.0.0.1:1/sales")
    with pytest.raises(TransientFailure, match="The store is away") as raised:
        store.ping()
    assert "tiptop" not in str(raised.value)


def test_a_database_that_is_away_at_the_start_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = "postgresql://pressroom:secret@127.0.0.1:1/ledger"

    def body() -> int:
        migrate(Store(nowhere), "services.mailer.migrations")
        return 0

    with pytest.raises(SystemExit) as ended:
        main(body)
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.startswith("The store is away, locked or out of space:")
    assert "secret" not in said


def test_only_what_may_be_lost_does_not_wait_for_the_disk(store: Store) -> None:
    def synchronous(session: Session) -> object:
        return session.connection().exec_driver_sql("PRAGMA synchronous").scalar_one()

    full, normal = 2, 1
    with store.begin() as session:
        assert synchronous(session) == full
    with store.begin(may_be_lost=True) as session:
        assert synchronous(session) == normal
    with store.writing(may_be_lost=True) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == normal
    with store.begin() as session:
        assert synchronous(session) == full
