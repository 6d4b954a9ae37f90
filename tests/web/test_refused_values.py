"""Values that are refused with 422: a list of messages, in the format of the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree.ElementTree import fromstring

import pytest

from rtgmock.model.plans import PLANS
from tests.support import raw
from tests.support.refused import AUTHORIZED, FORM

if TYPE_CHECKING:
    from tests.conftest import Served

_UNKNOWN_PLAN = f"Plan is not included in the list: it is one of {', '.join(PLANS)}"

REFUSED_VALUES = [
    ("no plan", b"label=mongrel", ["Plan can't be blank"]),
    ("blank plan", b"plan=", ["Plan can't be blank"]),
    ("nothing", b"", ["Plan can't be blank"]),
    ("unknown plan", b"plan=pico", [_UNKNOWN_PLAN]),
    ("plan in capitals", b"plan=Nano", [_UNKNOWN_PLAN]),
    ("not a number", b"plan=nano&timeout=soon", ["Timeout is not a number"]),
    (
        "several",
        b"plan=pico&timeout=-1&databases=0&appendfsync=often",
        [
            _UNKNOWN_PLAN,
            "Timeout must be greater than or equal to 0",
            "Databases must be greater than 0",
            "Appendfsync is not included in the list: it is one of always, everysec, no",
        ],
    ),
]


@pytest.mark.parametrize(("name", "body", "messages"), REFUSED_VALUES, ids=[value[0] for value in REFUSED_VALUES])
def test_refused_values_are_messages_in_the_format_asked_for(
    unchanged_api: Served, name: str, body: bytes, messages: list[str]
) -> None:
    for extension in ("json", "xml"):
        head = f"POST /instances.{extension} HTTP/1.1\nHost: localhost\n{FORM}\n{AUTHORIZED}"
        answer = raw.send(unchanged_api.url, raw.head(head, body))

        assert (answer.status, answer.reason) == (422, "Unprocessable Entity")
        assert answer.headers["content-type"] == f"application/{extension}; charset=utf-8"
        if extension == "json":
            assert json.loads(answer.body) == {"errors": messages}
        else:
            root = fromstring(answer.body)
            assert (root.tag, root.attrib) == ("errors", {})
            assert [(child.tag, child.attrib, child.text) for child in root] == [("error", {}, m) for m in messages]


def test_errors_in_xml_are_laid_out_as_rails_did(api: Served) -> None:
    answer = api.post("/instances.xml", data={"plan": "nano", "timeout": "x", "databases": "y"})

    assert answer.text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<errors>\n  <error>Timeout is not a number</error>\n'
        "  <error>Databases is not a number</error>\n</errors>\n"
    )
