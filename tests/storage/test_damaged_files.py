"""State files and journals with damage of every kind: opened or refused in one line, and never overwritten."""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import StartupError
from rtgmock.storage.store import Store
from tests.support.command import until
from tests.support.damage import DEEP, NUMBERS, OTHER_FILES, VALUES, places, with_value
from tests.support.rounds import rounds
from tests.support.state_files import STATE_ID, state_tables
from tests.support.values import record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.conftest import Serve

DOCUMENT = state_tables()
TEXT = json.dumps(DOCUMENT).encode()
MARK = "a number stands here"


def folder_content(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder, without lock files: the process number in them is not part of a state."""
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.suffix != ".lock" and entry.is_file()}


def refusal(path: Path) -> str:
    """Return the one line by which a store refuses a file, empty if it opens it; a refused file is left as it is."""
    before = folder_content(path.parent)
    said = ""
    try:
        Store.open(path, STATE_ID).close()
    except StartupError as error:
        said = str(error)
    if said:
        assert folder_content(path.parent) == before
        assert "\n" not in said
        assert str(path) in said
        assert len(said) < 1000
    return said


def refusals(path: Path, contents: Iterable[bytes]) -> list[str]:
    """Return the line by which each content is refused, empty for one that is opened."""
    messages = []
    for content in contents:
        path.write_bytes(content)
        messages.append(refusal(path))
    return messages


def mutations(document: Any) -> list[Any]:
    """Return the document with each value replaced by one of each type; by default, some of them."""
    changes = [(path, value) for path in places(document) for value in VALUES]
    return [with_value(document, path, value) for path, value in changes[:: rounds(11, 1, in_ci=1)]]


@pytest.mark.long
def test_a_file_cut_at_any_byte_is_refused(path: Path) -> None:
    cuts = range(1, len(TEXT), rounds(7, 1))

    assert all("is not JSON" in said for said in refusals(path, (TEXT[:length] for length in cuts)))


@pytest.mark.long
def test_a_file_with_any_flipped_bit_is_opened_or_refused(path: Path) -> None:
    places_of_bits = range(0, len(TEXT) * 8, rounds(101, 1))
    flipped = (TEXT[: n // 8] + bytes([TEXT[n // 8] ^ 1 << n % 8]) + TEXT[n // 8 + 1 :] for n in places_of_bits)
    messages = refusals(path, flipped)

    assert sum(map(bool, messages)) > len(messages) / 2


@pytest.mark.long
def test_a_file_with_any_value_of_another_type_is_opened_or_refused(path: Path) -> None:
    messages = refusals(path, (json.dumps(mutation).encode() for mutation in mutations(DOCUMENT)))

    assert messages.count("") < len(messages) / 3


@pytest.mark.long
def test_an_emulator_serves_every_file_that_it_opens(serve: Serve, path: Path) -> None:
    opened = []
    for mutation in mutations(DOCUMENT):
        path.write_text(json.dumps(mutation))
        if not refusal(path):
            opened.append(mutation)
    for mutation in opened[:: rounds(5, 1, in_ci=10)]:
        path.write_text(json.dumps(mutation))
        api = serve(state=path)
        number = "1" if mutation.get("instances") and mutation["accounts"] == DOCUMENT["accounts"] else ""
        for request in (f"/instances/{number}.json".replace("/.", "."), "/instances.xml", "/_rtgmock/state"):
            answer = api.get(request)
            assert answer.status_code == 200, (answer.text, mutation)
        assert api.post("/instances.json", json={"plan": "nano"}).status_code in {201, 422}
        if number:
            answer = api.put("/instances/1.json", json={"label": "mongrel"})
            assert answer.status_code == 200, (answer.text, mutation)
            assert api.delete("/instances/1.json").status_code == 200
        document = api.get("/_rtgmock/state").json()
        api.close()
        again = serve(state=path)
        assert again.get("/_rtgmock/state").json() == document
        again.close()


def test_a_number_of_thousands_of_digits_is_refused_or_opened_anywhere(path: Path) -> None:
    marked = [json.dumps(with_value(DOCUMENT, place, MARK)) for place in places(DOCUMENT)]
    texts = [text.replace(f'"{MARK}"', number).encode() for text in marked for number in NUMBERS]
    keys = [
        json.dumps(DOCUMENT | {table: {digits: DOCUMENT[table]["1"]}}).encode()
        for digits in ("1" * 5000, "0" * 5000, "-" + "1" * 5000)
        for table in DOCUMENT
    ]

    assert all(refusals(path, keys))
    assert sum(map(bool, refusals(path, texts))) > len(texts) * 0.9


@pytest.mark.parametrize("content", OTHER_FILES.values(), ids=OTHER_FILES)
def test_the_file_of_another_program_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    assert refusal(path)


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [200, 300, 900, 1100, 10**5])
def test_a_file_that_is_nested_deeply_is_refused_or_can_be_written_again(path: Path, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    path.write_text(json.dumps({**DOCUMENT, "notes": {"1": {"deep": MARK}}}).replace(f'"{MARK}"', deep))
    if said := refusal(path):
        assert "is nested too deeply" in said or "is not JSON" in said
        return
    with contextlib.closing(Store.open(path, STATE_ID)) as store, store.transaction() as change:
        change.remove_instance(1)
    assert deep in path.read_text()


@pytest.mark.parametrize("depth", [150, *range(190, 260)])
def test_an_instance_that_is_nested_deeply_is_refused_or_can_be_changed(path: Path, depth: int) -> None:
    """Around the depth that the encoder takes, and the journal nests a document more deeply than the file."""
    document = with_value(DOCUMENT, ("instances", "1", "unknown"), nested(depth))
    path.write_text(json.dumps(document))
    if said := refusal(path):
        assert "is nested too deeply" in said
        return
    with contextlib.closing(Store.open(path, STATE_ID)) as store:
        found = store.instance(1)
        assert found
        with store.transaction() as change:
            change.put_instance(found | {"label": "changed"})
        store._storage.fold()
    assert json.loads(path.read_bytes())["instances"]["1"] == document["instances"]["1"] | {"label": "changed"}


# The journal.


def beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.journal")


def killed(path: Path) -> list[bytes]:
    """Make a state file and its journal as a kill leaves them; return the journal's lines."""
    path.write_bytes(TEXT)
    store = Store.open(path, STATE_ID)
    with store.transaction() as change:
        change.put_instance(record(id=change.next_instance_id(), port=9002))
        change.add_accounts(["other"])
    with store.transaction() as change:
        change.remove_instance(1)
    store._storage.abandon()
    return beside(path).read_bytes().splitlines(keepends=True)


def content_of(line: bytes) -> Any:
    return json.loads(line.split(b" ", 2)[2])


def line_of(content: bytes) -> bytes:
    return b"%08x %d %b\n" % (zlib.crc32(content), len(content), content)


def journal_refusals(path: Path, journals: Iterable[bytes]) -> list[str]:
    """Return the line by which each journal is refused beside the same state file, empty for one that is opened."""
    kept, messages = path.read_bytes(), []
    for journal in journals:
        path.write_bytes(kept)
        beside(path).write_bytes(journal)
        messages.append(refusal(path))
    return messages


@pytest.mark.long
def test_a_journal_with_any_value_of_another_type_is_opened_or_refused(path: Path) -> None:
    lines = killed(path)
    journals = [
        b"".join([*lines[:number], line_of(json.dumps(mutation).encode()), *lines[number + 1 :]])
        for number in range(len(lines))
        for mutation in mutations(content_of(lines[number]))
    ]
    messages = journal_refusals(path, journals)

    assert messages.count("") < len(messages) / 2


@pytest.mark.long
def test_a_journal_with_numbers_of_thousands_of_digits_is_opened_or_refused(path: Path) -> None:
    lines = killed(path)
    contents = [
        json.dumps(with_value(content_of(lines[1]), place, MARK)).replace(f'"{MARK}"', number).encode()
        for place in [*places(content_of(lines[1]))][:: rounds(5, 1, in_ci=1)]
        for number in NUMBERS
    ]
    journals = [b"".join([lines[0], line_of(content), lines[2]]) for content in contents]
    lengths = [lines[0].replace(b" ", b" " + digits, 1) for digits in (b"1" * 5000, b"0" * 5000)]

    assert all(journal_refusals(path, lengths))
    assert sum(map(bool, journal_refusals(path, journals))) > len(journals) * 0.9


@pytest.mark.parametrize("synced", [None, "1", [], {}, DEEP, True, 0.5], ids=lambda value: repr(value)[:20])
def test_what_a_damaged_journal_says_was_synced_may_be_anything(path: Path, synced: Any) -> None:
    lines = killed(path)
    last = line_of(json.dumps({**content_of(lines[2]), "synced": synced}).encode())
    beside(path).write_bytes(lines[0] + lines[1][:-20] + b"\n" + last)

    assert "the record at byte" in refusal(path)


@pytest.mark.parametrize("name", sorted(OTHER_FILES.keys() - {"number", "hexadecimal"}))
def test_the_file_of_another_program_in_the_place_of_the_journal_is_refused(path: Path, name: str) -> None:
    path.write_bytes(TEXT)
    beside(path).write_bytes(OTHER_FILES[name])

    assert f"the journal {beside(path)}" in refusal(path)


def test_a_deeply_nested_change_is_refused(path: Path) -> None:
    lines = killed(path)
    content = {"synced": 0, "whole": False, "documents": {"notes": {"1": {"deep": nested(300)}}}}
    beside(path).write_bytes(lines[0] + line_of(json.dumps(content).encode()))

    assert "is nested too deeply" in refusal(path)


# What stands beside the state file.


def test_a_folder_named_like_our_temporary_file_is_left_alone(serve: Serve, path: Path) -> None:
    folder = path.with_name(f".{path.name}.a1b2c3d4.tmp")
    folder.mkdir()
    (folder / "precious").write_text("data")
    api = serve(state=path)
    api.create()
    api.close()

    assert serve(state=path).instance_ids() == [1]
    assert (folder / "precious").read_text() == "data"


@pytest.mark.parametrize("kind", ["folder", "link", "link that leads nowhere"])
def test_what_is_no_plain_file_in_the_place_of_the_lock_is_refused(path: Path, kind: str) -> None:
    path.write_bytes(TEXT)
    lock, precious = path.with_name(f".{path.name}.lock"), path.with_name("precious")
    if kind == "link":
        precious.write_text("data")
    if kind == "folder":
        lock.mkdir()
    else:
        lock.symlink_to(precious)

    with pytest.raises(StartupError, match=f"the lock file {lock} cannot be used: ") as raised:
        Store.open(path, STATE_ID)
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == TEXT
    assert not precious.exists() or precious.read_text() == "data"


def test_a_fifo_in_the_place_of_the_lock_keeps_no_start_waiting(serve: Serve, path: Path) -> None:
    path.write_bytes(TEXT)
    os.mkfifo(path.with_name(f".{path.name}.lock"))

    assert until(lambda: serve(state=path).instance_ids()) == [1]


@pytest.mark.parametrize("kind", ["loop", "folder", "FIFO", "file with something below it"])
def test_a_link_to_what_is_no_file_is_refused(path: Path, kind: str) -> None:
    fifo, plain = path.with_name("fifo"), path.with_name("plain")
    os.mkfifo(fifo)
    plain.touch()
    targets = {"loop": path, "folder": path.parent, "FIFO": fifo, "file with something below it": plain / "x"}
    path.symlink_to(targets[kind])

    with pytest.raises(StartupError, match="--state FILE") as raised:
        Store.open(path, STATE_ID)
    assert "\n" not in str(raised.value)
    assert path.is_symlink()


def test_a_name_that_is_too_long_is_refused(serve: Serve, path: Path) -> None:
    # The last one is not too long itself, but that of the temporary file is.
    for too_long in (path.with_name("x" * 300), path.with_name("x" * 300) / "state.json", path.with_name("x" * 245)):
        with pytest.raises(StartupError, match="File name too long") as raised:
            serve(state=too_long)
        assert "\n" not in str(raised.value)
