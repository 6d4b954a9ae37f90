"""The table of the errors that requests are refused with."""

from __future__ import annotations

import pytest

from rtgmock import errors
from rtgmock.errors import REQUEST_ERRORS, EngineFailed, InternalError, RequestError


def test_the_table_has_every_request_error_once_in_the_order_of_their_status() -> None:
    defined = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, RequestError) and value is not RequestError
    }

    assert set(REQUEST_ERRORS) == defined
    assert [error.status for error in REQUEST_ERRORS] == sorted({error.status for error in defined})


def test_every_error_says_in_one_line_when_it_occurs() -> None:
    assert all(error.summary().endswith(".") for error in REQUEST_ERRORS)
    assert errors.NotAcceptable.summary() == "The client accepts neither JSON nor XML."


@pytest.mark.parametrize("problem", ["The container is gone", "The container is gone.", "The container is gone...\n"])
def test_an_engine_failure_ends_with_one_full_stop_and_can_be_quoted_without(problem: str) -> None:
    error = EngineFailed(problem)

    assert str(error) == "The container is gone."
    assert str(EngineFailed(f"Nothing has changed: {error.problem}")) == "Nothing has changed: The container is gone."


def test_the_reason_why_a_change_is_not_stored_can_be_quoted_without_what_follows_from_it() -> None:
    error = InternalError.not_stored("the disk is gone", "Send it once more.")

    assert str(error) == "The disk is gone; nothing has changed. Send it once more."
    assert str(InternalError.not_stored("the disk is gone")) == "The disk is gone; nothing has changed."
    assert error.problem == "the disk is gone"
    assert InternalError("Something else.").problem == "Something else."
