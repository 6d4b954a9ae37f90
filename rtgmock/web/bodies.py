"""What a request says in its body and its query string, whatever form its client gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from rtgmock.errors import BadRequest, UnsupportedMedia
from rtgmock.text import nearest, printable
from rtgmock.web.notes import notes
from rtgmock.wire import form
from rtgmock.wire.format import looks_like_json
from rtgmock.wire.formats import BODY_TYPES, READABLE_TYPES
from rtgmock.wire.params import ROOT

if TYPE_CHECKING:
    from rtgmock.wire.format import Tree


def parameters() -> Tree:
    """The body's parameters and the query string's, the latter counting for more as in Rails.

    Raises BadRequest for what cannot be read, UnsupportedMedia for a type that isn't.
    """
    noted = notes()
    if noted.parameters is None:
        noted.parameters = form.merge(_body(), form.decode_query(request.query_string))
        noted.hint = noted.hint or _mistaken_root(noted.parameters)
    return noted.parameters


def overridden_method() -> str:
    """The method that a POST stands for: ``X-HTTP-Method-Override``, or ``_method`` in a form (Rails)."""
    if request.method != "POST":
        return request.method
    override = request.headers.get("X-HTTP-Method-Override", "")
    if not override and _is_form():
        found = parameters().get("_method", "")
        override = found if isinstance(found, str) else ""
    return override.strip().upper() or "POST"


def _is_form() -> bool:
    return request.mimetype in {"", form.MULTIPART, *form.FORM.mime_types}


def _body() -> Tree:
    body = request.get_data()
    if not body:
        return {}
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        raise UnsupportedMedia(f"A body in the encoding {printable(encoding)} is not read; send it as it is.")
    # No type at all is a form (observed): pkgcloud posts one so.
    mime = request.mimetype or form.FORM.mime_types[0]
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if mime == form.MULTIPART:
        boundary = request.mimetype_params.get("boundary", "")
        if not boundary.isascii() or not boundary:
            raise BadRequest("The multipart body cannot be read: its Content-Type names no boundary.")
        return form.decode_multipart(body, charset, boundary)
    if mime not in BODY_TYPES:
        raise UnsupportedMedia(_unread(mime, body))
    if BODY_TYPES[mime] is form.FORM and looks_like_json(body):
        # The service would have read it as a form, so it is one here; but it is hardly what was meant.
        label = "labelled a form" if request.mimetype else "not labelled"
        notes().hint = f"the body looks like JSON but is {label}; send Content-Type: application/json"
    return BODY_TYPES[mime].decode(body, charset)


def _unread(mime: str, body: bytes) -> str:
    accepted = f"accepted are {', '.join(READABLE_TYPES)}"
    meant = "application/json" if looks_like_json(body) else nearest(mime, READABLE_TYPES)
    guess = f" Did you mean {meant}?" if meant else ""
    return f"A body of type {printable(mime)} is not read; {accepted}.{guess}"


def _mistaken_root(tree: Tree) -> str:
    """Attributes under another name than ``instance`` are not found, as they were not by the service."""
    roots = [name for name, value in tree.items() if isinstance(value, dict) and name != ROOT]
    return f"{printable(roots[0])} holds no attributes; put them under {ROOT}" if roots else ""
