"""Every exchange under ``fixtures/exchanges`` is replayed through a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from rtgmock.model.instances import record_problems
from tests.support import exchanges, raw

if TYPE_CHECKING:
    from tests.conftest import Serve
    from tests.support.exchanges import Exchange

EXCHANGES = exchanges.load()


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.name)
def test_the_response_is_the_one_on_record(serve: Serve, exchange: Exchange) -> None:
    served = serve(**exchange.settings())
    exchange.fill(served.emulator.store)
    wanted = exchange.wanted()

    answer = raw.send(served.url, exchange.wire_request(urlsplit(served.url).netloc))

    assert (answer.status, answer.reason) == (wanted.status, wanted.reason)
    for name, value in wanted.headers.items():
        assert answer.headers[name.lower()] == value
    assert _ours(answer) == _ours(wanted)
    assert answer.headers["content-length"] == str(len(answer.body)) or exchange.request.startswith("HEAD")
    if exchange.compare == "data":
        assert exchanges.meaning(answer.body) == exchanges.meaning(wanted.body)
    else:
        assert answer.text == wanted.text


def _ours(answer: raw.Answer) -> set[str]:
    """Return the names of the headers by which the emulator remarks on a request."""
    return {name.lower() for name in answer.headers if name.lower().startswith("x-rtgmock-")}


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.name)
def test_the_state_before_an_exchange_is_valid(serve: Serve, exchange: Exchange) -> None:
    served = serve(**exchange.settings())
    exchange.fill(served.emulator.store)

    for record in served.emulator.store.instances():
        assert record_problems(record) == []


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.name)
def test_an_exchange_names_its_source(exchange: Exchange) -> None:
    assert exchange.source.partition(":")[0] in {"documentation", "recorded", "observed", "ours"}
    head, _, body = exchange.request.partition("\n\n")
    if "Content-Length" in head:
        assert f"Content-Length: {len(body.encode())}" in head.split("\n")


def test_the_recorded_response_has_an_exchange_in_every_payload() -> None:
    recorded = {exchange.name: exchange for exchange in EXCHANGES if exchange.name.startswith("recorded-2012-")}

    assert set(recorded) == {f"recorded-2012-{what}-{form}" for what in ("list", "show") for form in ("json", "xml")}
    shown = exchanges.meaning(recorded["recorded-2012-show-json"].wanted().body)
    assert len(shown) == 54 + 2
    assert exchanges.meaning(recorded["recorded-2012-list-json"].wanted().body) == [[("instance", shown)]]


def test_the_four_samples_of_the_documentation_have_exchanges() -> None:
    names = {exchange.name for exchange in EXCHANGES if exchange.source.startswith("documentation: the sample")}

    assert names == {f"documentation-{what}-{form}" for what in ("list", "show") for form in ("json", "xml")}
    assert {e.name for e in EXCHANGES if e.name in names and e.compare == "bytes"} == {"documentation-show-xml"}
