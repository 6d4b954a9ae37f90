"""Forms, query strings and multipart bodies: names that nest, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rtgmock.errors import BadRequest, UnsupportedMedia
from rtgmock.wire import form, parameters
from tests.support.values import few, settable, soup

if TYPE_CHECKING:
    from rtgmock.model.types import Record

TOKENS = (
    b"a", b"[", b"]", b"[]", b"[0]", b"%5B", b"%5D", b"=", b"&", b";", b"+", b"%", b"%ff", b"%C3%A9", b"plan=nano",
    b"instance[", b"snapshots[]=",
)  # fmt: skip
PARTS = (
    b"--B\r\n", b"--B--", b"\r\n", b"\n", b"--", b"B", b"Content-Type: text/plain\r\n", b"x", b"\xff",
    b'Content-Disposition: form-data; name="a"\r\n\r\n',
    b'Content-Disposition: form-data; name="a[b]"; filename="c"\r\n\r\n',
)  # fmt: skip
END = b"--B--\r\n"


def part(name: str, value: bytes, more: str = "") -> bytes:
    """A field of a multipart body whose boundary is B."""
    return f'--B\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


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
def test_an_odd_name_is_a_name_like_any_other(name: str) -> None:
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


def test_a_very_deep_name_is_refused_at_once_and_briefly() -> None:
    start = monotonic()
    with pytest.raises(BadRequest) as refused:
        form.decode(b"a" + b"[b]" * 300_000 + b"=x", "utf-8")

    assert len(str(refused.value)) < 150
    assert monotonic() - start < 1


@pytest.mark.parametrize("field", ["a{}=x", "a[]=x", "a[b{}]=x", "a[b][b][b][b][b][b][b][b]=x"])
def test_a_form_has_a_thousand_fields_at_most(field: str) -> None:
    fields = [field.format(number) for number in range(1001)]
    start = monotonic()
    form.decode("&".join(fields[:1000]).encode(), "utf-8")

    with pytest.raises(BadRequest, match=r"^The form body has more than 1000 fields\.$"):
        form.decode("&".join(fields).encode(), "utf-8")
    with pytest.raises(BadRequest, match=r"^The query string has more than 1000 fields\.$"):
        form.parse_query("&".join(fields))
    assert monotonic() - start < 2


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
def test_what_is_not_in_the_charset_is_refused(body: bytes, charset: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        form.decode(body, charset)

    assert str(refused.value) == f"The form body cannot be read: {message}."


@pytest.mark.parametrize("body", [b"label=\xe9", b"label=%E9"])
def test_a_form_is_read_in_the_charset_that_it_is_labelled_with(body: bytes) -> None:
    assert form.decode(body, "iso-8859-1") == {"label": "é"}


def test_other_charsets_are_not_read() -> None:
    with pytest.raises(UnsupportedMedia, match=r"^The charset 'utf-7' is not read; send the form body as UTF-8\.$"):
        form.decode(b"plan=nano", "utf-7")
    with pytest.raises(
        UnsupportedMedia, match=r"^The charset 'utf-7' is not read; send the multipart body as UTF-8\.$"
    ):
        form.decode_multipart(part("plan", b"nano") + END, "utf-7", "B")


@pytest.mark.parametrize(
    ("body", "tree"),
    [
        (part("plan", b"nano") + END, {"plan": "nano"}),
        (
            part("instance[plan]", b"nano") + part("instance[label]", b"a") + END,
            {"instance": {"plan": "nano", "label": "a"}},
        ),
        (part("snapshots[]", b"900 1") + part("snapshots[]", b"60 9") + END, {"snapshots": ["900 1", "60 9"]}),
        (part("label", b"a+b%20c&d=e") + END, {"label": "a+b%20c&d=e"}),
        (part("label", "é\U0001f600".encode()) + END, {"label": "é\U0001f600"}),
        (part("é", b"a") + END, {"é": "a"}),
        (part("label", b"") + END, {"label": ""}),
        (part("label", b"\r\n--\r\n--A--") + END, {"label": "\r\n--\r\n--A--"}),
        (part("label", b"one") + part("label", b"two") + END, {"label": "two"}),
        (part("plan", b"nano") + b"--B--", {"plan": "nano"}),
        (b"before\r\n" + part("plan", b"nano") + END + b"after", {"plan": "nano"}),
        ((part("plan", b"nano") + END).replace(b"\r\n", b"\n"), {"plan": "nano"}),
        (part("plan", b"nano", "\r\nContent-Type: text/plain") + END, {"plan": "nano"}),
        (part('a\\"b', b"x") + END, {'a"b': "x"}),
        (END, {}),
    ],
)
def test_a_multipart_body_is_read_as_a_form(body: bytes, tree: dict[str, Any]) -> None:
    assert form.decode_multipart(body, "utf-8", "B") == tree


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"plan=nano",
        b"--B",
        part("plan", b"nano"),
        part("plan", b"nano") + b"--B",
        part("plan", b"nano") + b"--B-",
        (part("plan", b"nano") + END)[:-12],
        (part("plan", b"nano") + END).replace(b"--B", b"--C"),
        b'--B\r\nContent-Disposition: form-data; name="plan"\r\n',
        b"--B\r\nContent-Type: text/plain\r\n\r\nnano\r\n" + END,
        b"--B\r\nplan\r\n\r\nnano\r\n" + END,
        part("plan", b"\xff") + END,
        part("plan", b"nano").replace(b"plan", b"pl\xffan") + END,
    ],
)
def test_a_broken_multipart_body_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest, match=r"^The multipart body cannot be read: .*\.$"):
        form.decode_multipart(body, "utf-8", "B")


@pytest.mark.parametrize("filename", ["nano.txt", ""])
def test_a_file_is_refused_with_what_to_send(filename: str) -> None:
    body = part("plan", b"nano", f'; filename="{filename}"') + END

    with pytest.raises(BadRequest) as refused:
        form.decode_multipart(body, "utf-8", "B")

    assert str(refused.value) == (
        "The part 'plan' of the multipart body is a file; send a plain field, as curl -F plan=nano does."
    )


@pytest.mark.parametrize("boundary", ["(.*", "B" * 300, "é", "\ud800"])
def test_a_boundary_is_taken_as_it_is(boundary: str) -> None:
    with pytest.raises(BadRequest, match=r"^The multipart body cannot be read: .*\.$"):
        form.decode_multipart(part("plan", b"nano") + END, "utf-8", boundary)


@pytest.mark.parametrize(
    "body",
    [
        b"".join(part(f"a{number}", b"x") for number in range(1000)) + END,
        part("a", b"\r\n" * 500_000) + END,
        part("a", b"\r\n--" * 250_000) + END,
        b"\r\n--B " * 150_000,
        b"\r\n" * 500_000,
    ],
    ids=["parts", "lines", "dashes", "boundaries", "preamble"],
)
def test_a_long_multipart_body_does_not_take_long(body: bytes) -> None:
    start = monotonic()
    with suppress(BadRequest):
        form.decode_multipart(body, "utf-8", "B")

    assert monotonic() - start < 2


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
def test_the_later_tree_counts_for_more(trees: list[dict[str, Any]], merged: dict[str, Any]) -> None:
    assert form.merge(*trees) == merged


def test_merging_leaves_its_trees_alone() -> None:
    one, other = {"a": {"b": "1"}}, {"a": {"c": "2"}}
    form.merge(one, other)

    assert (one, other) == ({"a": {"b": "1"}}, {"a": {"c": "2"}})


def fields(values: Record, prefix: str) -> list[tuple[str, str]]:
    """Values as a form's fields, but for those that a form cannot write."""
    pairs = []
    for name, value in values.items():
        bare = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, list):
            pairs += [(f"{bare}[]", point) for point in value or [""]]
        elif value is not None:
            pairs.append((bare, str(value)))
    return pairs


