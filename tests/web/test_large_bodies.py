"""Bodies as large as a body may be: each is refused with a 4xx, and soon."""

from __future__ import annotations

import gzip
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import raw
from tests.support.rounds import rounds
from tests.wire.test_xml_refusals import BOMB

if TYPE_CHECKING:
    from tests.conftest import Served

SIZE = 2**20
MANY = 10_000
MAX_SECONDS = rounds(2.0, 0.5)
"""The goal, on a machine that does nothing else, is half a second."""
ATTEMPTS = 5
JSON, XML, FORM = "application/json", "application/xml", "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
PART = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n1\r\n'


def filled(unit: str, begin: str = "", end: str = "") -> str:
    """Return ``begin``, ``unit`` as often as it fits into a body, and ``end``."""
    return begin + unit * ((SIZE - len(begin) - len(end)) // len(unit)) + end


def listed(unit: str, separator: str, begin: str = "", end: str = "", count: int = MANY) -> str:
    return begin + separator.join(unit.format(number) for number in range(count)) + end


BODIES = {
    "parameters in JSON": (JSON, listed('"a{}":1', ",", "{", "}")),
    "parameters in XML": (XML, listed("<a{0}>1</a{0}>", "", "<instance>", "</instance>")),
    "parameters in a form": (FORM, listed("a{}=1", "&")),
    "parameters in multipart": (PARTS, listed(PART, "", end="--b--\r\n")),
    "equal parameters in a form": (FORM, "a=1&" * MANY + "a=1"),
    "nested parameters in a form": (FORM, listed("instance[a{}]=1", "&")),
    "items of a list in a form": (FORM, "snapshots[]=1&" * MANY + "a=1"),
    "attributes of XML": (XML, listed('a{}="1"', " ", "<instance ", "/>")),
    "a label in JSON": (JSON, filled("x", '{"plan":"nano","label":"', '"}')),
    "a label in XML": (XML, filled("x", "<instance><plan>nano</plan><label>", "</label></instance>")),
    "a label in a form": (FORM, filled("x", "plan=nano&label=")),
    "a label in multipart": (PARTS, filled("x", PART.format("label"), "\r\n--b--\r\n")),
    "a label of escapes in JSON": (JSON, filled("\\u0078", '{"plan":"nano","label":"', '"}')),
    "a label of references in XML": (XML, filled("&#120;", "<instance><label>", "</label></instance>")),
    "a label of escapes in a form": (FORM, filled("%78", "plan=nano&label=")),
    "a name in JSON": (JSON, filled("x", '{"', '":1}')),
    "a name in a form": (FORM, filled("x", end="=1")),
    "lists in JSON": (JSON, filled("[")),
    "objects in JSON": (JSON, filled('{"a":')),
    "closed lists in JSON": (JSON, "[" * (SIZE // 2) + "]" * (SIZE // 2)),
    "elements in XML": (XML, filled("<a>")),
    "closed elements in XML": (XML, "<a>" * (SIZE // 7) + "</a>" * (SIZE // 7)),
    "brackets in a form": (FORM, filled("[a]", "a", "=1")),
    "open brackets in a form": (FORM, filled("[", "a", "=1")),
    "digits in JSON": (JSON, filled("9", '{"timeout":', "}")),
    "digits in a form": (FORM, filled("9", "timeout=")),
    "an exponent in JSON": (JSON, '{"timeout":1e999999999}'),
    "a bomb of entities": (XML, BOMB.format("UTF-8")),
    "a quadratic bomb": (XML, filled("&a;", f'<!DOCTYPE a [<!ENTITY a "{"x" * 50_000}">]><a>', "</a>")),
    "an entity that is outside": (XML, '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///dev/zero">]><a>&b;</a>'),
    "namespaces in XML": (XML, listed('xmlns:a{}="b"', " ", "<a ", "/>")),
    "comments in XML": (XML, filled("<!-- x -->", "<instance>", "<plan>x</plan></instance>")),
    "blanks in XML": (XML, filled(" ", "<instance>", "<plan>x</plan></instance>")),
    "blanks in JSON": (JSON, filled(" ", "{", "}")),
    "signs in a form": (FORM, filled("&")),
    "semicolons in a form": (FORM, filled(";", "a=1")),
    "boundaries": (PARTS, filled("--b\r\n")),
    "a boundary that is nearly one": (PARTS, filled("\r\n--", PART.format("plan"))),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", BODIES)
def test_a_large_body_is_refused_soon(api: Served, name: str) -> None:
    api.create()
    content_type, body = BODIES[name]
    for line in ("POST /instances.json", "PUT /instances/1.xml"):
        seconds: list[float] = []
        while len(seconds) < ATTEMPTS and min(seconds, default=MAX_SECONDS) >= MAX_SECONDS:
            begun = time.monotonic()
            answer = raw.send(api.url, head(line, content_type, body.encode()))
            seconds.append(time.monotonic() - begun)
            assert 400 <= answer.status < 500, answer
            assert answer.status != 413, "the body is larger than a body may be"
        assert min(seconds) < MAX_SECONDS
    assert len(api.instance_ids()) == 1


def test_a_bomb_of_gzip_is_refused_unread(api: Served) -> None:
    body = gzip.compress(b'{"plan": "nano", "label": "' + b"x" * 100_000_000 + b'"}')
    answer = raw.send(api.url, head("POST /instances.json", f"{JSON}\nContent-Encoding: gzip", body))

    assert answer.status == 415
    assert api.instance_ids() == []


def head(line: str, content_type: str, body: bytes) -> bytes:
    return raw.head(f"{line} HTTP/1.1\n{raw.AUTHORIZED}\nContent-Type: {content_type}", body)
