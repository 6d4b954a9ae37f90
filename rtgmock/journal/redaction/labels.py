"""Where a secret begins in a text of no known format: after its name, after a command's option, in a URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rtgmock.journal.redaction import patterns
from rtgmock.journal.redaction.encodings import has_any
from rtgmock.journal.redaction.secrets import ATTRIBUTE_NAME, SECRET_ATTRIBUTES, is_secret, is_secret_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Label(NamedTuple):
    """A secret's name in a text: where it begins and ends, and where the secret begins."""

    start: int
    end: int
    value: int


_REST = r"""(?:[\w\]\["'\\-]|%5b|%5d|%22)"""
# What tells that the value of the secret attribute before it follows.
_VALUE_FOLLOWS = patterns.compile(
    rf"""
    (?>{_REST}{{0,80}})             # the rest of the word: passwords, [password], "password"
    (?:
        (?=\s[^<>]{{0,80}}>)        # a tag that has attributes: <password type="string">
        | \s*+(?:[=:>]|%3d|%3a)     # or a sign: password=, "password": , <password>, password%3D
    )
    | {_REST}{{80}}                 # or a word without an end: if all of each was read, the time for
                                    # "passwordpasswordpassword" would grow with the square of its length
    """,
    re.IGNORECASE | re.VERBOSE,
)
# A whole word. Before it may be an escape, which is no part of it: %5Bpwd.
_WHOLE_WORD = r"(?<![\w-])(?>(?:(?<=%)[0-9a-f]{2})?)([\w-]{2,}+)"
# Any word with a sign after it: 'pasword: ', '"pwd":', "pwd]=", "pwd%3D".
_LABEL = patterns.compile(rf"""{_WHOLE_WORD}(?>(?:["'\]\s\\]|%5d|%22|%20){{0,6}})(?:[=:>]|%3[ade])""", re.IGNORECASE)
# An option with its value: --pass x.
_OPTION = patterns.compile(r"(?<!\S)--([\w-]{2,}+)(?>(?:\s|\+|%20)+)(?=\S)")
# A tag that has attributes: <pwd type="string">.
_TAG = patterns.compile(r"<(?:[\w.-]{1,40}+:)?([\w.-]{2,}+)\s[^<>]{0,80}>")
# A folder of a path: /instances/1/password/x, also escaped.
_FOLDER = patterns.compile(r"(?:/|%2f)([\w.-]{2,}+)(?=(\\?/|%2f))", re.IGNORECASE)
# What a command is given: curl -u name:password, redis-cli -a password; what a Redis is told: AUTH password.
_SPOKEN = patterns.compile(
    r"""
    (?<!\S)(?:-u|--(?:proxy-)?user)(?=\S*:|(?>(?:\s|\+|%20)+)\S*:)
    | redis-cli(?:\s++-(?!a)\S++(?:\s++[^\s-]\S*+)?){0,9}\s++-a
    | \bAUTH2?(?=\s)
    | (?:^|[\r\n]|(?i:\bhello)\s\d\s)[ \t]{0,20}+(?i:auth)(?=\s)
    | (?i:\b(?:requirepass|masterauth|setuser)(?=\s))
    """,
    re.VERBOSE,
)
_WORD = patterns.compile(_WHOLE_WORD, re.IGNORECASE)
# A secret's name where a value is, as in {"name": "password", "value": …} or <name>password</name><value>…; not where
# a name is, as in {"password": …}. It may be the last word of a text that was cut.
_NAMED = patterns.compile(
    r"""(?:["'>=,]|%22|%3[de])\s*+([\w.-]{2,80}+)\s*+(?:["'](?!\s*[:=])|[<&,\]]|%22(?!\s*%3a)|%3c|%26|\Z)""",
    re.IGNORECASE,
)

# What a text that one of the patterns matches has in it, in lower case: most texts have none, and are read much faster.
_NAME_PARTS = ("%", "\\", "&", *sorted({max(name.split("_"), key=len) for name in SECRET_ATTRIBUTES}))
_SIGNS = ("=", ":", ">", "%3")
_SPOKEN_PARTS = ("-u", "user", "redis-cli", "auth", "requirepass")


def find_label(text: str) -> Label | None:
    """Return the first name of a secret that has its value behind it, after a sign or a slash."""
    return min(_labels(text), key=lambda label: label.value, default=None)


def find_name(text: str) -> Label | None:
    """Return the first name of a secret, with or without a sign behind it. Any word of the text may be the secret."""
    matches = (_attribute(text), _first(_WORD, text, is_secret_word))
    names = [*map(_bare, filter(None, matches)), *_labels(text)]
    return min(names, key=lambda name: (name.start, -name.value), default=None)


def names_secret(text: str) -> bool:
    """Return whether the name of a secret is one of the values in ``text``; another one is the secret then."""
    return not text.isalnum() and _first(_NAMED, text, is_secret_word) is not None


def _labels(text: str) -> Iterator[Label]:
    folded = text.casefold()
    yield from _attributes(text)
    if has_any(folded, _SIGNS):
        yield from _words(_LABEL, text)
    if "--" in folded:
        yield from _words(_OPTION, text)
    if "<" in folded:
        yield from _words(_TAG, text)
    if "/" in folded or "%2f" in folded:
        yield from _folders(text)
    if has_any(folded, _SPOKEN_PARTS):
        yield from _spoken(text)


def _attributes(text: str) -> Iterator[Label]:
    """Give the first name of a secret attribute that has its value behind it."""
    start = match.start() if (match := _attribute(text)) else len(text)
    for name in ATTRIBUTE_NAME.finditer(text, start):
        if found := _VALUE_FOLLOWS.match(text, name.end()):
            yield Label(name.start(), name.end(), found.end())
            break


def _attribute(text: str) -> re.Match[str] | None:
    return ATTRIBUTE_NAME.search(text) if has_any(text.casefold(), _NAME_PARTS) else None


def _words(words: re.Pattern[str], text: str) -> Iterator[Label]:
    if match := _first(words, text, is_secret):
        # Attributes may have the secret as well: <password value="x">.
        yield Label(match.start(1), match.end(1), match.end(1) if words is _TAG else match.end())


def _folders(text: str) -> Iterator[Label]:
    if match := _first(_FOLDER, text, is_secret):
        yield Label(match.start(1), match.end(1), match.end(2))


def _spoken(text: str) -> Iterator[Label]:
    if match := _SPOKEN.search(text):
        yield Label(match.start(), match.end(), match.end())


def _first(words: re.Pattern[str], text: str, is_name: Callable[[str], bool]) -> re.Match[str] | None:
    """Return the first match whose first group is a secret's name. Each word is looked at once."""
    seen: set[str] = set()
    for match in words.finditer(text):
        word = match[1]
        if word not in seen and is_name(word):
            return match
        seen.add(word)
    return None


def _bare(match: re.Match[str]) -> Label:
    return Label(match.start(), match.end(), match.end())
