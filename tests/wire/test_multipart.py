"""Multipart bodies: fields that are decoded like a form's, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rtgmock.errors import BadRequest, UnsupportedMedia
from rtgmock.wire import form, parameters
from tests.support.forms import END, form_fields, part
from tests.support.values import few, settable, soup

if TYPE_CHECKING:
    from rtgmock.model.types import Record

PARTS = (
    b"--B\r\n", b"--B--", b"\r\n", b"\n", b"--", b"B", b"Content-Type: text/plain\r\n", b"x", b"\xff",
    b'Content-Disposition: form-data; name="a"\r\n\r\n',
    b'Content-Disposition: form-data; name="a[b]"; filename="c"\r\n\r\n',
)  # fmt: skip


def test_other_charsets_are_not_read() -> None:
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


@few
@given(settable())
def test_what_a_client_writes_in_parts_is_read_back(values: Record) -> None:
    pairs = form_fields(values, "instance")
    assume(not any(value.startswith("\ufeff") for _, value in pairs))
    body = b"".join(part(name, value.encode()) for name, value in pairs) + END

    read = parameters.parse_parameters(form.decode_multipart(body, "utf-8", "B"))
    assert read.values == {name: value for name, value in values.items() if value is not None}


@few
@given(soup(PARTS), st.sampled_from(["utf-8", "utf-16", "windows-1252", "x"]), st.text(st.characters(), max_size=3))
def test_no_bytes_of_a_multipart_body_cause_an_internal_error(body: bytes, charset: str, boundary: str) -> None:
    for line in (boundary, "B"):
        with suppress(BadRequest, UnsupportedMedia):
            assert isinstance(form.decode_multipart(body, charset, line), dict)


@pytest.mark.parametrize("disposition", [b"form-data", b'form-data; filename="x"'])
def test_a_part_without_a_name_is_refused(disposition: bytes) -> None:
    body = b"--B\r\nContent-Disposition: %s\r\n\r\nx\r\n--B--\r\n" % disposition

    with pytest.raises(BadRequest, match="a part of it has no name"):
        form.decode_multipart(body, "utf-8", "B")


def test_too_many_parts_are_refused() -> None:
    field = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'

    with pytest.raises(BadRequest, match="more than 1000 fields"):
        form.decode_multipart(field * 1001 + b"--B--\r\n", "utf-8", "B")
