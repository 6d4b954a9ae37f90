"""The regular expressions of the whole package, and what Python's own have to be spared."""

from __future__ import annotations

import re
from pathlib import Path

import rtgmock


def test_no_group_has_a_possessive_quantifier() -> None:
    """Python before 3.11.5 does not always find what it matches: https://github.com/python/cpython/issues/106052."""
    possessive = re.compile(r"\)(?:[*+?]|\{+[\d,]*\}+)\+")
    paths = sorted(Path(rtgmock.__file__).parent.rglob("*.py"))

    found = [f"{path.name}: {match[0]}" for path in paths for match in possessive.finditer(path.read_text("utf-8"))]

    assert possessive.search(r"(?:ab)++")
    assert len(paths) > 200
    assert found == ["patterns.py: )++"]  # in the sentence that says so
