"""Negotiates the format of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.errors import NotAcceptable
from rtgmock.text import nearest, printable
from rtgmock.wire.formats import ANSWER_TYPES, ANSWERS, EXTENSIONS
from rtgmock.wire.json import JSON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Request

    from rtgmock.web.request_context import RequestContext
    from rtgmock.wire.format import AnswerFormat

# Clients that send these accept either format; curl and rest-client send */* (observed).
_ANY = {"*/*", "application/*", "*"}


def negotiate(context: RequestContext, extension: str | None) -> None:
    """Take the format of the extension, else of ``Accept``, else of the request's body, else JSON (documented, ours).

    Raises NotAcceptable when the client accepts neither JSON nor XML.
    """
    context.answer_format = _by_extension(extension) if extension is not None else _by_accept(context.request)


def _by_extension(extension: str) -> AnswerFormat:
    if extension in EXTENSIONS:
        return EXTENSIONS[extension]
    suggestion = nearest(extension.lower(), EXTENSIONS)
    guess = f" Did you mean .{suggestion}?" if suggestion else ""
    raise NotAcceptable(f"There is no format .{printable(extension)}; accepted are .json and .xml.{guess}")


def _by_accept(request: Request) -> AnswerFormat:
    header = request.environ.get("HTTP_ACCEPT", "")
    # What most clients send is not parsed.
    if header in ANSWER_TYPES:
        return ANSWER_TYPES[header]
    body_format = ANSWER_TYPES.get(request.mimetype, JSON)
    accepted = list(_media_ranges(header)) or [("*/*", 1.0)]
    # The highest quality first; the sort is stable, so equal ones keep the client's order.
    for mime, _ in sorted((item for item in accepted if item[1] > 0), key=lambda item: -item[1]):
        if mime in _ANY:
            return body_format
        if mime in ANSWER_TYPES:
            return ANSWER_TYPES[mime]
    available = " and ".join(answer_format.mime_types[0] for answer_format in ANSWERS)
    raise NotAcceptable(
        f"There is no answer in {printable(', '.join(mime for mime, _ in accepted))}; accepted are {available}."
    )


def _media_ranges(header: str) -> Iterator[tuple[str, float]]:
    """Yield the mime types in an ``Accept`` header, each with its quality."""
    for item in header.split(","):
        mime, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
        # A quality that is no number counts as 0, so that the type is not chosen.
        if mime:
            yield mime, float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0
