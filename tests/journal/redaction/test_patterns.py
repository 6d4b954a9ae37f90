"""Regular expressions are compiled when they are first used."""

from __future__ import annotations

import re
from unittest import mock

from rtgmock.journal.redaction import patterns


def test_a_pattern_is_compiled_at_its_first_use_and_works_as_any_other() -> None:
    with mock.patch.object(re, "compile", wraps=re.compile) as compiled:
        pattern = patterns.compile(r"b(\w)", re.IGNORECASE)
        assert compiled.call_count == 0

        assert pattern.search("abc")
        assert [match[1] for match in pattern.finditer("Bc bd")] == ["c", "d"]
        assert pattern.fullmatch("b") is None
        assert pattern.search("abc")
    assert compiled.call_count == 3  # once for each method, which re remembers
