"""What a transaction promises, in memory and in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tinydb import TinyDB

from tests.support.state_files import (
    NEW,
    OLD,
    in_other_thread,
    write_and_fail,
    write_new,
)

if TYPE_CHECKING:
    from rtgmock.storage.transactional import TransactionalStorage


def test_there_is_nothing_at_first(storage: TransactionalStorage) -> None:
    assert storage.read() == {}


def test_a_write_outside_a_transaction_counts_at_once(storage: TransactionalStorage) -> None:
    storage.write(OLD)

    assert storage.read() == in_other_thread(storage.read) == OLD


def test_a_transaction_counts_as_a_whole_at_its_end(storage: TransactionalStorage) -> None:
    with storage.transaction():
        storage.write(OLD)
        storage.write(NEW)
        assert storage.read() == NEW
        assert in_other_thread(storage.read) == {}

    assert storage.read() == in_other_thread(storage.read) == NEW


def test_other_threads_read_what_was_committed_last(storage: TransactionalStorage) -> None:
    storage.write(OLD)
    with storage.transaction():
        storage.write(NEW)
        assert in_other_thread(storage.read) == OLD

    assert in_other_thread(storage.read) == NEW


def test_any_thread_may_write(storage: TransactionalStorage) -> None:
    in_other_thread(lambda: storage.write(OLD))
    assert storage.read() == OLD

    in_other_thread(lambda: write_new(storage))
    assert storage.read() == NEW


def test_a_document_that_is_removed_and_set_again_comes_after_the_others(storage: TransactionalStorage) -> None:
    for key in ("1", "2", "3"):
        storage.put("fish", key, {"name": key})
    with storage.transaction():
        storage.put("fish", "1", {"name": "changed"})
        for key in ("1", "2"):
            storage.put("fish", key, None)
        for key in ("2", "4", "1"):
            storage.put("fish", key, {"name": f"new {key}"})
        latest = [*storage.read()["fish"].items()]

    expected = [("3", "3"), ("2", "new 2"), ("4", "new 4"), ("1", "new 1")]
    assert [(key, row["name"]) for key, row in latest] == expected
    for read in (storage.read, lambda: in_other_thread(storage.read)):
        assert [(key, row["name"]) for key, row in read()["fish"].items()] == expected


def test_an_error_in_a_transaction_leaves_nothing_of_it(storage: TransactionalStorage) -> None:
    storage.write(OLD)
    with pytest.raises(ZeroDivisionError):
        write_and_fail(storage)

    assert storage.read() == in_other_thread(storage.read) == OLD
    with storage.transaction():
        assert storage.read() == OLD
        storage.write(NEW)
    assert storage.read() == NEW


def test_a_transaction_may_write_nothing(storage: TransactionalStorage) -> None:
    storage.write(OLD)
    with storage.transaction():
        assert storage.read() == OLD

    assert storage.read() == OLD


def test_a_reader_may_do_what_it_likes_with_its_dict_of_tables(storage: TransactionalStorage) -> None:
    storage.write(OLD)
    storage.read().clear()
    with storage.transaction():
        storage.read().clear()

    assert storage.read() == OLD


def test_tinydb_works_on_top_of_it(storage: TransactionalStorage) -> None:
    database = TinyDB(storage=lambda: storage)
    with storage.transaction():
        first = database.insert({"name": "ray"})
        database.insert({"name": "catfish"})
        database.remove(doc_ids=[first])

    assert database.all() == [{"name": "catfish"}]
    assert in_other_thread(database.all) == [{"name": "catfish"}]
