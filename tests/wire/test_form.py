"""Forms and query strings: names that nest, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.errors import BadRequest, UnsupportedMedia
from rtgmock.wire import form, parameters
from tests.support.forms import form_fields
from tests.support.values import few, settable, soup

if TYPE_CHECKING:
    from rtgmock.model.types import Record

TOKENS = (
    b"a", b"[", b"]", b"[]", b"[0]", b"%5B", b"%5D", b"=", b"&", b";", b"+", b"%", b"%ff", b"%C3%A9", b"plan=nano",
    b"instance[", b"snapshots[]=",
)  # fmt: skip


@pytest.mark.parametrize(
    ("body", "tree"),
    [
        ("plan=nano", {"plan": "nano"}),
        ("plan=nano&label=a", {"plan": "nano", "label": "a"}),
        ("instance[plan]=nano", {"instance": {"plan": "nano"}}),
        ("instance%5Bplan%5D=nano", {"instance": {"plan": "nano"}}),
        ("instance%5bplan%5d=nano&instance[label]=a", {"instance": {"plan": "nano", "label": "a"}}),
        ("a[b][c]=1&a[b][d]=2&a[e]=3", {"a": {"b": {"c": "1", "d": "2"}, "e": "3"}}),
        ("snapshots[]=900+1", {"snapshots": ["900 1"]}),
        ("snapshots[]=900+1&snapshots[]=60%209", {"snapshots": ["900 1", "60 9"]}),
        ("snapshots[0]=900+1&snapshots[1]=60+9", {"snapshots": ["900 1", "60 9"]}),
        ("snapshots[]=900+1&snapshots[7]=60+9", {"snapshots": ["900 1", "60 9"]}),
        (
            "instance[snapshots][]=900+1&instance%5Bsnapshots%5D%5B%5D=60+9",
            {"instance": {"snapshots": ["900 1", "60 9"]}},
        ),
        ("snapshots[]=", {"snapshots": [""]}),
        ("a[][b]=1&a[][c]=2", {"a": [{"b": "1"}, {"c": "2"}]}),
        ("a[b]=1&a[0]=2", {"a": {"b": "1", "0": "2"}}),
        ("label=one&label=two", {"label": "two"}),
        ("a[b]=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[b]=1&a=2", {"a": "2"}),
        ("label=1+1", {"label": "1 1"}),
        ("label=1%2B1", {"label": "1+1"}),
        ("label=a=b", {"label": "a=b"}),
        ("label=a;b", {"label": "a;b"}),
        ("label=%26%3D%00", {"label": "&=\x00"}),
        ("label=%C3%A9%F0%9F%98%80", {"label": "é\U0001f600"}),
        ("label=é", {"label": "é"}),
        ("label=%zz%4%", {"label": "%zz%4%"}),
        ("label=", {"label": ""}),
        ("label", {"label": ""}),
        ("&&label=a&", {"label": "a"}),
        ("", {}),
        ("&", {}),
        ('{"plan":"nano"}', {'{"plan":"nano"}': ""}),
    ],
)
def test_a_form_is_read_as_rails_nested_it(body: str, tree: dict[str, Any]) -> None:
    assert form.decode(body.encode(), "utf-8") == tree
    assert form.decode(f"\ufeff{body}".encode(), "utf-8") == tree
    assert form.parse_query(body) == tree


@pytest.mark.parametrize(
    "name",
    [
        "",
        "[",
        "]",
        "[]",
        "[x]",
        "a[",
        "a]",
        "a[b",
        "a[b]c",
        "a[b]]",
        "a[[b]]",
        "a][b",
        "a[b][",
        "a.b",
        " ",
        "a\nb",
        "[[[[[[",
    ],
)
def test_a_name_with_unpaired_brackets_is_not_nested(name: str) -> None:
    assert form.decode(f"{quote_plus(name)}=x".encode(), "utf-8") == {name: "x"}


@pytest.mark.parametrize(
    ("name", "tree"), [("a[ b ]", {"a": {" b ": "x"}}), ("a[²]", {"a": {"²": "x"}}), ("a\n[\n]", {"a\n": {"\n": "x"}})]
)
def test_what_stands_between_brackets_is_taken_as_it_is(name: str, tree: dict[str, Any]) -> None:
    assert form.nest([(name, "x")]) == tree


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("a=1&a[b]=2", "a[b]"),
        ("a=1&a[]=2", "a[]"),
        ("a[]=1&a[b]=2", "a[b]"),
        ("a[b]=1&a[]=2", "a[]"),
        ("a[0]=1&a[b]=2", "a[b]"),
        ("a[b]=1&a[b][c]=2", "a[b][c]"),
        ("a[b][]=1&a[b][c]=2", "a[b][c]"),
        ("a%5B%5D=1&a%5B%0A%5D=2", r"a[\n]"),
    ],
)
def test_names_that_nest_in_two_ways_are_refused(body: str, name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        form.decode(body.encode(), "utf-8")

    assert str(refused.value) == f"The name '{name}' nests where another field of that name does not."


@pytest.mark.parametrize("brackets", ["[b]", "[]", "[0]"])
def test_names_nest_eight_deep_at_most(brackets: str) -> None:
    form.decode(f"a{brackets * 8}=x".encode(), "utf-8")

    with pytest.raises(BadRequest, match=r"^The name 'a.*' is nested more than 8 deep\.$"):
        form.decode(f"a{brackets * 9}=x".encode(), "utf-8")


def test_a_very_deep_name_is_refused_briefly() -> None:
    with pytest.raises(BadRequest) as refused:
        form.decode(b"a" + b"[b]" * 300_000 + b"=x", "utf-8")

    assert len(str(refused.value)) < 150


@pytest.mark.parametrize("field", ["a{}=x", "a[]=x", "a[b{}]=x", "a[b][b][b][b][b][b][b][b]=x"])
def test_a_form_has_a_thousand_fields_at_most(field: str) -> None:
    fields = [field.format(number) for number in range(1001)]
    form.decode("&".join(fields[:1000]).encode(), "utf-8")

    with pytest.raises(BadRequest, match=r"^The form body has more than 1000 fields\.$"):
        form.decode("&".join(fields).encode(), "utf-8")
    with pytest.raises(BadRequest, match=r"^The query string has more than 1000 fields\.$"):
        form.parse_query("&".join(fields))


@pytest.mark.parametrize(
    ("body", "charset", "message"),
    [
        (b"a=\xff", "utf-8", "byte 2 (0xff) is not utf-8"),
        (b"a=%ff", "utf-8", "an escape in it is not utf-8"),
        (b"%C3=1", "utf-8", "an escape in it is not utf-8"),
        (b"a=%ED%A0%80", "utf-8", "an escape in it is not utf-8"),
        (b"a=\xe9", "us-ascii", "byte 2 (0xe9) is not us-ascii"),
        (b"a=%E9", "us-ascii", "an escape in it is not us-ascii"),
    ],
)
def test_text_outside_the_charset_is_refused(body: bytes, charset: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        form.decode(body, charset)

    assert str(refused.value) == f"The form body cannot be read: {message}."


@pytest.mark.parametrize("body", [b"label=\xe9", b"label=%E9"])
def test_a_form_is_read_in_the_charset_that_it_is_labelled_with(body: bytes) -> None:
    assert form.decode(body, "iso-8859-1") == {"label": "é"}


def test_other_charsets_are_not_read() -> None:
    with pytest.raises(UnsupportedMedia, match=r"^The charset 'utf-7' is not read; send the form body as UTF-8\.$"):
        form.decode(b"plan=nano", "utf-7")


@pytest.mark.parametrize(
    ("trees", "merged"),
    [
        ([], {}),
        ([{"a": "1"}], {"a": "1"}),
        ([{"a": "1", "b": "2"}, {"b": "3", "c": "4"}], {"a": "1", "b": "3", "c": "4"}),
        ([{"a": {"b": "1", "c": {"d": "2"}}}, {"a": {"c": {"e": "3"}}}], {"a": {"b": "1", "c": {"d": "2", "e": "3"}}}),
        ([{"a": {"b": "1"}}, {"a": "2"}], {"a": "2"}),
        ([{"a": "1"}, {"a": {"b": "2"}}], {"a": {"b": "2"}}),
        ([{"a": ["1"]}, {"a": ["2"]}], {"a": ["2"]}),
        ([{"a": "1"}, {"a": "2"}, {"a": "3"}], {"a": "3"}),
    ],
)
def test_the_later_tree_takes_precedence(trees: list[dict[str, Any]], merged: dict[str, Any]) -> None:
    assert form.merge(*trees) == merged


def test_merging_does_not_change_its_trees() -> None:
    one, other = {"a": {"b": "1"}}, {"a": {"c": "2"}}
    form.merge(one, other)

    assert (one, other) == ({"a": {"b": "1"}}, {"a": {"c": "2"}})


@few
@given(settable(), st.sampled_from(["", "instance"]))
def test_what_a_client_writes_is_read_back(values: Record, prefix: str) -> None:
    body = urlencode(form_fields(values, prefix)).encode()

    read = parameters.parse_parameters(form.decode(body, "utf-8"))
    assert read.values == {name: value for name, value in values.items() if value is not None}
    assert read.unknown == ()


@few
@given(st.dictionaries(st.text().filter(lambda name: "[" not in name and "]" not in name), st.text(), max_size=8))
def test_any_names_and_values_are_read_as_they_are(tree: dict[str, str]) -> None:
    assert form.decode(urlencode(tree).encode(), "utf-8") == tree


@few
@given(soup(TOKENS), st.sampled_from(["utf-8", "utf-16", "windows-1252", "x"]))
def test_no_bytes_of_a_form_cause_an_internal_error(body: bytes, charset: str) -> None:
    with suppress(BadRequest, UnsupportedMedia):
        assert isinstance(form.decode(body, charset), dict)


def test_a_query_string_may_be_unescaped_but_must_be_utf_8() -> None:
    assert form.decode_query("label=Größe".encode()) == {"label": "Größe"}
    with pytest.raises(BadRequest, match="byte 6 is not UTF-8"):
        form.decode_query(b"label=\xff")
