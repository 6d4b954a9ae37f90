"""Decodes the current request's parameters: its query string and its body, in any of the accepted types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.text import printable
from rtgmock.wire import bodies, form
from rtgmock.wire.format import looks_like_json
from rtgmock.wire.parameters import ROOT

if TYPE_CHECKING:
    from rtgmock.web.request_context import RequestContext
    from rtgmock.wire.format import Tree


def decode_parameters(context: RequestContext) -> Tree:
    """Return the parameters of the body and of the query string; the latter take precedence, as in Rails.

    Raises BadRequest when they cannot be decoded, UnsupportedMedia for an unknown type of body.
    """
    # Decoded once: routing needs them for _method, fault injection and the endpoint need them again.
    if context.parameters is None:
        context.parameters = form.merge(_decode_body(context), form.decode_query(context.request.query_string))
        context.hint = context.hint or _wrong_root(context.parameters)
    return context.parameters


def overridden_method(context: RequestContext) -> str:
    """Return the method that a POST represents: by ``X-HTTP-Method-Override``, or by ``_method`` in a form (Rails)."""
    request = context.request
    if request.method != "POST":
        return request.method
    override = request.headers.get("X-HTTP-Method-Override", "")
    if not override and _is_form(request.mimetype):
        value = decode_parameters(context).get("_method", "")
        override = value if isinstance(value, str) else ""
    return override.strip().upper() or "POST"


def _is_form(mimetype: str) -> bool:
    return mimetype in {"", form.MULTIPART, *form.FORM.mime_types}


def _decode_body(context: RequestContext) -> Tree:
    request, body = context.request, context.request.get_data()
    if _is_form(request.mimetype) and looks_like_json(body) and request.mimetype != form.MULTIPART:
        # Rails would have decoded it as a form, so it is one here too; the hint says what was probably meant.
        label = "labelled a form" if request.mimetype else "not labelled"
        context.hint = f"the body looks like JSON but is {label}; send Content-Type: application/json"
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    return bodies.decode(body, request.headers.get("Content-Type", ""), encoding)


def _wrong_root(tree: Tree) -> str:
    """Return the hint for attributes that are nested under another name than ``instance``; empty when none are."""
    roots = [name for name, value in tree.items() if isinstance(value, dict) and name != ROOT]
    return f"{printable(roots[0])} holds no attributes; put them under {ROOT}" if roots else ""
