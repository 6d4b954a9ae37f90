"""What a test needs that a machine may lack: programs, a Docker engine, root."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def skip_or_fail(requirement: str, reason: str) -> NoReturn:
    """Skip the running test, or fail it when RTGMOCK_TEST_REQUIRE names ``requirement``.

    The variable holds names separated by commas; CI sets it, so that a missing program cannot hide a test there.
    """
    if requirement in os.environ.get("RTGMOCK_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{reason}, and RTGMOCK_TEST_REQUIRE asks for {requirement}")
    pytest.skip(reason)
