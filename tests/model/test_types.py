"""The types of values: what each parses from a form's or XML's strings and from JSON, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.model.types import (
    INT_MAX,
    LONG_MAX,
    Boolean,
    Choice,
    Datetime,
    HostName,
    Integer,
    InvalidValue,
    PortText,
    SavePoints,
    Text,
)
from tests.support.values import few, json_like, texts

if TYPE_CHECKING:
    from rtgmock.model.types import ValueType

TEXT, ANY = Text(), Text(blank=True)
WORD = Choice(("always", "everysec", "no"))
COUNT, PORT, TIMEOUT = Integer(), Integer(1, 65535), Integer(0, INT_MAX)
SWITCH, MOMENT, PORT_TEXT, POINTS = Boolean(), Datetime(), PortText(), SavePoints()
HOST = HostName()
KINDS = (HOST, TEXT, ANY, WORD, COUNT, PORT, TIMEOUT, SWITCH, MOMENT, PORT_TEXT, POINTS)

# ISO 8601 knows offsets of whole minutes; Python 3.11 writes one of a microsecond, and doesn't read it.
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))

BLANK = "can't be blank"
NO_WORD = "is not included in the list: it is one of always, everysec, no"
NO_SWITCH = "is not included in the list: it is true or false"
NOT_A_NUMBER = "is not a number"
NOT_WHOLE = "must be an integer"
NO_STRING = "is invalid: it must be a string"
UNCARRIED = "is invalid: it has a control character, or one that XML cannot carry"
NO_HOST = "is invalid: it must be a host name or an IP address"
NO_ARRAY = 'is invalid: it must be an array of "seconds changes", as "900 1"'
NO_POINT = 'is invalid: each entry must be "seconds changes", as "900 1"'


@pytest.mark.parametrize(
    ("value_type", "raw", "value"),
    [
        (TEXT, "mongrel", "mongrel"),
        (TEXT, " mon grel ", " mon grel "),
        (TEXT, 9001, "9001"),
        (TEXT, "x" * 255, "x" * 255),
        (TEXT, "\U0001f600" * 255, "\U0001f600" * 255),
        (
            TEXT,
            "\u00a0.\ufffd\ue000\U00010000\U0001fffe\U0010ffff",
            "\u00a0.\ufffd\ue000\U00010000\U0001fffe\U0010ffff",
        ),
        (ANY, "", ""),
        (ANY, "  ", "  "),
        (WORD, "always", "always"),
        (WORD, " no\n", "no"),
        (COUNT, 0, 0),
        (COUNT, "0", 0),
        (COUNT, "+150", 150),
        (COUNT, " 007\n", 7),
        (COUNT, LONG_MAX, LONG_MAX),
        (COUNT, str(LONG_MAX), LONG_MAX),
        (PORT, 1, 1),
        (PORT, "65535", 65535),
        (TIMEOUT, INT_MAX, INT_MAX),
        (SWITCH, True, True),
        (SWITCH, False, False),
        (SWITCH, 1, True),
        (SWITCH, 0, False),
        (SWITCH, "true", True),
        (SWITCH, "false", False),
        (SWITCH, "1", True),
        (SWITCH, "0", False),
        (SWITCH, " True\n", True),
        (MOMENT, "2010-12-20T00:35:22Z", "2010-12-20T00:35:22Z"),
        (MOMENT, "2010-12-20T00:35:22.999Z", "2010-12-20T00:35:22Z"),
        (MOMENT, "2010-12-20T01:35:22+01:00", "2010-12-20T00:35:22Z"),
        (MOMENT, " 2010-12-20 00:35:22+00:00 ", "2010-12-20T00:35:22Z"),
        (PORT_TEXT, "", ""),
        (PORT_TEXT, "6379", "6379"),
        (PORT_TEXT, 6379, "6379"),
        (PORT_TEXT, " 06379 ", "6379"),
        (HOST, "", ""),
        (HOST, "redis", "redis"),
        (HOST, "my_service-2", "my_service-2"),
        (HOST, "Ray.example.com.", "Ray.example.com."),
        (HOST, "10.0.0.1", "10.0.0.1"),
        (HOST, "::1", "::1"),
        (HOST, "fe80::1%eth0", "fe80::1%eth0"),
        (HOST, "a" * 63 + ".b", "a" * 63 + ".b"),
        (POINTS, [], []),
        (POINTS, [""], []),
        (POINTS, [None, "60 1", ""], ["60 1"]),
        (POINTS, ["900 1", "300 10"], ["900 1", "300 10"]),
        (POINTS, [" 900\t 01 "], ["900 1"]),
        (POINTS, [f"{INT_MAX} {INT_MAX}"], [f"{INT_MAX} {INT_MAX}"]),
        (POINTS, ["1 1"] * 64, ["1 1"] * 64),
    ],
)
def test_a_value_is_parsed(value_type: ValueType, raw: object, value: Any) -> None:
    read = value_type.parse(raw)

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("value_type", "raw", "phrase"),
    [
        (TEXT, "", BLANK),
        (TEXT, " \t\u2003", BLANK),
        (TEXT, "x" * 256, "is too long (maximum is 255 characters)"),
        (ANY, " " * 256, "is too long (maximum is 255 characters)"),
        (TEXT, True, NO_STRING),
        (TEXT, 1.5, NO_STRING),
        (TEXT, ["a"], NO_STRING),
        (ANY, {"a": "b"}, NO_STRING),
        (WORD, "", BLANK),
        (WORD, "  ", BLANK),
        (WORD, None, BLANK),
        (WORD, "never", NO_WORD),
        (WORD, "Always", NO_WORD),
        (WORD, 1, NO_WORD),
        (WORD, False, NO_WORD),
        (WORD, ["no"], NO_WORD),
        (WORD, {"no": 1}, NO_WORD),
        (COUNT, "", NOT_A_NUMBER),
        (COUNT, "ten", NOT_A_NUMBER),
        (COUNT, "1 0", NOT_A_NUMBER),
        (COUNT, "1_000", NOT_A_NUMBER),
        (COUNT, "0x10", NOT_A_NUMBER),
        (COUNT, "\u0661", NOT_A_NUMBER),
        (COUNT, "\uff11", NOT_A_NUMBER),
        (COUNT, "1\x00", NOT_A_NUMBER),
        (COUNT, "--1", NOT_A_NUMBER),
        (COUNT, True, NOT_A_NUMBER),
        (COUNT, [1], NOT_A_NUMBER),
        (COUNT, {}, NOT_A_NUMBER),
        (COUNT, float("nan"), NOT_A_NUMBER),
        (COUNT, float("inf"), NOT_A_NUMBER),
        (COUNT, 1.5, NOT_WHOLE),
        (COUNT, 3.5, NOT_WHOLE),
        (COUNT, "1e5", NOT_WHOLE),
        (COUNT, 1e20, "must be less than or equal to 9223372036854775807"),
        (COUNT, "9" * 30, "must be less than or equal to 9223372036854775807"),
        (COUNT, "1.5", NOT_WHOLE),
        (COUNT, "-1.0", NOT_WHOLE),
        (COUNT, -1, "must be greater than or equal to 0"),
        (COUNT, "-1", "must be greater than or equal to 0"),
        (COUNT, LONG_MAX + 1, "must be less than or equal to 9223372036854775807"),
        (COUNT, "9" * 25, "must be less than or equal to 9223372036854775807"),
        (TIMEOUT, INT_MAX + 1, "must be less than or equal to 2147483647"),
        (PORT, 0, "must be greater than 0"),
        (PORT, "65536", "must be less than or equal to 65535"),
        (SWITCH, "", NO_SWITCH),
        (SWITCH, "yes", NO_SWITCH),
        (SWITCH, "2", NO_SWITCH),
        (SWITCH, 2, NO_SWITCH),
        (SWITCH, 1.0, NO_SWITCH),
        (SWITCH, [True], NO_SWITCH),
        (MOMENT, "", "is invalid"),
        (MOMENT, "yesterday", "is invalid"),
        (MOMENT, "2010-12-20", "is invalid"),
        (MOMENT, "2010-12-20T00:35:22", "is invalid"),
        (MOMENT, "2010-13-20T00:35:22Z", "is invalid"),
        (MOMENT, "0001-01-01T00:00:00+01:00", "is invalid"),
        (MOMENT, "9999-12-31T23:59:59-01:00", "is invalid"),
        (MOMENT, 1292805322, "is invalid"),
        (MOMENT, ["2010-12-20T00:35:22Z"], "is invalid"),
        (PORT_TEXT, " ", NOT_A_NUMBER),
        (PORT_TEXT, "redis", NOT_A_NUMBER),
        (PORT_TEXT, False, NOT_A_NUMBER),
        (PORT_TEXT, "0", "must be greater than 0"),
        (PORT_TEXT, 65536, "must be less than or equal to 65535"),
        (HOST, " ", NO_HOST),
        (HOST, "no such host", NO_HOST),
        (HOST, "ray 6379", NO_HOST),
        (HOST, "ray:6379", NO_HOST),
        (HOST, "[::1]", NO_HOST),
        (HOST, ":::", NO_HOST),
        (HOST, "-ray", NO_HOST),
        (HOST, "ray-", NO_HOST),
        (HOST, ".ray", NO_HOST),
        (HOST, "ray..com", NO_HOST),
        (HOST, "a" * 64, NO_HOST),
        (HOST, "r\u00e4y", NO_HOST),
        (HOST, "ray\n", UNCARRIED),
        (HOST, True, NO_STRING),
        (POINTS, "", NO_ARRAY),
        (POINTS, "900 1", NO_ARRAY),
        (POINTS, {"0": "900 1"}, NO_ARRAY),
        (POINTS, 900, NO_ARRAY),
        (POINTS, ["900"], NO_POINT),
        (POINTS, ["900 1 300"], NO_POINT),
        (POINTS, ["900 0"], NO_POINT),
        (POINTS, ["-900 1"], NO_POINT),
        (POINTS, [f"{INT_MAX + 1} 1"], NO_POINT),
        (POINTS, ["  "], NO_POINT),
        (POINTS, ["900\x001"], NO_POINT),
        (POINTS, [900], NO_POINT),
        (POINTS, [["900 1"]], NO_POINT),
        (POINTS, ["1 1"] * 65, "is too long (maximum is 64 entries)"),
    ],
)
def test_a_value_is_refused_in_rails_words(value_type: ValueType, raw: object, phrase: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        value_type.parse(raw)

    assert str(refused.value) == phrase
    assert not value_type.is_valid(raw)


@pytest.mark.parametrize("value_type", [TEXT, ANY], ids=["text", "any"])
@pytest.mark.parametrize(
    "character",
    ["\x00", "\t", "\n", "\r", "\x1f", "\x7f", "\x80", "\x85", "\x9f", chr(0xD800), chr(0xDFFF), "\ufffe", "\uffff"],
    ids=ascii,
)
def test_text_with_a_character_that_xml_or_redis_conf_cannot_contain_is_refused(
    value_type: ValueType, character: str
) -> None:
    with pytest.raises(InvalidValue) as refused:
        value_type.parse(f"mon{character}grel")

    assert str(refused.value) == UNCARRIED


@pytest.mark.parametrize(
    ("value_type", "value", "held"),
    [
        (TEXT, "9001", True),
        (TEXT, 9001, False),
        (WORD, "no", True),
        (WORD, "no ", False),
        (COUNT, 7, True),
        (COUNT, "7", False),
        (COUNT, 7.0, False),
        (COUNT, True, False),
        (SWITCH, True, True),
        (SWITCH, 1, False),
        (SWITCH, "true", False),
        (MOMENT, "2010-12-20T00:35:22Z", True),
        (MOMENT, "2010-12-20T00:35:22+00:00", False),
        (PORT_TEXT, "6379", True),
        (PORT_TEXT, "06379", False),
        (PORT_TEXT, 6379, False),
        (POINTS, ["900 1"], True),
        (POINTS, ["900  1"], False),
        (POINTS, ("900 1",), False),
        (POINTS, [""], False),
    ],
)
def test_a_record_may_only_have_what_parsing_returns(value_type: ValueType, value: object, held: bool) -> None:
    assert value_type.is_valid(value) is held


@pytest.mark.parametrize("value_type", KINDS, ids=lambda value_type: type(value_type).__name__)
@few
@given(raw=json_like())
def test_any_input_is_refused_or_parsed_to_a_valid_value(value_type: ValueType, raw: object) -> None:
    try:
        value = value_type.parse(raw)
    except InvalidValue:
        assert not value_type.is_valid(raw)
    else:
        assert value_type.is_valid(value)
        assert value_type.parse(value) == value


@few
@given(texts(blank=True))
def test_text_is_read_as_it_is(text: str) -> None:
    assert ANY.parse(text) == text


@few
@given(st.integers(0, LONG_MAX))
def test_a_number_is_read_from_its_digits(number: int) -> None:
    assert COUNT.parse(str(number)) == COUNT.parse(number) == number


@few
@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=OFFSETS))  # noqa: DTZ001
def test_a_moment_is_read_as_the_same_moment_in_utc(moment: datetime) -> None:
    read = MOMENT.parse(moment.isoformat())

    assert datetime.fromisoformat(read) == moment.astimezone(UTC).replace(microsecond=0)
    assert MOMENT.is_valid(read)


@pytest.mark.parametrize(
    ("value_type", "xml_type", "typed_nil"),
    [
        (TEXT, None, False),
        (WORD, None, False),
        (COUNT, "integer", False),
        (SWITCH, "boolean", False),
        (MOMENT, "datetime", True),
        (PORT_TEXT, None, False),
        (POINTS, "array", False),
    ],
)
def test_a_value_type_has_the_xml_type_that_rails_wrote(
    value_type: ValueType, xml_type: str | None, typed_nil: bool
) -> None:
    assert value_type.xml_type == xml_type
    assert value_type.typed_nil is typed_nil
