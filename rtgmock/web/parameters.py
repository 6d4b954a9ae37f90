"""What a request says in its body and its query string, whatever form its client gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from rtgmock.text import printable
from rtgmock.web.request_context import request_context
from rtgmock.wire import bodies, form
from rtgmock.wire.format import looks_like_json
from rtgmock.wire.parameters import ROOT

if TYPE_CHECKING:
    from rtgmock.wire.format import Tree


def parameters() -> Tree:
    """The body's parameters and the query string's, the latter counting for more as in Rails.

    Raises BadRequest for what cannot be read, UnsupportedMedia for a type that isn't.
    """
    context = request_context()
    if context.parameters is None:
        context.parameters = form.merge(_body(), form.decode_query(request.query_string))
        context.hint = context.hint or _mistaken_root(context.parameters)
    return context.parameters


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
    if _is_form() and looks_like_json(body) and request.mimetype != form.MULTIPART:
        # The service would have read it as a form, so it is one here; but it is hardly what was meant.
        label = "labelled a form" if request.mimetype else "not labelled"
        request_context().hint = f"the body looks like JSON but is {label}; send Content-Type: application/json"
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    return bodies.decode(body, request.headers.get("Content-Type", ""), encoding)


def _mistaken_root(tree: Tree) -> str:
    """Attributes under another name than ``instance`` are not found, as they were not by the service."""
    roots = [name for name, value in tree.items() if isinstance(value, dict) and name != ROOT]
    return f"{printable(roots[0])} holds no attributes; put them under {ROOT}" if roots else ""
