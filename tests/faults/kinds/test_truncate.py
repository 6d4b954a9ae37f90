"""Truncated responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.support import raw

if TYPE_CHECKING:
    from tests.conftest import Served


@pytest.mark.parametrize(("extension", "truncate"), [("json", 20), ("xml", 20), ("json", "half"), ("xml", "half")])
def test_a_truncated_response_has_the_headers_of_the_whole(api: Served, extension: str, truncate: Any) -> None:
    api.create()
    whole = api.get(f"/instances/1.{extension}").content
    sent = 20 if truncate == 20 else len(whole) // 2
    with api.emulator.fail(truncate=truncate):
        answer = raw.send(api.url, raw.head(f"GET /instances/1.{extension} HTTP/1.1\n{raw.AUTHORIZED}"))
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match=f"{len(whole) - sent} more expected"):
            api.get(f"/instances/1.{extension}")

    assert (answer.status, answer.body) == (200, whole[:sent])
    assert int(answer.headers["content-length"]) == len(whole)


@pytest.mark.parametrize(("method", "sent"), [("GET", 1), ("HEAD", 0)])
def test_at_least_one_byte_of_the_body_is_missing(api: Served, method: str, sent: int) -> None:
    api.emulator.fail(truncate=1000)
    answer = raw.send(api.url, raw.head(f"{method} /instances.json HTTP/1.1\n{raw.AUTHORIZED}\nConnection: keep-alive"))

    assert (len(answer.body), answer.headers["content-length"]) == (sent, "2")


def test_of_a_response_without_a_body_only_the_connection_is_cut(api: Served) -> None:
    api.create()
    with api.emulator.fail("DELETE", truncate="half"):
        answer = raw.send(api.url, raw.head(f"DELETE /instances/1 HTTP/1.1\n{raw.AUTHORIZED}\nConnection: keep-alive"))

    assert (answer.status, answer.body) == (200, b"")
    assert api.instance_ids() == []
