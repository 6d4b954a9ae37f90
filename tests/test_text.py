"""Sizes, printable text and the nearest word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.text import counted, format_size, nearest, parse_duration, parse_size, printable
from tests.support.values import few


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("512", 512),
        ("512B", 512),
        ("1k", 1024),
        ("1KB", 1024),
        ("25 mb", 26214400),
        ("1.5G", 1610612736),
        (" 64GB ", 68719476736),
        ("2tb", 2199023255552),
        ("0.5KB", 512),
        ("1.9", 1),
    ],
)
def test_a_size_is_read_in_powers_of_1024(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "GB",
        "0",
        "0GB",
        "0.0000000001GB",
        "-1",
        "1e3",
        "1,5GB",
        ".5GB",
        "1.GB",
        "1 G B",
        "1PB",
        "1BB",
        "1GiB",
        "\u0661",
    ],
)
def test_an_invalid_size_is_refused_with_valid_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a size; write it as 64GB, 500MB or a number of bytes$") as refused:
        parse_size(text)

    assert str(refused.value).startswith(repr(text))


@few
@given(
    st.integers(1, 999_999_999), st.sampled_from([("", 1), ("KB", 2**10), ("MB", 2**20), ("GB", 2**30), ("TB", 2**40)])
)
def test_a_whole_size_is_read_exactly(number: int, unit: tuple[str, int]) -> None:
    name, factor = unit

    assert parse_size(f"{number}{name}") == number * factor


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (2, "2 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KB"),
        (5242880, "5 MB"),
        (104857600, "100 MB"),
        (1610612736, "1.5 GB"),
        (68719476736, "64 GB"),
    ],
)
def test_a_size_is_shown_in_its_largest_unit(size: int, shown: str) -> None:
    assert format_size(size) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plan", "plan"),
        ("\u00e9", r"\xe9"),
        ("a\r\nb", r"a\r\nb"),
        ("\x00\x7f", r"\x00\x7f"),
        ("\ud800", r"\ud800"),
        ("\U0001f600", r"\U0001f600"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 77 + "..."),
    ],
)
def test_text_of_a_client_is_shown_in_ascii(text: str, shown: str) -> None:
    assert printable(text) == shown


@few
@given(st.text(st.characters()), st.integers(3, 100))
def test_printable_text_is_one_bounded_line_of_ascii(text: str, limit: int) -> None:
    shown = printable(text, limit)

    assert len(shown) <= limit
    assert shown.isascii()
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("word", "meant"),
    [("pln", "plan"), ("time_out", "timeout"), ("plan", "plan"), ("xyzzy", None), ("", None)],
)
def test_a_misspelt_word_was_meant_to_be_the_nearest_one(word: str, meant: str | None) -> None:
    assert nearest(word, ["label", "plan", "timeout"]) == meant


def test_nothing_is_near_when_no_word_is_known() -> None:
    assert nearest("plan", []) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("2d", 172800),
        ("500ms", 0.5),
        ("-1.5h", -5400),
        ("7", 7),
        (" 1D ", 86400),
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "-", "x", "5x", "30m1h", "1 h", "h", "1e3s", "٣s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it as 90s, 5m, 1h30m, 2d or 500ms"):
        parse_duration(text)


@pytest.mark.parametrize(("number", "text"), [(0, "0 instances"), (1, "1 instance"), (2, "2 instances")])
def test_a_number_has_its_noun(number: int, text: str) -> None:
    assert counted(number, "instance") == text
