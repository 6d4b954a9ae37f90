"""Responses that are labelled as something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import raw

if TYPE_CHECKING:
    from tests.conftest import Served


def test_a_response_can_be_labelled_as_another_type(api: Served) -> None:
    with api.emulator.fail(content_type="text/html"):
        answer = api.get("/instances.json")

    assert (answer.headers["Content-Type"], answer.json()) == ("text/html", [])


def test_one_rule_can_imitate_a_proxys_error_page(api: Served) -> None:
    api.emulator.fail(status=502, message="<h1>Bad Gateway</h1>", content_type="text/html", truncate="half")
    answer = raw.send(api.url, raw.head(raw.LIST))

    assert (answer.status, answer.headers["content-type"], answer.text) == (502, "text/html", "<h1>Bad Ga")
