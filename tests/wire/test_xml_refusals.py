"""XML bodies that are refused: malformed ones, document types, deep nesting; and that none takes long."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import Any

import pytest

from rtgmock.errors import BadRequest
from rtgmock.wire import xml


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"nano", "syntax error: line 1, column 0"),
        (b"<plan>", "no element found: line 1, column 6"),
        (b"<instance>\n<plan></instance>", "mismatched tag: line 2, column 8"),
        (b"<a/><b/>", "junk after document element: line 1, column 4"),
        (b"<a b=c/>", "line 1, column 5"),
        (b"<a b='1' b='2'/>", "duplicate attribute: line 1, column 9"),
        (b"<a>&nbsp;</a>", "undefined entity: line 1, column 3"),
        (b"<a>&</a>", "line 1, column 4"),
        (b"<a>&#0;</a>", "invalid character number: line 1, column 3"),
        (b"<a>&#xFFFE;</a>", "invalid character number: line 1, column 3"),
        (b"<a>\x01</a>", r"invalid token\): line 1, column 3"),
        (b"<a>\x00</a>", r"invalid token\): line 1, column 3"),
        (b"\n<?xml version='1.0'?><a/>", "line 2, column 0"),
        (b'{"plan":"nano"}', "line 1, column 0"),
        (b"plan=nano", "line 1, column 4"),
        (b"<a>\xff</a>", r"byte 3 \(0xff\) is not utf-8"),
        (b"<?xml version='1.0' encoding='utf-16'?><plan>nano</plan>", "line 1, column 0"),
        (b"<?xml version='1.0' encoding='utf-16'?><plan>mini!</plan>", "is not utf-16"),
    ],
)
def test_malformed_xml_is_refused_with_the_place(body: bytes, where: str) -> None:
    with pytest.raises(BadRequest, match=rf"^The XML body cannot be read: .*{where}\.$"):
        xml.decode(body, "utf-8")


BOMB = (
    '<?xml version="1.0" encoding="{0}"?>\n<!DOCTYPE lolz [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]><instance><label>&a9;</label></instance>"
)


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE instance><instance/>",
        "<?xml version='1.0'?>\n<!DOCTYPE instance SYSTEM 'http://127.0.0.1:9/x.dtd'><instance/>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY % b 'c'>%b;]><a/>",
        "<!DOCTYPE a [<!ATTLIST a nil CDATA 'true'>]><a>1</a>",
        BOMB.format("UTF-8"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_document_type_is_refused_before_anything_is_expanded(document: str, encoding: str) -> None:
    start = monotonic()
    with pytest.raises(BadRequest) as refused:
        xml.decode(document.replace("UTF-8", encoding.removesuffix("-sig")).encode(encoding), "utf-8")

    assert str(refused.value) == "The XML body must not have a DTD or entities; send the element alone."
    assert monotonic() - start < 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_document_type_does_not_hide_in_another_encoding(encoding: str) -> None:
    with pytest.raises(BadRequest):
        xml.decode('<!DOCTYPE i [<!ATTLIST a nil CDATA "true">]><i><a>x</a></i>'.encode(encoding), "utf-8")


@pytest.mark.parametrize("document", ["<!DOCTYPE", "<a><!ENTITY b 'c'></a>"])
def test_half_a_document_type_is_refused(document: str) -> None:
    with pytest.raises(BadRequest, match="cannot be read"):
        xml.decode(document.encode(), "utf-8")


def test_what_looks_like_a_document_type_in_a_comment_is_none() -> None:
    assert xml.decode(b"<a><!-- <!DOCTYPE a> --><![CDATA[<!DOCTYPE b>]]></a>", "utf-8") == {"a": "<!DOCTYPE b>"}


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"x" + b"</a>" * depth


def test_a_document_may_be_nested() -> None:
    tree: Any = xml.decode(nested(16), "utf-8")
    for _ in range(16):
        tree = tree["a"]

    assert tree == "x"


@pytest.mark.parametrize("depth", [20, 150_000])
def test_a_deep_document_is_refused_soon(depth: int) -> None:
    start = monotonic()
    with pytest.raises(BadRequest, match=r"^The XML body is nested more than 16 deep\.$"):
        xml.decode(nested(depth), "utf-8")

    assert monotonic() - start < 5


def test_deep_arrays_are_refused_too() -> None:
    body = b"<a type='array'>" * 40 + b"</a>" * 40

    with pytest.raises(BadRequest, match="nested more than 16 deep"):
        xml.decode(body, "utf-8")


@pytest.mark.parametrize(
    "body",
    [
        b"<i>" + b"<a>1</a>" * 100_000 + b"</i>",
        b"<i " + b" ".join(b"a%d='1'" % n for n in range(80_000)) + b"/>",
        b"<i>" + b"x" * 2**20 + b"</i>",
        b"<i>" + b"&#65;" * 200_000 + b"</i>",
        b"<i>" + b"x<!---->" * 100_000 + b"</i>",
        b"<?xml " + b"encoding=" * 100_000,
        b" " * 2**20 + b"<?xml",
    ],
    ids=["siblings", "attributes", "text", "references", "comments", "declaration", "spaces"],
)
def test_a_long_document_does_not_take_long(body: bytes) -> None:
    start = monotonic()
    with suppress(BadRequest):
        xml.decode(body, "utf-8")

    assert monotonic() - start < 3
