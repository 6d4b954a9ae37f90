"""Generated requests are sent to an emulator, which logs no error of ours for any of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.control import JSON
from tests.support.pipelining import Pipeline, Reply
from tests.support.serve_process import call

if TYPE_CHECKING:
    from tests.support.command import Command
    from tests.support.generated_requests import Generated

NOT_IMPLEMENTED = 501
"""The answer to a Transfer-Encoding that is not known: no error of ours."""


def answered(server: Command, requests: list[Generated]) -> list[Reply]:
    with Pipeline(server.url) as client:
        return list(client.ask(requests))


def reset(server: Command) -> None:
    assert call("POST", f"{server.url}/_rtgmock/reset", headers=JSON).status_code == 200


def errors(server: Command) -> list[dict[str, Any]]:
    """Stop the server; return what it logged about errors of ours: records, and answers that no fault asked for.

    Warnings of a request that took long don't count: on a busy machine, any may.
    """
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.err.splitlines() if line]
    return [
        line
        for line in lines
        if line.get("level", "warning") != "warning"
        or (line.get("status", 0) >= 500 and line["status"] != NOT_IMPLEMENTED and "fault" not in line)
    ]
