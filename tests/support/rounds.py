"""How often a test repeats something: few rounds in every run, more in CI, many in ``nox -s long``."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")

LONG_VARIABLE = "RTGMOCK_TEST_LONG"
"""The variable that ``nox -s long`` sets to ask for the full numbers."""


def rounds(few: T, many: T, *, in_ci: T | None = None) -> T:
    """Return ``many`` when RTGMOCK_TEST_LONG is set and not empty, else ``few``.

    Where RTGMOCK_TEST_REQUIRE is set, as in CI, return ``in_ci`` in place of ``few`` if that is given.

    Mark a test that calls this with ``@pytest.mark.long``, so that ``nox -s long`` runs it. Hypothesis properties need
    no mark: ``nox -s long`` runs all of them.
    """
    if os.environ.get(LONG_VARIABLE):
        return many
    return few if in_ci is None or not os.environ.get("RTGMOCK_TEST_REQUIRE") else in_ci
