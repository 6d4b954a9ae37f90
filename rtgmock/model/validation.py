"""Small JSON documents that people write by hand: read whole, with a message for every mistake in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtgmock.errors import Invalid
from rtgmock.model.types import Choice, InvalidValue, ValueType
from rtgmock.text import nearest, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Fields = dict[str, ValueType]
"""What a document may have, by name."""


def parse_fields(
    document: object, fields: Fields, *, required: tuple[str, ...] = (), where: str = ""
) -> dict[str, Any]:
    """The values that a document gives. Raises Invalid with one message a mistake, each after ``where``."""
    given = _object(document, where)
    mistakes = [f"{where}{message}" for message in _mistakes(given, fields, required)]
    if mistakes:
        raise Invalid(mistakes)
    return {name: fields[name].parse(value) for name, value in given.items() if value is not None}


def _object(document: object, where: str) -> Mapping[str, object]:
    if not isinstance(document, dict):
        raise Invalid([f"{where}it must be a JSON object, as {{}}"])
    return document


def _mistakes(given: Mapping[str, object], fields: Fields, required: tuple[str, ...]) -> Iterator[str]:
    for name, value in given.items():
        if name not in fields:
            yield unknown_name(name, fields)
        elif value is not None and (problem := _problem(fields[name], value)):
            yield f"{name} {problem}"
    yield from (f"{name} can't be blank" for name in required if given.get(name) is None)


def _problem(kind: ValueType, value: object) -> str:
    try:
        kind.parse(value)
    except InvalidValue as error:
        return f"{error}: it is one of {', '.join(kind.choices)}" if isinstance(kind, Choice) else str(error)
    return ""


def unknown_name(name: str, known: Collection[str]) -> str:
    """Return the message for an unknown name: the nearest known one, or all of them."""
    meant = nearest(name, known)
    return f"{printable(name)} is not known; " + (
        f"did you mean {meant}?" if meant else f"accepted are {', '.join(known)}"
    )
