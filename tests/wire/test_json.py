"""JSON: what is read, what is refused and where, and what is written."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.errors import BadRequest, UnsupportedMedia
from rtgmock.model.attributes import APIS, BY_NAME, changeable
from rtgmock.model.payloads import Payload, layout
from rtgmock.wire import json, parameters
from tests.support.values import few, record, settable, soup

if TYPE_CHECKING:
    from rtgmock.model.attributes import Attribute
    from rtgmock.model.types import Value

TOKENS = (
    b"{", b"}", b"[", b"]", b",", b":", b'"', b'"instance":', b'{"plan":"nano"}', b"1", b"-", b"e9", b"null", b"true",
    b"\\u", b"d800", b" ", b"\xef\xbb\xbf",
)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(2**63), 2**64 - 1),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("body", "tree"),
    [
        (b'{"plan":"nano"}', {"plan": "nano"}),
        (b' {\n"plan" : "nano"\r\n} ', {"plan": "nano"}),
        (b'{"instance":{"plan":"nano","snapshots":["900 1"]}}', {"instance": {"plan": "nano", "snapshots": ["900 1"]}}),
        (
            b'{"a":null,"b":true,"c":false,"d":-1,"e":1.5,"f":""}',
            {"a": None, "b": True, "c": False, "d": -1, "e": 1.5, "f": ""},
        ),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"a":18446744073709551615}', {"a": 2**64 - 1}),
        (b'{"a":"\\ud83d\\ude00 \\u0000"}', {"a": "\U0001f600 \x00"}),
        (b"{}", {}),
        (b"", {}),
        (b" \r\n\t", {}),
        (b'\xef\xbb\xbf{"plan":"nano"}', {"plan": "nano"}),
        (b"\xef\xbb\xbf", {}),
    ],
)
def test_an_object_is_read(body: bytes, tree: dict[str, Any]) -> None:
    assert json.decode(body, "utf-8") == tree


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", "iso-8859-1", "windows-1252", "utf-16"])
def test_a_body_is_read_in_the_charset_that_it_is_labelled_with(charset: str) -> None:
    assert json.decode('{"label":"é"}'.encode(charset), charset) == {"label": "é"}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"plan":nano}', "line 1, column 9"),
        (b'{\n "plan": nano}', "line 2, column 10"),
        (b'{"plan":"nano"', "line 1"),
        (b'{"plan":"nano",}', "line 1"),
        (b"{'plan':'nano'}", "line 1, column 2"),
        (b'{"plan":"nano"} {}', "line 1, column 17"),
        (b'{"plan":"na\x01no"}', "line 1"),
        (b'{"plan":"\\ud800"}', "line 1"),
        (b'{"plan":"\\udc00x"}', "line 1"),
        (b'{"plan":NaN}', "line 1"),
        (b'{"plan":-Infinity}', "line 1"),
        (b'{"plan":1e400}', "line 1"),
        (b'{"plan":' + b"9" * 1000 + b"}", "line 1"),
        (b"{}\x00", "line 1, column 3"),
        (b"plan=nano", "line 1, column 1"),
        (b"<plan>nano</plan>", "line 1, column 1"),
    ],
)
def test_malformed_json_is_refused_with_the_place(body: bytes, where: str) -> None:
    with pytest.raises(BadRequest, match=rf"^The JSON body cannot be read at {where}\b.*\.$"):
        json.decode(body, "utf-8")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"[]", "an array"),
        (b'[{"plan":"nano"}]', "an array"),
        (b'"nano"', "a single value"),
        (b"null", "a single value"),
        (b"true", "a single value"),
        (b"7", "a single value"),
    ],
)
def test_json_other_than_an_object_is_refused(body: bytes, what: str) -> None:
    with pytest.raises(BadRequest) as refused:
        json.decode(body, "utf-8")

    assert str(refused.value) == f'The JSON body must be an object, as {{"plan": "nano"}}, and not {what}.'


@pytest.mark.parametrize(
    ("body", "charset", "where"),
    [
        (b'{"a":"\xff"}', "utf-8", r"byte 6 \(0xff\) is not utf-8"),
        (b'{"a":"\xed\xa0\x80"}', "utf-8", r"byte 6 \(0xed\) is not utf-8"),
        (b'{"a":"\xc3', "utf-8", r"byte 6 \(0xc3\) is not utf-8"),
        (b"\xe9", "us-ascii", r"byte 0 \(0xe9\) is not us-ascii"),
        (b"\x81", "windows-1252", r"byte 0 \(0x81\) is not windows-1252"),
        (b"\xff\xfe\x00", "utf-16", r"byte 2 \(0x00\) is not utf-16"),
        (b"\xff\xfe\x00\xd8", "utf-16", r"byte 2 \(0x00\) is not utf-16"),
    ],
)
def test_text_outside_the_charset_is_refused_with_the_byte(body: bytes, charset: str, where: str) -> None:
    with pytest.raises(BadRequest, match=rf"^The JSON body cannot be read: {where}\.$"):
        json.decode(body, charset)


@pytest.mark.parametrize(
    "charset", ["", "utf-7", "idna", "punycode", "rot13", "hex", "utf-8-sig", "utf-32", "nonsense", "\r\n"]
)
def test_other_charsets_are_not_read(charset: str) -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        json.decode(b"{}", charset)

    assert str(refused.value) == f"The charset {charset!r} is not read; send the JSON body as UTF-8."


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_deep_body_is_refused_at_once(opening: bytes, closing: bytes) -> None:
    start = monotonic()
    with pytest.raises(BadRequest):
        json.decode(b'{"a":' + opening * 150_000 + b"1" + closing * 150_000 + b"}", "utf-8")

    assert monotonic() - start < 1


def test_an_instance_is_a_bare_object_in_the_order_of_its_fields() -> None:
    fields: list[tuple[Attribute, Value]] = [
        (BY_NAME["plan"], "nano"),
        (BY_NAME["label"], 'a"\\é/\U0001f600'),
        (BY_NAME["slave"], False),
        (BY_NAME["master_port"], None),
        (BY_NAME["timeout"], 150),
        (BY_NAME["snapshots"], ["900 1"]),
    ]

    assert json.encode_instance(fields).decode() == (
        '{"plan":"nano","label":"a\\"\\\\é/\U0001f600","slave":false,'
        '"master_port":null,"timeout":150,"snapshots":["900 1"]}'
    )


def test_a_list_wraps_each_instance() -> None:
    listed = json.JSON.encode_list([[(BY_NAME["id"], number)] for number in (1, 2)])

    assert listed == b'[{"instance":{"id":1}},{"instance":{"id":2}}]'
    assert json.JSON.encode_list([]) == b"[]"


def test_errors_are_an_array_under_errors() -> None:
    errors = json.encode_errors(iter(["Plan can't be blank", 'é "']))

    assert errors.decode() == '{"errors":["Plan can\'t be blank","é \\""]}'


@pytest.mark.parametrize("api", APIS)
@few
@given(data=st.data(), nested=st.booleans())
def test_what_is_written_is_read_back(data: st.DataObject, nested: bool, api: int) -> None:
    values = data.draw(settable(api))
    stored = record(**values)
    shown = layout(Payload.SHOW_JSON, api)
    written = json.encode_instance([(a, stored[a.name]) for a in shown if a.name in stored])
    body = b'{"instance":' + written + b"}" if nested else written

    read = parameters.parse_parameters(json.decode(body, "utf-8"), api)
    assert read.values == values
    assert read.unknown == ()
    read_only = {a.name: stored[a.name] for a in shown if a.name in stored and a not in changeable(api)}
    assert read.read_only == read_only


@few
@given(st.dictionaries(st.text(), ANYTHING, max_size=5))
def test_any_object_is_read_as_it_is(tree: dict[str, Any]) -> None:
    assert json.decode(orjson.dumps(tree), "utf-8") == tree


@few
@given(soup(TOKENS), st.sampled_from(["utf-8", "utf-16", "windows-1252", "x"]))
def test_no_bytes_cause_an_internal_error(body: bytes, charset: str) -> None:
    with suppress(BadRequest, UnsupportedMedia):
        assert isinstance(json.decode(body, charset), dict)
