"""The journal beside the state file: what is read from a damaged one, and from one of another file."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import StartupError
from rtgmock.storage.changes import Changes
from rtgmock.storage.file import FileStorage
from rtgmock.storage.journal_records import JournalDamagedError, commit_record, head_record, read_journal
from tests.support.state_files import OLD, tables_on_disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtgmock.storage.tables import Tables

CHANGES = [Changes({"fish": {str(number): {"name": f"ray {number}"}}}) for number in range(4)]


def journal(*changes: Changes) -> bytes:
    """Return a journal in which each record was synced before the next was written."""
    text = head_record("5eed")
    for change in changes:
        text += commit_record(change, len(text))
    return text


def killed(path: Path, *names: str) -> list[Tables]:
    """Make a state file with ``OLD`` in it and a commit for each name in its journal, as a kill leaves them.

    Returns the tables after each commit.
    """
    file = FileStorage(path)
    file.write(OLD)
    states = [file.read()]
    for number, name in enumerate(names, 2):
        file.put("fish", str(number), {"name": name})
        states.append(file.read())
    file.abandon()
    return states


def beside(path: Path) -> Path:
    return path.with_name("state.json.journal")


def refused(path: Path) -> str:
    """Return the message by which the file is refused, which leaves it and its journal as they are."""
    before = {entry.name: entry.read_bytes() for entry in path.parent.iterdir() if entry.suffix != ".lock"}
    with pytest.raises(StartupError) as raised:
        FileStorage(path)
    assert {entry.name: entry.read_bytes() for entry in path.parent.iterdir() if entry.suffix != ".lock"} == before
    assert "\n" not in str(raised.value)
    assert str(beside(path)) in str(raised.value)
    return str(raised.value)


def test_a_journal_gives_back_what_was_written() -> None:
    whole = Changes({"fish": {"7": {"name": "catfish"}}}, whole=True)
    removal = Changes({"fish": {"7": None}}, moved={"fish": ["8"]})
    content = read_journal(journal(whole, removal))

    assert content.base == "5eed"
    assert [changes for _, changes in content.commits] == [whole, removal]
    assert content.length == len(journal(whole, removal))


def test_a_journal_that_ends_anywhere_gives_the_commits_that_were_written_to_their_end() -> None:
    text = journal(*CHANGES)
    ends = [len(journal(*CHANGES[:count])) for count in range(len(CHANGES) + 1)]
    for length in range(len(text) + 1):
        content = read_journal(text[:length])
        count = max(sum(end <= length for end in ends) - 1, 0)
        assert [changes for _, changes in content.commits] == CHANGES[:count], length
        assert content.length == max([end for end in ends if end <= length], default=0)


def test_any_flipped_bit_is_noticed_or_is_in_the_last_record() -> None:
    text = journal(*CHANGES)
    for place in range(len(text)):
        for bit in range(8):
            flipped = bytearray(text)
            flipped[place] ^= 1 << bit
            with pytest.raises(JournalDamagedError):
                read_journal(bytes(flipped))


LONG = [Changes({"fish": {str(number): {"name": "ray" * 300}}}) for number in range(4)]


def without_sectors(text: bytes, first: int, last: int) -> bytes:
    """Return a journal of which the whole sectors between two offsets were never written."""
    start, end = -(-first // 512) * 512, last // 512 * 512
    assert start < end
    return text[:start] + bytes(end - start) + text[end:]


@pytest.mark.parametrize(("lost", "kept"), [(2, 2), (1, 1)])
def test_sectors_that_were_never_written_are_what_a_power_cut_leaves(lost: int, kept: int) -> None:
    """Two commits that share a sync were both written after the same one; either may be lost."""
    texts = [synced := journal(LONG[0])]
    for change in LONG[1:3]:
        texts.append(texts[-1] + commit_record(change, len(synced)))
    damaged = without_sectors(texts[2], len(texts[lost - 1]), len(texts[lost]))

    content = read_journal(damaged)
    assert [changes for _, changes in content.commits] == LONG[:kept]
    assert content.length == len(texts[kept - 1])


def test_sectors_that_are_lost_after_a_sync_are_damage() -> None:
    start, end = len(journal(LONG[0])), len(journal(*LONG[:2]))
    with pytest.raises(JournalDamagedError, match=f"record at byte {start} is damaged"):
        read_journal(without_sectors(journal(*LONG), start, end))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"documents": []},
        {"documents": {"fish": None}},
        {"documents": {"fish": [1]}},
        {"documents": {}, "moved": {"fish": 1}},
        {"documents": {}, "moved": {"fish": [[]]}},
        {"base": "5eed"},
    ],
)
def test_a_record_of_something_else_is_damage(record: dict[str, Any]) -> None:
    content = json.dumps(record).encode()
    line = b"%08x %d %b\n" % (zlib.crc32(content), len(content), content)
    with pytest.raises(JournalDamagedError):
        read_journal(head_record("5eed") + line)


def test_a_journal_without_the_name_of_its_file_is_damage() -> None:
    with pytest.raises(JournalDamagedError, match="its first line names no state file"):
        read_journal(commit_record(CHANGES[0], 0))


def test_a_kill_loses_nothing_that_was_committed(path: Path) -> None:
    states = killed(path, "catfish", "tuna")

    with contextlib.closing(FileStorage(path)) as again:
        assert again.read() == states[-1]
        again.put("fish", "4", {"name": "eel"})
    assert tables_on_disk(path)["fish"]["4"] == {"name": "eel"}


def test_the_order_of_documents_is_kept_by_a_kill(path: Path) -> None:
    storage = FileStorage(path)
    for key in ("1", "2", "3"):
        storage.put("fish", key, {"name": key})
    with storage.transaction():
        for change in (None, {"name": "again"}):
            storage.put("fish", "1", change)
    storage.abandon()

    with contextlib.closing(FileStorage(path)) as again:
        assert [*again.read()["fish"]] == ["2", "3", "1"]


def test_a_journal_cut_at_every_byte_gives_a_commit_that_there_was(path: Path, tmp_path: Path) -> None:
    states = killed(path, "catfish", "tuna")
    text = beside(path).read_bytes()
    for length in range(len(text)):
        beside(path).write_bytes(text[:length])
        assert tables_on_disk(path) in states
    beside(path).write_bytes(text[:-5])
    with contextlib.closing(FileStorage(path)) as again:
        assert again.read() == states[1]
        again.put("fish", "4", {"name": "eel"})
        assert tables_on_disk(path) == again.read()


def test_a_damaged_journal_is_refused_and_left_as_it_is(path: Path) -> None:
    killed(path, "catfish", "tuna")
    text = beside(path).read_bytes()
    beside(path).write_bytes(text.replace(b"catfish", b"batfish"))

    assert "cannot be used: the record at byte" in refused(path)


def remove_file(path: Path) -> None:
    path.unlink()


def replace_file(path: Path) -> None:
    path.write_text(json.dumps({"fish": {"1": {"name": "pike"}}}))


def replace_journal(path: Path) -> None:
    beside(path).write_bytes(journal(*CHANGES))


def forget_folded_part(path: Path) -> None:
    """The file says that more of the journal is in it than there is."""
    base = json.loads(beside(path).read_bytes().splitlines()[0].split(b" ", 2)[2])["base"]
    path.write_text(json.dumps({"journal": {"1": {"base": base, "length": 10**6}}}))


@pytest.mark.parametrize("change", [remove_file, replace_file, replace_journal, forget_folded_part])
def test_a_journal_of_another_file_is_refused(path: Path, change: Callable[[Path], None]) -> None:
    killed(path, "catfish")
    change(path)

    message = refused(path)
    assert "was not written for the state file beside it" in message
    assert f"rm {beside(path)}" in message
    beside(path).unlink()
    FileStorage(path).close()


def make_folder(path: Path) -> None:
    path.mkdir()


def make_link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))
    path.with_name("elsewhere").write_bytes(b"")


@pytest.mark.parametrize("make", [make_folder, make_link, os.mkfifo])
def test_what_is_no_plain_file_in_the_place_of_a_journal_is_refused(path: Path, make: Callable[[Path], None]) -> None:
    killed(path)
    make(beside(path))
    with pytest.raises(StartupError, match=r"state\.json\.journal of the state file"):
        FileStorage(path)


def steal_lock(path: Path) -> None:
    path.with_name(".state.json.lock").unlink()


def rewrite_file(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


def swap_file(path: Path) -> None:
    shutil.copy(path, path.with_name("other"))
    path.with_name("other").rename(path)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (steal_lock, "its lock file was removed"),
        (rewrite_file, "another program has written or removed it"),
        (swap_file, "another program has written or removed it"),
        (remove_file, "another program has written or removed it"),
    ],
)
def test_a_file_that_may_be_another_s_by_now_is_not_written(
    path: Path, change: Callable[[Path], None], problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = FileStorage(path, idle=1000)
    file.write(OLD)
    file.put("fish", "2", {"name": "catfish"})
    change(path)
    before = path.read_bytes() if path.exists() else None
    kept = beside(path).read_bytes()
    with pytest.raises(Exception, match=f"{path} is not written any more: {problem}"):
        file.put("fish", "3", {"name": "tuna"})
    file.close()

    assert (path.read_bytes() if path.exists() else None) == before
    assert beside(path).read_bytes() == kept
    assert problem in caplog.text


def test_when_the_lock_is_removed_only_the_second_emulator_writes(path: Path) -> None:
    first = FileStorage(path, idle=1000)
    first.write(OLD)
    steal_lock(path)
    with contextlib.closing(FileStorage(path)) as second:
        second.put("fish", "2", {"name": "catfish"})
        with pytest.raises(Exception, match="is not written any more"):
            first.put("fish", "3", {"name": "tuna"})
        first.close()
    assert list(tables_on_disk(path)["fish"]) == ["1", "2"]


def test_a_journal_that_was_removed_is_written_again(path: Path) -> None:
    with contextlib.closing(FileStorage(path, idle=1000)) as file:
        file.write(OLD)
        file.put("fish", "2", {"name": "catfish"})
        beside(path).unlink()
        with pytest.raises(Exception, match="send the request once more"):
            file.put("fish", "3", {"name": "tuna"})
        file.fold()
        file.put("fish", "3", {"name": "tuna"})
        assert list(tables_on_disk(path)["fish"]) == ["1", "2", "3"]
