"""In which format a request is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from rtgmock.errors import NotAcceptable
from rtgmock.text import nearest, printable
from rtgmock.web.request_context import request_context
from rtgmock.wire.formats import ANSWER_TYPES, ANSWERS, EXTENSIONS
from rtgmock.wire.json import JSON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtgmock.wire.format import AnswerFormat

_ANY = {"*/*", "application/*", "*"}


def negotiate(extension: str | None) -> AnswerFormat:
    """The extension's format; else what ``Accept`` wants; else the body's own; else JSON (documented, ours).

    Raises NotAcceptable where none of the formats there are is wanted.
    """
    chosen = _by_extension(extension) if extension is not None else _by_accept()
    request_context().answer_format = chosen
    return chosen


def _by_extension(extension: str) -> AnswerFormat:
    if extension in EXTENSIONS:
        return EXTENSIONS[extension]
    meant = nearest(extension.lower(), EXTENSIONS)
    guess = f" Did you mean .{meant}?" if meant else ""
    raise NotAcceptable(f"There is no format .{printable(extension)}; accepted are .json and .xml.{guess}")


def _by_accept() -> AnswerFormat:
    body = ANSWER_TYPES.get(request.mimetype, JSON)
    wanted = list(_ranges(request.headers.get("Accept", ""))) or [("*/*", 1.0)]
    # The best first; those of the same quality in the order in which they came.
    for mime, _ in sorted((item for item in wanted if item[1] > 0), key=lambda item: -item[1]):
        if mime in _ANY:
            return body
        if mime in ANSWER_TYPES:
            return ANSWER_TYPES[mime]
    accepted = " and ".join(form.mime_types[0] for form in ANSWERS)
    raise NotAcceptable(
        f"There is no answer in {printable(', '.join(mime for mime, _ in wanted))}; accepted are {accepted}."
    )


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    """The mime types in an ``Accept`` header, each with its quality."""
    for item in header.split(","):
        mime, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
        if mime:
            yield mime, float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0
