"""A body becomes a tree by what its ``Content-Type`` says, and what that ought to have said."""

from __future__ import annotations

import re
from typing import NamedTuple

from werkzeug.http import parse_options_header

from rtgmock.errors import BadRequest, UnsupportedMedia
from rtgmock.text import nearest, printable
from rtgmock.wire import form
from rtgmock.wire.format import BodyFormat, Tree, looks_like_json
from rtgmock.wire.formats import BODY_TYPES, READABLE_TYPES
from rtgmock.wire.json import JSON
from rtgmock.wire.xml import XML


class Label(NamedTuple):
    """What a ``Content-Type`` says."""

    mime: str
    charset: str
    boundary: str


def label(content_type: str) -> Label:
    """Read a ``Content-Type``, which may be empty."""
    mime, options = parse_options_header(content_type)
    return Label(mime.lower(), options.get("charset", "utf-8").lower(), options.get("boundary", ""))


def decode(body: bytes, content_type: str, encoding: str = "identity") -> Tree:
    """Read a body. Raises BadRequest for what cannot be read, UnsupportedMedia for a type that isn't."""
    if not body:
        return {}
    if encoding != "identity":
        raise UnsupportedMedia(f"A body in the encoding {printable(encoding)} is not read; send it as it is.")
    given = label(content_type)
    # No type at all is a form (observed): pkgcloud posts one so.
    mime = given.mime or form.FORM.mime_types[0]
    if mime == form.MULTIPART:
        if not given.boundary.isascii() or not given.boundary:
            raise BadRequest("The multipart body cannot be read: its Content-Type names no boundary.")
        return form.decode_multipart(body, given.charset, given.boundary)
    if mime not in BODY_TYPES:
        raise UnsupportedMedia(_unread(mime, body))
    return BODY_TYPES[mime].decode(body, given.charset)


def meant_type(mime: str, body: bytes) -> str:
    """The type that a body ought to have been labelled with; empty when its label will do, or nothing is near."""
    labelled, seems = BODY_TYPES.get(mime or form.FORM.mime_types[0]), _seems(body)
    if seems and mime != form.MULTIPART:
        return "" if labelled is seems else seems.mime_types[0]
    return "" if labelled or mime == form.MULTIPART else nearest(mime, READABLE_TYPES) or ""


def _seems(body: bytes) -> BodyFormat | None:
    """The format that a body looks like."""
    if looks_like_json(body):
        return JSON
    if re.match(rb"\s*<", body):
        return XML
    return form.FORM if re.match(rb"[\w.%\[\]-]+=", body) else None


def _unread(mime: str, body: bytes) -> str:
    accepted = f"accepted are {', '.join(READABLE_TYPES)}"
    meant = meant_type(mime, body)
    guess = f" Did you mean {meant}?" if meant else ""
    return f"A body of type {printable(mime)} is not read; {accepted}.{guess}"
