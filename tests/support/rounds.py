"""How often a test repeats something: few rounds in every run, many in ``nox -s long``."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")

LONG_VARIABLE = "RTGMOCK_TEST_LONG"
"""The variable that ``nox -s long`` sets to ask for the full numbers."""


def rounds(few: T, many: T) -> T:
    """Return ``many`` when RTGMOCK_TEST_LONG is set and not empty, else ``few``.

    Mark a test that calls this with ``@pytest.mark.long``, so that ``nox -s long`` runs it. Hypothesis properties need
    no mark: ``nox -s long`` runs all of them.
    """
    return many if os.environ.get(LONG_VARIABLE) else few
