"""Sentences: error bodies that several tests expect, and what every sentence must be like."""

import re

TOO_LARGE = "The body is larger than 1048576 bytes, which is the most that is read.\n"


def assert_well_formed(sentence: str) -> None:
    """Fail if a sentence ends in two full stops, or announces a list that is empty.

    An ellipsis is no mistake, as in ``rtgmock exec -- COMMAND...``.
    """
    assert not re.search(r"(?<!\.)\.\.(?!\.)|(?<!\.)\.[;:,]", sentence), sentence
    assert not re.search(r"\bare\s*(?:[;.:,]|$)", sentence, re.MULTILINE), sentence
