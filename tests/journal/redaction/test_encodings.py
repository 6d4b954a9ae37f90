"""The ways to write a text."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest

from rtgmock.journal.redaction.encodings import encodings, pattern

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = "a b/é\"<&'"


@pytest.mark.parametrize(
    "encode",
    [
        str,
        quote,
        quote_plus,
        lambda text: quote(text, safe="").lower(),
        lambda text: json.dumps(text)[1:-1],
        lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
        html.escape,
        lambda text: text.encode("unicode_escape").decode(),
    ],
)
def test_a_text_is_given_in_every_encoding(encode: Callable[[str], str]) -> None:
    assert encode(TEXT) in list(encodings(TEXT))


@pytest.mark.parametrize(
    "written",
    ["a_b", "A_B", "a-b", "a b", "a+b", "a%20b", "ab", "%61_b", r"\u0061_b", "&#97;_b", "&#x61;_b", "a%5Fb"],
)
def test_a_pattern_matches_a_name_however_it_is_escaped(written: str) -> None:
    assert re.fullmatch(pattern("a_b"), written, re.IGNORECASE)
