"""Decodes a body by its ``Content-Type``, and finds the type that a mislabelled one should have had."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from werkzeug.http import parse_options_header

from rtgmock.errors import BadRequest, UnsupportedMedia
from rtgmock.text import nearest, printable
from rtgmock.wire import form
from rtgmock.wire.format import BodyFormat, Tree, looks_like_json
from rtgmock.wire.formats import BODY_TYPES, READABLE_TYPES
from rtgmock.wire.json import JSON
from rtgmock.wire.xml import XML


class ContentType(NamedTuple):
    """The parts of a ``Content-Type`` header."""

    mime: str
    charset: str
    boundary: str


@lru_cache(16)  # a few only: a header has up to 64 kB
def parse_content_type(header: str) -> ContentType:
    """Return the parts of a ``Content-Type`` header, which may be empty."""
    mime, options = parse_options_header(header)
    return ContentType(mime.lower(), options.get("charset", "utf-8").lower(), options.get("boundary", ""))


def decode(body: bytes, content_type: str, encoding: str = "identity") -> Tree:
    """Return the parameters in a body, by its ``Content-Type``.

    Raises BadRequest when the body cannot be decoded, UnsupportedMedia for an unknown type, charset or encoding.
    """
    if not body:
        return {}
    if encoding != "identity":
        raise UnsupportedMedia(f"A body in the encoding {printable(encoding)} is not read; send it as it is.")
    label = parse_content_type(content_type)
    # pkgcloud posts a form without any Content-Type (observed).
    mime = label.mime or form.FORM.mime_types[0]
    if mime == form.MULTIPART:
        if not label.boundary.isascii() or not label.boundary:
            raise BadRequest("The multipart body cannot be read: its Content-Type names no boundary.")
        return form.decode_multipart(body, label.charset, label.boundary)
    if mime not in BODY_TYPES:
        raise UnsupportedMedia(_unsupported(mime, body))
    return BODY_TYPES[mime].decode(body, label.charset)


def expected_content_type(mime: str, body: bytes) -> str:
    """Return the type that a body should have been labelled with; empty when its label is right or none is near."""
    labelled, apparent = BODY_TYPES.get(mime or form.FORM.mime_types[0]), _apparent_format(body)
    if apparent and mime != form.MULTIPART:
        return "" if labelled is apparent else apparent.mime_types[0]
    return "" if labelled or mime == form.MULTIPART else nearest(mime, READABLE_TYPES) or ""


def _apparent_format(body: bytes) -> BodyFormat | None:
    """Return the format that a body looks like, by its first characters."""
    if looks_like_json(body):
        return JSON
    if re.match(rb"\s*<", body):
        return XML
    return form.FORM if re.match(rb"[\w.%\[\]-]+=", body) else None


def _unsupported(mime: str, body: bytes) -> str:
    accepted = f"accepted are {', '.join(READABLE_TYPES)}"
    expected = expected_content_type(mime, body)
    guess = f" Did you mean {expected}?" if expected else ""
    return f"A body of type {printable(mime)} is not read; {accepted}.{guess}"
