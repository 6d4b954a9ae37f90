"""Which names are those of secrets: the attribute table's, misspellings of them, and usual names of credentials."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from rtgmock.journal.redaction.encodings import pattern
from rtgmock.model.attributes import BY_NAME, SECRETS
from rtgmock.text import nearest

RedactValue = Callable[[str, str], str]
"""Takes a name and the value under it, and returns what may be shown of the value."""
MASK = "***"
"""What is shown in place of a secret."""
URL = "url"
"""The one secret attribute that is masked in part: only its user and password are secret."""

# The longest first: of alternatives, a regular expression takes the first that matches.
_SECRET_ATTRIBUTES = sorted(SECRETS - {URL}, key=len, reverse=True)
# Names outside the table: "pwd" in a body, the headers Authorization, Cookie and X-Api-Key.
_CREDENTIAL_WORDS = re.compile(r"pass|pwd|secret|token|cookie|authorization|api-?key", re.IGNORECASE)
_URL_NAME = re.compile(rf"{URL}\W*$", re.IGNORECASE)
_MAX_CACHED_LENGTH = 80
"""Characters of the longest name that is remembered, so that the memory for a thousand of them is small."""
_MIN_SIMILARITY = 0.75
"""How similar a misspelt name is, of 1: "pasword" is similar enough to "password", "persistence" is not."""

_REST = r"""(?:[\w\]\["'\\-]|%5b|%5d|%22)"""
_ANY_NAME = "|".join(pattern(name) for name in _SECRET_ATTRIBUTES)
SECRET_NAME = re.compile(_ANY_NAME, re.IGNORECASE)
"""The name of a secret attribute anywhere in a text."""
LABELLED_SECRET = re.compile(
    rf"""
    (
        (?:{_ANY_NAME})
        (?:
            {_REST}{{0,80}}+                # the rest of the word: passwords, [password], "password"
            (?:
                \s[^<>]{{0,80}}>            # the end of a tag that has attributes: <password type="string">
                | \s*+(?:[=:>]|%3d|%3a)     # or a sign: password=, "password": , <password>, password%3D
            )
            | {_REST}{{80}}                 # or a word without an end: if all of each was read, the time for
        )                                   # "passwordpasswordpassword" would grow with the square of its length
    )
    (.*)                                    # the value with all that follows, since nothing tells where it ends
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""The name of a secret attribute with the sign after it (group 1), and the rest of the text (group 2)."""


def is_secret(name: str) -> bool:
    """Return whether the value under ``name`` is a secret: ``instance[password]``, ``pasword``, ``X-Api-Key``."""
    return _is_secret_cached(name) if len(name) <= _MAX_CACHED_LENGTH else _is_secret(name)


def _is_secret(name: str) -> bool:
    word = re.sub(r"\W+", "_", name.lower()).strip("_")
    if word in BY_NAME:  # the table decides: master_port is as similar to master_password as a misspelling, but public
        return word in _SECRET_ATTRIBUTES
    last = word.rpartition("_")[2]  # of "instance[pasword]"
    if _CREDENTIAL_WORDS.search(name) or SECRET_NAME.search(name):
        return True
    return any(nearest(part, _SECRET_ATTRIBUTES, _MIN_SIMILARITY) for part in {word, last})


_is_secret_cached = lru_cache(1024)(_is_secret)


def is_url(name: str) -> bool:
    """Return whether the value under ``name`` is a URL, which may have a password in it: ``url``, ``instance[url]``."""
    return _URL_NAME.search(name) is not None
