"""Validation of small JSON documents that people write by hand, with a message for every mistake in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtgmock.errors import MAX_MESSAGES, Invalid
from rtgmock.model.types import InvalidValue, ValueType
from rtgmock.text import listed, nearest, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

Fields = dict[str, ValueType]
"""The types of a document's values, by name."""


def parse_fields(
    document: object, fields: Fields, *, required: tuple[str, ...] = (), where: str = ""
) -> dict[str, Any]:
    """Return the values of a document by name; null is the same as no value.

    Raises Invalid with a message for each mistake, each with ``where`` in front of it.
    """
    received = _object(document, where)
    refuse(f"{where}{message}" for message in _mistakes(received, fields, required))
    return {name: fields[name].parse(value) for name, value in received.items() if value is not None}


class Mistakes(list[str]):
    """The mistakes in a document, which are collected so that all are reported at once."""

    def add(self, *messages: str) -> None:
        """Add mistakes. Raises Invalid when there are more than an error lists: finding all of them takes long."""
        self.extend(messages)
        if len(self) > MAX_MESSAGES:
            self.refuse()

    def refuse(self) -> None:
        """Raise Invalid if there is any mistake."""
        refuse(self)


def refuse(messages: Iterable[str]) -> None:
    """Raise Invalid if there is any message; of an iterator, no more messages are taken than an error lists."""
    error = Invalid(messages)
    if error.messages:
        raise error


def _object(document: object, where: str) -> Mapping[str, object]:
    if not isinstance(document, dict):
        raise Invalid([f"{where}it must be a JSON object, as {{}}"])
    return document


def _mistakes(received: Mapping[str, object], fields: Fields, required: tuple[str, ...]) -> Iterator[str]:
    for name, value in received.items():
        if name not in fields:
            yield unknown_name(name, fields)
        elif value is not None and (problem := _find_problem(fields[name], value)):
            yield f"{name} {problem}"
    yield from (f"{name} can't be blank" for name in required if received.get(name) is None)


def _find_problem(value_type: ValueType, value: object) -> str:
    try:
        value_type.parse(value)
    except InvalidValue as error:
        return str(error)
    return ""


def unknown_name(name: str, known: Collection[str]) -> str:
    """Return the message for an unknown name: the nearest known one, or all of them."""
    suggestion = nearest(name, known)
    return f"{printable(name)} is not known; " + (
        f"did you mean {suggestion}?" if suggestion else f"accepted are {listed(known)}"
    )