@few
@given(settable(), st.sampled_from(["", "instance"]))
def test_what_a_client_writes_is_read_back(values: Record, prefix: str) -> None:
    body = urlencode(fields(values, prefix)).encode()

    read = parameters.parse_parameters(form.decode(body, "utf-8"))
    assert read.values == {name: value for name, value in values.items() if value is not None}
    assert read.unknown == ()


@few
@given(settable())
def test_what_a_client_writes_in_parts_is_read_back(values: Record) -> None:
    pairs = fields(values, "instance")
    assume(not any(value.startswith("\ufeff") for _, value in pairs))
    body = b"".join(part(name, value.encode()) for name, value in pairs) + END

    read = parameters.parse_parameters(form.decode_multipart(body, "utf-8", "B"))
    assert read.values == {name: value for name, value in values.items() if value is not None}


@few
@given(st.dictionaries(st.text().filter(lambda name: "[" not in name and "]" not in name), st.text(), max_size=8))
def test_any_names_and_values_are_read_as_they_are(tree: dict[str, str]) -> None:
    assert form.decode(urlencode(tree).encode(), "utf-8") == tree


@few
@given(soup(TOKENS), st.sampled_from(["utf-8", "utf-16", "windows-1252", "x"]))
def test_no_bytes_of_a_form_are_a_fault_of_ours(body: bytes, charset: str) -> None:
    with suppress(BadRequest, UnsupportedMedia):
        assert isinstance(form.decode(body, charset), dict)


@few
@given(soup(PARTS), st.sampled_from(["utf-8", "utf-16", "windows-1252", "x"]), st.text(st.characters(), max_size=3))
def test_no_bytes_of_a_multipart_body_are_a_fault_of_ours(body: bytes, charset: str, boundary: str) -> None:
    for line in (boundary, "B"):
        with suppress(BadRequest, UnsupportedMedia):
            assert isinstance(form.decode_multipart(body, charset, line), dict)


@pytest.mark.parametrize("disposition", [b"form-data", b'form-data; filename="x"'])
def test_a_part_without_a_name_is_refused(disposition: bytes) -> None:
    body = b"--B\r\nContent-Disposition: %s\r\n\r\nx\r\n--B--\r\n" % disposition

    with pytest.raises(BadRequest, match="a part of it has no name"):
        form.decode_multipart(body, "utf-8", "B")


def test_too_many_parts_are_refused() -> None:
    part = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'

    with pytest.raises(BadRequest, match="more than 1000 fields"):
        form.decode_multipart(part * 1001 + b"--B--\r\n", "utf-8", "B")


def test_a_query_string_may_be_unescaped_but_must_be_utf_8() -> None:
    assert form.decode_query("label=Größe".encode()) == {"label": "Größe"}
    with pytest.raises(BadRequest, match="byte 6 is not UTF-8"):
        form.decode_query(b"label=\xff")
