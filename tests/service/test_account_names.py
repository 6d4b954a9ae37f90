"""Account names: what the settings accept is what the state file can be opened with again."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from rtgmock.errors import InternalError
from rtgmock.model.types import MAX_LENGTH
from rtgmock.settings.config import Config
from rtgmock.settings.parsers import Credentials
from rtgmock.storage.store import Store
from tests.support.main import run_main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve

STATE_ID = "0123456789ab"


def test_the_longest_name_is_there_after_a_restart(serve: Serve, tmp_path: Path) -> None:
    name = "n" * MAX_LENGTH
    for _ in range(2):
        served = serve(state=tmp_path / "state.json", accounts=(Credentials(name, "password"),))
        assert served.emulator.store.accounts() == {name: 1}
        served.create()
        served.close()


def test_a_longer_name_is_refused_before_there_is_a_state_file(tmp_path: Path) -> None:
    account = f"{'n' * (MAX_LENGTH + 1)}:password"

    refused = run_main("serve", "--port", "0", "--state", "state.json", "--account", account, folder=tmp_path)

    assert refused.returncode == 2
    assert "is too long (maximum is 255 characters)" in " ".join(refused.stderr.split())
    assert account not in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["n" * (MAX_LENGTH + 1), "a\nb"])
def test_a_configuration_refuses_a_name_that_could_not_be_stored(name: str) -> None:
    with pytest.raises(ValueError, match="the account"):
        Config(accounts=(Credentials(name, "password"),))


@pytest.mark.parametrize("name", ["n" * (MAX_LENGTH + 1), "a\nb"])
def test_the_store_commits_no_name_that_it_could_not_open(tmp_path: Path, name: str) -> None:
    path = tmp_path / "state.json"
    with contextlib.closing(Store.open(path, STATE_ID)) as store:
        before = path.read_bytes()
        with pytest.raises(InternalError, match="accounts"), store.transaction() as change:
            change.add_accounts(["username", name])
        assert store.accounts() == {}
        assert path.read_bytes() == before

    Store.open(path, STATE_ID).close()
