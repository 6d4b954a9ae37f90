"""What an assertion expects of a request, and in what a request that was received differs from it."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rtgmock.errors import RequestError
from rtgmock.journal.filter import Filter
from rtgmock.journal.redaction.secrets import MASK, is_secret
from rtgmock.model.attributes import BY_NAME
from rtgmock.wire import bodies, form, parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rtgmock.journal.exchange import Exchange


@dataclass(frozen=True)
class Expectation:
    """A request that is expected.

    ``condition`` has its method, path and status. ``json`` is all of its parameters, ``including`` some of them.
    """

    condition: Filter
    json: Mapping[str, Any] | None = None
    including: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        words = [f"{self.condition.method} {self.condition.path}"]
        if self.condition.status is not None:
            words.append(f"answered {self.condition.status}")
        words += [
            f"{word} {_redacted(expected)}"
            for word, expected in (("with", self.json), ("including", self.including))
            if expected is not None
        ]
        return " ".join(words)

    def differences(self, exchange: Exchange) -> list[str]:
        """Return in what a request differs from the expected one, as phrases; secrets are masked by their names."""
        return [*self._different_lines(exchange), *self._different_parameters(exchange)]

    def _different_lines(self, exchange: Exchange) -> Iterator[str]:
        for name in ("method", "path", "status"):
            expected = getattr(self.condition, name)
            if not Filter(**{name: expected}).matches(exchange):
                yield f"the {name} is {getattr(exchange, name)}, not {expected}"

    def _different_parameters(self, exchange: Exchange) -> list[str]:
        if self.json is None and self.including is None:
            return []
        try:
            received = parameters_of(exchange)
        except RequestError as error:
            return [f"its parameters cannot be read ({type(error).__name__})"]
        expected = {**parameters.flatten(dict(self.json or {})), **parameters.flatten(dict(self.including or {}))}
        missing = [f"{name} is missing" for name in expected if name not in received]
        different = [
            f"{name} is {_shown(name, received[name])}, not {_shown(name, value)}"
            for name, value in expected.items()
            if name in received and not _is_same(name, received[name], value)
        ]
        additional = [f"{name} came as well" for name in received if self.json is not None and name not in expected]
        return [*missing, *different, *additional]


def parameters_of(exchange: Exchange) -> dict[str, Any]:
    """Return a request's parameters, parsed as the API parses them. Raises RequestError if they cannot be."""
    if not exchange.body.is_complete:
        raise RequestError("the journal has only the beginning of the body")
    encoding = exchange.header("Content-Encoding").strip().lower() or "identity"
    body = bodies.decode(exchange.body.data, exchange.header("Content-Type"), encoding)
    return parameters.flatten(form.merge(body, form.decode_query(exchange.query.encode("latin-1"))))


def _is_same(name: str, received: Any, expected: Any) -> bool:
    """Return whether two values mean the same: a form has "30" for JSON's 30."""
    if received == expected:
        return True
    if name in BY_NAME:
        return BY_NAME[name].equals(received, expected)
    # A parameter that is no attribute has no type: compare a form's text with what JSON writes.
    return isinstance(received, str) and received == json_format.dumps(expected, default=repr)


def _shown(name: str, value: object) -> str:
    return MASK if is_secret(name) and value else repr(value)


def _redacted(expected: Mapping[str, Any]) -> str:
    shown = {name: MASK if is_secret(name) else value for name, value in expected.items()}
    return json_format.dumps(shown, default=repr)
