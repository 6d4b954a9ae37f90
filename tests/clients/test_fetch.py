"""Node's fetch as a client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.requirements import skip_or_fail
from tests.support.scripts import MISSING, javascript, printed, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Served


FETCH = (
    f"""if (typeof fetch === "undefined") process.exit({MISSING});"""
    """
const send = async (method, path, body, headers) => {
  const credentials = {Authorization: "Basic " + btoa("username:password")};
  const answer = await fetch(process.env.API + path, {method, body, headers: {...credentials, ...headers}});
  return [answer.status, await answer.text()];
};
"""
)


@pytest.fixture
def node(api: Served, program: Callable[[str, str], str]) -> Callable[..., Any]:
    """Run JavaScript and return its result. In it, ``send`` sends a request by fetch."""
    path = program("node", "node")

    def evaluate(code: str) -> Any:
        finished = run([path, "-e", javascript(FETCH, code)], {"API": api.url})
        return skip_or_fail("node", "this Node has no fetch") if finished.returncode == MISSING else printed(finished)

    return evaluate


def test_fetch_creates_upgrades_and_deletes(api: Served, node: Callable[..., Any]) -> None:
    by_parameters, by_form, by_json, upgraded, deleted = node("""
        const json = {"Content-Type": "application/json"};
        const form = new FormData();
        form.set("instance[plan]", "nano");
        return [
          await send("POST", "/instances.json", new URLSearchParams({plan: "nano"})),
          await send("POST", "/instances.json", form),
          await send("POST", "/instances", JSON.stringify({instance: {plan: "nano"}}), json),
          await send("PUT", "/instances/1.json", new URLSearchParams({"instance[plan]": "mini"})),
          await send("DELETE", "/instances/2"),
        ];
    """)

    for status, text in (by_parameters, by_form, by_json):
        assert (status, json.loads(text)["plan"]) == (201, "nano")
    assert (upgraded[0], json.loads(upgraded[1])["plan"]) == (200, "mini")
    assert deleted == [200, ""]
    assert [item["instance"]["id"] for item in api.get("/instances").json()] == [1, 3]


def test_fetch_reads_which_type_a_string_needs(api: Served, node: Callable[..., Any]) -> None:
    as_json, as_form = node("""
        return [
          await send("POST", "/instances.json", JSON.stringify({plan: "nano"})),
          await send("POST", "/instances.json", "plan=nano"),
        ];
    """)

    accepted = "application/json, application/xml, application/x-www-form-urlencoded, multipart/form-data"
    sentence = f"A body of type text/plain is not read; accepted are {accepted}."
    assert as_json == [415, f"{sentence} Did you mean application/json?\n"]
    assert as_form == [415, f"{sentence} Did you mean application/x-www-form-urlencoded?\n"]
    assert api.get("/instances").json() == []
