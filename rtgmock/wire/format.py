"""What a format is: its names, and the functions that decode and encode it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rtgmock.errors import BadRequest, UnsupportedMedia
from rtgmock.model.attributes import Attribute
from rtgmock.model.types import Value
from rtgmock.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtgmock.model.payloads import Payload

Tree = dict[str, Any]
"""A decoded body: strings, numbers, booleans, None, lists or further trees, by name."""

Fields = Sequence[tuple[Attribute, Value]]
"""The attributes of an instance with their values, in a payload's order."""

# The charsets that the clients' languages write. It is a closed list: some of Python's codecs are no charsets, and
# some take quadratic time.
_CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252", "utf-16"}


@dataclass(frozen=True)
class BodyFormat:
    """A format of requests. ``decode`` takes the body and the charset that it is labelled with."""

    name: str
    mime_types: tuple[str, ...]
    decode: Callable[[bytes, str], Tree]


@dataclass(frozen=True)
class AnswerFormat(BodyFormat):
    """A format of requests and of answers.

    ``encode_instance`` makes a whole body. That of a list is what ``join_items`` makes of each instance's
    ``encode_item``, so that an instance can be encoded once for many lists.
    """

    extension: str
    list_payload: Payload
    show_payload: Payload
    encode_instance: Callable[[Fields], bytes]
    encode_item: Callable[[Fields], bytes]
    join_items: Callable[[Iterable[bytes]], bytes]
    encode_errors: Callable[[Iterable[str]], bytes]

    @cached_property
    def content_type(self) -> str:
        """The ``Content-Type`` of answers."""
        return f"{self.mime_types[0]}; charset=utf-8"

    def encode_list(self, instances: Iterable[Fields]) -> bytes:
        """Return a list of instances."""
        return self.join_items(self.encode_item(fields) for fields in instances)


def decode_text(body: bytes, charset: str, what: str) -> str:
    """Return the body as text, without a byte order mark; error sentences call it the ``what`` body.

    Raises BadRequest with the first byte that is not in the charset, UnsupportedMedia for an unknown charset.
    """
    if charset.lower() not in _CHARSETS:
        raise UnsupportedMedia(f"The charset '{printable(charset)}' is not read; send the {what} body as UTF-8.")
    try:
        return body.decode(charset).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"The {what} body cannot be read: byte {error.start} (0x{body[error.start]:02x}) is not {charset}."
        ) from error


def readable_text(body: bytes, charset: str) -> str | None:
    """Return a body as text for people, with bytes outside its charset escaped; None when it is not text."""
    # A byte order mark says more than a label that is wrong or missing.
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        charset = "utf-16"
    if charset.lower() not in _CHARSETS:
        return None
    text = body.decode(charset, errors="backslashreplace")
    return None if "\0" in text else text


def looks_like_json(body: bytes) -> bool:
    """Whether a body with another label was probably meant to be JSON."""
    return re.match(rb"\s*[{\[]", body) is not None
