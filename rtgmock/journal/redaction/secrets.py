"""Which names are those of secrets: the attribute table's, misspellings of them, and usual names of credentials."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from rtgmock.journal.redaction import patterns
from rtgmock.journal.redaction.encodings import pattern
from rtgmock.model.attributes import BY_NAME, SECRETS
from rtgmock.text import nearest

RedactValue = Callable[[str, str], str]
"""Takes a name and the value under it, and returns what may be shown of the value."""
MASK = "***"
"""What is shown in place of a secret."""
URL = "url"
"""The one secret attribute that is masked in part: only its user and password are secret."""

NAME = "\0"
"""The name under which a name itself is redacted: a key of JSON."""
# The longest first: of alternatives, a regular expression takes the first that matches.
SECRET_ATTRIBUTES = sorted(SECRETS - {URL}, key=len, reverse=True)
"""The secret attributes of the table, but ``url``."""

# Names outside the table: "pwd" in a body, the headers Authorization, Cookie, X-Auth and X-Api-Key.
_CREDENTIAL_WORDS = patterns.compile(
    r"pass|pwd|psw|secret|token|cookie|credential|authorization|masterauth|(?<![a-z])auth(?![a-z])"
    r"|(?:api|access|private)[-_ ]?key",
    re.IGNORECASE,
)
# Those of them that are a whole word: "pass" and "db_pwd", not "compass" and "secretary".
_CREDENTIAL_WORD = re.compile(
    r"(?:[a-z0-9]{1,20}_){0,3}(?:pass(?:w(?:or)?d|phrase|code)?|pwd|pswd?|secret|token|cookie|credential|authorization"
    r"|requirepass|masterauth|auth|(?:api|access|private)_?key)s?"
)
# It is compiled at the start: that takes so long that the first request to need it would keep others waiting.
ATTRIBUTE_NAME = re.compile("|".join(map(pattern, SECRET_ATTRIBUTES)), re.IGNORECASE)
_URL_NAME = patterns.compile(rf"{URL}\W*$", re.IGNORECASE)
MAX_CACHED_LENGTH = 80
"""Characters of the longest name that is remembered, so that the memory for a thousand of them is small."""
_MIN_SIMILARITY = 0.75
"""How similar a misspelt name is, of 1: "pasword" is similar enough to "password", "persistence" is not."""
_MIN_MISSPELT = 5
"""Characters of the shortest name that can be similar enough."""


def is_secret(name: str) -> bool:
    """Return whether the value under ``name`` is a secret: ``instance[password]``, ``pasword``, ``X-Api-Key``."""
    return _is_secret_cached(name) if len(name) <= MAX_CACHED_LENGTH else _is_secret(name)


def is_secret_word(text: str) -> bool:
    """Return whether ``text`` is the name of a secret and nothing else; the value "secret-plan" is none."""
    return len(text) <= MAX_CACHED_LENGTH and _is_secret_word_cached(text)


def _is_secret(name: str) -> bool:
    word = _normalized(name)
    if word in BY_NAME:  # the table decides: master_port is as similar to master_password as a misspelling, but public
        return word in SECRET_ATTRIBUTES
    return bool(_CREDENTIAL_WORDS.search(name) or ATTRIBUTE_NAME.search(name)) or _is_misspelt(word)


def _is_secret_word(text: str) -> bool:
    word = _normalized(text)
    if word in BY_NAME:
        return word in SECRET_ATTRIBUTES
    return bool(_CREDENTIAL_WORD.fullmatch(word)) or _is_misspelt(word)


def _is_misspelt(word: str) -> bool:
    last = word.rpartition("_")[2]  # of "instance[pasword]"
    candidates = {part for part in (word, last) if len(part) >= _MIN_MISSPELT and not part.isdecimal()}
    return any(nearest(part, SECRET_ATTRIBUTES, _MIN_SIMILARITY) for part in candidates)


def _normalized(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")


_is_secret_cached = lru_cache(1024)(_is_secret)
_is_secret_word_cached = lru_cache(1024)(_is_secret_word)


def is_url(name: str) -> bool:
    """Return whether the value under ``name`` is a URL, which may have a password in it: ``url``, ``instance[url]``."""
    return URL in name.lower() and _URL_NAME.search(name) is not None
