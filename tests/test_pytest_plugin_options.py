"""The options of the pytest plugin: where they come from, which counts, and how wrong ones end the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.settings.config import SETTINGS
from tests.support.scratch import Outcome, call_pytest, run_pytest, write_modules

if TYPE_CHECKING:
    from pathlib import Path

SEEN = "def test_seen(rtgmock):\n    c = rtgmock.config\n    assert (c.api, c.accounts[0].name) == ({}, {!r})\n"


def test_options_come_from_the_ini_file_a_fixture_and_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nrtgmock_options = --api 2012 --account 'ann:a 1'\n")
    write_modules(tmp_path, test_seen=SEEN.format(2012, "ann"))
    assert call_pytest(tmp_path).counts == {"passed": 1}

    conftest = """
        import pytest

        @pytest.fixture(scope="session")
        def rtgmock_settings():
            return {"accounts": ["bob:b2"]}
    """
    write_modules(tmp_path, conftest=conftest, test_seen=SEEN.format(2012, "bob"))
    assert call_pytest(tmp_path).counts == {"passed": 1}

    write_modules(tmp_path, test_seen=SEEN.format(2010, "eve"))
    assert call_pytest(tmp_path, "--rtgmock-options=--api 2010 --account eve:e3").counts == {"passed": 1}


def test_an_instance_of_the_options_is_there_in_each_test(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nrtgmock_options = --instance nano:secret@9044\n")
    write_modules(
        tmp_path,
        test_seen="""
            import pytest

            @pytest.mark.parametrize("number", [1, 2])
            def test_seen(rtgmock, number):
                assert [one["url"] for one in rtgmock.instances] == ["redis://username:secret@127.0.0.1:9044/"]
                assert rtgmock.create(plan="nano")["id"] == 2
        """,
    )

    assert call_pytest(tmp_path).counts == {"passed": 2}


def test_a_fixture_that_comes_with_rtgmock_is_named_in_the_options(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nrtgmock_options = --fixture hundred-instances\n")
    write_modules(tmp_path, test_seen="def test_seen(rtgmock):\n    assert rtgmock.create(plan='nano')['id'] == 101\n")

    assert call_pytest(tmp_path).counts == {"passed": 1}


def test_variables_of_the_command_do_not_count(tmp_path: Path) -> None:
    write_modules(tmp_path, test_seen=SEEN.format(2010, "username"))
    variables = {setting.variable: "wrong" for setting in SETTINGS.values()} | {"RTGMOCK_API": "2012"}

    assert call_pytest(tmp_path, env=variables).counts == {"passed": 1}


def test_files_are_relative_to_the_rootdir(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "state.json").write_text('{"instances": [{"plan": "mini"}]}')
    (tmp_path / "pytest.ini").write_text("[pytest]\nrtgmock_options = --fixture state.json\n")
    write_modules(
        tmp_path / "inner",
        test_seen="""
            def test_seen(rtgmock):
                assert [record["plan"] for record in rtgmock.store.instances()] == ["mini"]
        """,
    )

    done = call_pytest(tmp_path, f"--rootdir={tmp_path}", "inner")

    assert done.counts == {"passed": 1}, done.out


def assert_refused(done: Outcome, said: str) -> None:
    assert done.code == pytest.ExitCode.USAGE_ERROR
    assert done.err.startswith("ERROR: rtgmock_options: ")
    assert said in done.err
    assert done.err.strip().count("\n") == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--api 2011", "'2011' is not a version of the API; accepted are 2010 and 2012."),
        ("--state x.json", "No such option"),
        ("--ready-file x", "No such option"),
        ("--log-format json", "No such option"),
        ("here", "unexpected extra argument"),
        ("--api '2010", "No closing quotation"),
    ],
)
def test_wrong_options_end_the_run_with_one_line(tmp_path: Path, options: str, said: str) -> None:
    write_modules(tmp_path, test_seen="def test_seen(rtgmock):\n    pass\n")

    assert_refused(call_pytest(tmp_path, f"--rtgmock-options={options}"), said)


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "workers"])
def test_wrong_options_end_a_process_and_its_workers_with_one_line(tmp_path: Path, workers: list[str]) -> None:
    write_modules(tmp_path, test_seen="def test_seen(rtgmock):\n    pass\n")

    assert_refused(run_pytest(tmp_path, "--rtgmock-options=--api 2011", *workers), "accepted are 2010 and 2012.")


def test_wrong_options_keep_no_test_from_running_that_does_not_use_them(tmp_path: Path) -> None:
    write_modules(tmp_path, test_other="def test_other():\n    pass\n")

    assert call_pytest(tmp_path, "--rtgmock-options=--api 2011").counts == {"passed": 1}


def test_an_emulator_that_cannot_start_is_an_error_of_one_line(tmp_path: Path) -> None:
    write_modules(tmp_path, test_seen="def test_seen(rtgmock):\n    pass\n")

    done = call_pytest(tmp_path, "--rtgmock-options=--redis process --redis-server no-such-server")

    assert done.counts == {"error": 1}
    assert "rtgmock: there is no program no-such-server; name another one: --redis-server PATH" in done.out
    assert "Traceback" not in done.out
    assert "emulator.py" not in done.out
