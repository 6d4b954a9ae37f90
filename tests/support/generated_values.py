"""Values by chance: of the API's own words and of those that programs stumble over, and bodies that have them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

from rtgmock.model.attributes import ATTRIBUTES, CHANGEABLE
from rtgmock.model.plans import PLANS

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

T = TypeVar("T")

NAMES = [attribute.name for attribute in ATTRIBUTES]
TEXTS = [
    *("", " ", "nano", "mini", "mega", "yes", "no", "true", "null", "1", "0", "-1", "1.5", "1e9", "9" * 30, "NaN", "é"),
    *("900 1", "900 1 1", "1 0", "2010-12-20T00:35:22Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59"),
    *("running", "failed", "starting", "localhost", "127.0.0.1", "::1", "redis://a:b@h:1/", "http://[", "[:::]"),
    *("a\tb", "\x7f", "\ufffe", "\U0001f600", "x" * 300, "../../etc/passwd", "%s%n", "${x}", "{{x}}", "' OR 1=1"),
]
NUMBERS = [0, 1, -1, 2, 7, 150, 9001, 65535, 65536, 2**31 - 1, 2**31, 2**53, 2**63, 10**12, -(10**30), 0.5, 1e308]
TYPES = ["application/json", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=B"]
_SUITABLE = {
    attribute.name: [value for value in (*TEXTS, *NUMBERS, True, False) if attribute.is_valid(value)] or [None]
    for attribute in CHANGEABLE
}
"""Values of each attribute that the API accepts, as far as they are among the ones above."""
_MAX_DEPTH = 4
_FILLING = 20_000
"""How often something is repeated in a large body."""


class Values:
    """Draws values, and bodies in each of ``TYPES``."""

    def __init__(self, random: random.Random) -> None:
        self.random = random

    def one_of(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)

    def maybe(self, probability: float) -> bool:
        return self.random.random() < probability

    def value(self, depth: int = 0) -> Any:
        """Return anything that JSON has, nested a few levels deep at most."""
        draw = self.random.random()
        if draw < 0.5:
            return self.one_of(TEXTS)
        if draw < 0.8:
            return self.one_of(NUMBERS)
        if draw < 0.9 or depth == _MAX_DEPTH:
            return self.one_of([None, True, False])
        count = self.random.randint(0, 3)
        if self.maybe(0.5):
            return [self.value(depth + 1) for _ in range(count)]
        return {self._name(): self.value(depth + 1) for _ in range(count)}

    def body(self) -> tuple[str, bytes]:
        """Return a content type and a body, which is mostly of that type."""
        media_type = self.one_of(TYPES)
        writers = [lambda: json.dumps(self.json()), self._xml, self.form, self._multipart]
        write = writers[TYPES.index(media_type)] if self.maybe(0.9) else self.one_of(writers)
        filling = self.one_of([" ", "x", "[", "&a=b", "<a>"]) * _FILLING if self.maybe(0.01) else ""
        return media_type, (write() + filling).encode(errors="replace")

    def json(self) -> Any:
        if self.maybe(0.1):
            return self.value()
        return {"instance": self._attributes()} if self.maybe(0.4) else self._attributes()

    def form(self) -> str:
        return "&".join(
            f"{quote(name, safe='[]')}={quote_plus(value, errors='replace')}" for name, value in self._fields()
        )

    def _name(self) -> str:
        return self.one_of(NAMES) if self.maybe(0.8) else self.one_of(TEXTS)

    def _attributes(self) -> dict[str, Any]:
        count = self.random.choice([0, 0, 1, 1, 2, 4])
        values = dict(self._attribute() for _ in range(count))
        return values | {"plan": self.one_of(list(PLANS))} if self.maybe(0.7) else values

    def _attribute(self) -> tuple[str, Any]:
        """Return a name with a value, which is often one that the attribute may have."""
        if self.maybe(0.4):
            return self._name(), self.value()
        name = self.one_of(list(_SUITABLE))
        return name, self.one_of(_SUITABLE[name])

    def _fields(self) -> list[tuple[str, str]]:
        fields = []
        for name, value in self._attributes().items():
            whole = f"instance[{name}]" if self.maybe(0.4) else name
            is_list = isinstance(value, list)
            fields += [(f"{whole}[]", str(item)) for item in value] if is_list else [(whole, str(value))]
        return [*fields, ("_method", self.one_of(["put", "delete", "x"]))] if self.maybe(0.1) else fields

    def _xml(self) -> str:
        inner = "".join(self._element(name, value) for name, value in self._attributes().items())
        attribute = f" x={quoteattr(self.one_of(TEXTS))}" if self.maybe(0.1) else ""
        return f'<?xml version="1.0" encoding="UTF-8"?><instance{attribute}>{inner}</instance>'

    def _element(self, name: str, value: Any) -> str:
        tag = name if re.fullmatch("[a-z_]+", name) else "label"
        if isinstance(value, list):
            inner = "".join(f"<snapshot>{escape(str(item))}</snapshot>" for item in value)
            return f'<{tag} type="array">{inner}</{tag}>'
        kind = self.one_of(["", ' type="integer"', ' type="boolean"', ' type="dateTime"', ' nil="true"', ' a="b"'])
        return f"<{tag}{kind}>{escape(str(value))}</{tag}>"

    def _multipart(self) -> str:
        disposition = "Content-Disposition: form-data; name"
        parts = "".join(f'--B\r\n{disposition}="{name}"\r\n\r\n{value}\r\n' for name, value in self._fields())
        return f"{parts}--B--\r\n"
