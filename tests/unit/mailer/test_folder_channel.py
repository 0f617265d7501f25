"""Folders: files appear whole, under the names of the pattern, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from channel_world import FILES, ChannelWorld

from libs.common.errors import PermanentFailure, TransientFailure


@pytest.fixture
def world(tmp_path: Path) -> ChannelWorld:
    return ChannelWorld(tmp_path)


def found(world: ChannelWorld) -> dict[str, bytes]:
    root = world.drop_folder
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_files_get_the_names_of_the_pattern_and_again_the_same(world: ChannelWorld) -> None:
    url = "daily?names={slug}/{year}-{month}/{time}-{filename}"
    for _ in range(2):
        receipt = world.send("folder", url)
    wanted = {f"daily/sales/2026-03/080012-{name}": content for name, content in FILES.items()}
    assert found(world) == wanted
    assert str(receipt.answer) == ("2 files written: sales/2026-03/080012-Umsätze.csv, sales/2026-03/080012-sales.xlsx")
    assert (receipt.form, receipt.bytes, world.claims) == ("files", sum(map(len, FILES.values())), 0)


def test_without_a_pattern_a_day_is_a_folder(world: ChannelWorld) -> None:
    world.send("folder", "daily")
    assert set(found(world)) == {f"daily/2026-03-02/{name}" for name in FILES}


@pytest.mark.parametrize("folder", ["/etc/pressroom", "way-out/daily"])
def test_nothing_is_written_outside_of_the_folder(world: ChannelWorld, folder: str, tmp_path: Path) -> None:
    (world.drop_folder / "way-out").symlink_to(tmp_path)
    with pytest.raises(PermanentFailure, match="PRESSROOM_MAILER_DROP_FOLDER"):
        world.send("folder", folder)
    assert found(world) == {}


def test_two_files_of_one_name_are_refused(world: ChannelWorld) -> None:
    command = world.command(world.destination("folder", "daily"))
    [artifact, _] = command.artifacts
    twice = world.command(command.destination, artifacts=(artifact, artifact))  # type: ignore[arg-type]
    with pytest.raises(PermanentFailure, match="Two files of the report would both be called"):
        world.deliver(twice)


def test_a_file_that_is_another_one_than_was_made_never_appears(world: ChannelWorld) -> None:
    world.storage.put("reports/1/sales.xlsx", b"another")
    with pytest.raises(PermanentFailure, match="not the one that was made"):
        world.send("folder", "daily?names={filename}")
    assert set(found(world)) == {"daily/Umsätze.csv"}


def test_a_folder_that_is_a_file_is_a_failure_in_words(world: ChannelWorld) -> None:
    (world.drop_folder / "daily").write_text("in the way")
    with pytest.raises((PermanentFailure, TransientFailure), match=r"Warehouse \(daily\)"):
        world.send("folder", "daily")
