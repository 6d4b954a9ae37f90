"""The README's table of promises: each has a proof that exists, and the figures are those of the tests.

The figures of the benchmark, of system calls and of damaged files are found by running these only.
"""

from __future__ import annotations

import re

import pytest

from tests.support.documents import ROOT, section
from tests.support.figures import Rounds, collected_tests, length_of, pinned_versions, rounds_in
from tests.support.secret_requests import FORMS

ROWS = [line for line in section("What is promised, and what proves it").splitlines() if line.startswith("| ")][2:]
COUNTED = {
    "tests/engines/test_leftovers.py": "{} tests",
    "tests/engines/test_full_disk.py": "{} changes and creates",
    "tests/engines/docker/outages/test_resets.py": "{} more in `tests/engines/docker/outages/test_resets.py`",
    "tests/service/test_high_ids.py": "{} tests with ids and names",
    "tests/service/test_account_names.py": "and {} |",
    "tests/storage/test_file_lock.py": "{} tests",
    "tests/engines/redis/test_stored_settings.py": "{} ways",
    "tests/engines/process/test_guard.py": "{} tests",
    "tests/engines/process/test_full_disk.py": "{} more in `tests/engines/process/test_full_disk.py`",
    "tests/web/test_other_accounts.py": "{} requests",
    "tests/browser/test_pages.py": "{} tests with Chromium",
    "tests/web/control/test_api.py": "{} requests",
    "tests/web/test_guard.py": "{} in `tests/web/test_guard.py`",
    "tests/engines/docker/test_confinement.py": "{} kinds of images",
}
"""What the table says of the number of tests in a module."""
KILLS = "test_what_was_answered_survives_kills_in_the_middle_of_writing"
HISTORIES = "test_concurrent_requests_are_linearizable"
ENGINE_KILLS = "test_no_acknowledged_write_is_lost_when_everything_is_killed"
FAULTY_DISKS = "tests/storage/test_faulty_disk.py", "tests/engines/test_faulty_disk.py"
VERSIONS = "tests/engines/redis/test_versions.py"
WEB, ENGINES = "tests/web/test_generated_requests.py", "tests/engines/test_generated_requests.py"
KILLED_HISTORIES = "test_requests_that_a_kill_interrupts_are_linearizable"


def product(*factors: Rounds | int) -> Rounds:
    """Return how often something is done in CI and in the long run, if each of that is done so often."""
    in_ci = long = 1
    for factor in factors:
        times = Rounds(factor, factor) if isinstance(factor, int) else factor
        in_ci, long = in_ci * times.in_ci, long * times.long
    return Rounds(in_ci, long)


def phrases() -> dict[str, str]:
    """Return what the table says by constants of the tests, by the test."""
    kills = product(2, *rounds_in("tests/storage/test_kills.py", KILLS))
    histories = product(2, *rounds_in("tests/test_linearizability.py", HISTORIES))
    [killed] = rounds_in("tests/test_linearizability.py", KILLED_HISTORIES)
    runs, steps = rounds_in("tests/test_state_machine.py", "TestEmulator.settings")
    requests = [product(*rounds_in(path, "RUNS"), *rounds_in(path, "REQUESTS")) for path in (WEB, ENGINES)]
    [engine_kills] = rounds_in("tests/engines/test_kills.py", ENGINE_KILLS)
    [secrets] = rounds_in("tests/web/test_no_secret_is_shown.py", "BATCHES")
    return {
        "tests/storage/test_kills.py": f"{kills.in_ci} kills while four clients write; {kills.long:,} in `nox -s long`",
        **{path: f"{length_of(path, 'CHANGES')} kinds of changes" for path in FAULTY_DISKS},
        VERSIONS: f"{length_of(VERSIONS, 'REFUSED')} commands",
        "tests/test_linearizability.py": f"{histories.in_ci} histories, and {killed.in_ci} that a kill interrupts; "
        f"{histories.long:,} and {killed.long} in `nox -s long`",
        "tests/test_state_machine.py": f"{runs.in_ci} runs of {steps.in_ci} steps; "
        f"{runs.long} of {steps.long} in `nox -s long`",
        "tests/engines/test_kills.py": f"{engine_kills.in_ci} kills with each engine",
        "tests/web/test_no_secret_is_shown.py": f"{len(FORMS)} forms of requests, {secrets.in_ci} times",
        WEB: f"{requests[0].in_ci:,} requests by chance over sockets",
        ENGINES: f"{requests[1].in_ci} beside live Redis servers",
        "tests/test_pins.py": f"{len(pinned_versions())} versions",
    }


def row_of(path: str) -> str:
    [row] = [row for row in ROWS if f"`{path}`" in row]
    return row


def test_each_promise_has_a_proof_that_exists() -> None:
    named = [re.findall(r"`(tests/[\w/]+\.py)`", row) for row in ROWS]

    assert named
    assert all(named)
    assert not [path for paths in named for path in paths if not (ROOT / path).is_file()]


@pytest.mark.parametrize(("path", "phrase"), phrases().items(), ids=phrases())
def test_a_figure_is_the_constant_of_its_test(path: str, phrase: str) -> None:
    assert re.search(rf"(?<![\d,]){re.escape(phrase)}", row_of(path)), f"it is {phrase}"


def test_a_number_of_tests_is_that_which_pytest_collects() -> None:
    for path, count in collected_tests(tuple(COUNTED)).items():
        phrase = COUNTED[path].format(count)
        assert re.search(rf"(?<![\d,]){re.escape(phrase)}", row_of(path)), f"it is {phrase}"
