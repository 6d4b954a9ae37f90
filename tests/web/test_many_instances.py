"""A list of many instances keeps no other request waiting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.support import raw

if TYPE_CHECKING:
    from tests.conftest import Serve

COUNT = 1000
HEALTH = raw.head("GET /_rtgmock/health HTTP/1.1\nHost: localhost")
LIST = raw.head(f"HEAD /instances.xml HTTP/1.1\n{raw.AUTHORIZED}")  # made like a GET's, without its megabyte


def test_a_list_of_many_instances_keeps_no_other_request_waiting(serve: Serve) -> None:
    served = serve(ports=range(1000, 1000 + COUNT))
    document = {"instances": [{"plan": "nano"}] * COUNT}
    assert served.put("/_rtgmock/state", json=document).status_code == 200
    answered = 0
    with ThreadPoolExecutor(1) as pool:
        listed = pool.submit(raw.send, served.url, LIST)
        while not listed.done():
            assert raw.send(served.url, HEALTH).status == 200
            answered += 1

    # A request that waited for the list would be answered after it.
    assert answered > 5
    assert listed.result().status == 200
