"""Requests to the control API by chance: documents that are almost right, so that they get past the first checks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote_plus

import rtgmock
from rtgmock.faults.rule import KEYS
from tests.support.generated_values import TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.generated_values import Values

_NAMES = [
    *("health", "openapi.json", "state", "requests", "faults", "clock", "instances"),
    *("faults/1", "faults/999", f"faults/{'9' * 18}", "instances/1/status", "instances/1/redis", "instances/9/status"),
]
_FILTERS = ["method", "path", "status", "account", "unmatched", "since", "text", "limit", "other"]
_DELAYS = {"delay", "jitter"}
_MAX_PORT = 65535
_STATES = Path(rtgmock.__file__).parent / "fixtures"


class ControlRequest(NamedTuple):
    """A method, a target under ``/_rtgmock/``, and a document."""

    method: str
    target: str
    document: Any


class ControlRequests:
    """Draws requests to the control API.

    ``with_faults`` allows for rules that apply. With ``ports``, instances have no others: a Redis listens there.
    """

    def __init__(self, values: Values, *, with_faults: bool, ports: Sequence[int] = ()) -> None:
        self._values = values
        self._with_faults = with_faults
        self._ports = ports
        self._states = [path.read_bytes() for path in sorted(_STATES.glob("*.json"))]

    def draw(self) -> ControlRequest:
        one_of = self._values.one_of
        if not self._values.maybe(0.6):
            name = one_of(_NAMES)
            query = f"?{self._filter()}" if name == "requests" else ""
            return ControlRequest(one_of(["GET", "GET", "POST", "PUT", "DELETE"]), name + query, self._values.json())
        draw = one_of([self._state, self._clock, self._faults, self._status, self._redis, self._reset])
        request: ControlRequest = draw()
        return request

    def _filter(self) -> str:
        count = self._values.random.randint(0, 3)
        return "&".join(
            f"{self._values.one_of(_FILTERS)}={quote_plus(str(self._values.value()))}" for _ in range(count)
        )

    def _state(self) -> ControlRequest:
        document = json.loads(self._values.one_of(self._states))
        for _ in range(self._values.random.randint(0, 2)):
            self._replace_somewhere(document)
        return ControlRequest("PUT", "state", self._with_own_ports(document) if self._ports else document)

    def _with_own_ports(self, document: Any) -> Any:
        if isinstance(document, list):
            return [self._with_own_ports(value) for value in document]
        if not isinstance(document, dict):
            return document
        return {
            name: self._ports[value % len(self._ports)]
            if name == "port" and type(value) is int and 0 < value <= _MAX_PORT
            else self._with_own_ports(value)
            for name, value in document.items()
        }

    def _replace_somewhere(self, document: Any) -> None:
        """Replace or add a value at a random place of a document."""
        place = document
        while self._values.maybe(0.7):
            values = place.values() if isinstance(place, dict) else place
            inner = [value for value in values if isinstance(value, dict | list)]
            if not inner:
                break
            place = self._values.one_of(inner)
        if isinstance(place, dict):
            names = [*place, "format", "accounts", "servers", "instances", "account", "server", "boot", "id", "port"]
            place[self._values.one_of(names)] = self._values.value()
        elif place:
            place[self._values.random.randrange(len(place))] = self._values.value()

    def _clock(self) -> ControlRequest:
        values = {
            "set": self._values.one_of([self._values.value(), "9999-12-31T23:59:59Z"]),
            "advance": self._values.one_of([self._values.value(), 0.5, 0.9999]),
            "freeze": self._values.one_of([True, False, 1, "no"]),
        }
        return ControlRequest("POST", "clock", self._some(values))

    def _some(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if self._values.maybe(0.4)}

    def _status(self) -> ControlRequest:
        return ControlRequest("POST", "instances/1/status", {"status": self._values.value()})

    def _redis(self) -> ControlRequest:
        document = {"action": self._values.value(), "ms": self._values.value()}
        return ControlRequest("POST", "instances/1/redis", document)

    def _reset(self) -> ControlRequest:
        return ControlRequest("POST", "reset", self._values.one_of([{}, {"account": "username"}]))

    def _faults(self) -> ControlRequest:
        if not self._with_faults:
            return ControlRequest("POST", "faults", {"status": 503, "unknown": self._values.value()})
        rules = [self._rule() for _ in range(self._values.random.randint(1, 2))]
        return ControlRequest("POST", "faults", rules if self._values.maybe(0.3) else rules[0])

    def _rule(self) -> dict[str, Any]:
        draw, one_of = self._values.value, self._values.one_of
        rule = one_of(
            [
                {"status": self._values.random.randint(390, 610)},
                {"status": 503, "retry_after": draw(), "message": one_of(TEXTS)},
                {"delay": one_of([0, 1e-9, 0.01, -1, "x", None])},
                {"drop": one_of(["before", "after", True, draw()])},
                {"truncate": draw()},
                {"content_type": one_of(TEXTS)},
                {one_of([name for name in KEYS if name not in _DELAYS]): draw()},
            ]
        )
        limits = {"nth": draw(), "probability": 0.5, "method": "GET"}
        limits |= {"path": one_of(["/instances", "/instances/*", "*", "/_rtgmock/*", "x"])}
        return {**rule, **self._some(limits), "times": 2}
