"""A request with its answer, as the journal keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rtgmock.paths import HEADERS_KEY, HEADERS_SIZE_KEY
from rtgmock.wire.bodies import expected_content_type, parse_content_type
from rtgmock.wire.endpoints import path_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

MAX_BODY_BYTES = 16 * 2**10
"""Bytes that are kept of each body."""
OVERHEAD_BYTES = 1000
"""Bytes that an exchange takes beside its texts, roughly."""
_BODY_HEADERS = {"CONTENT_TYPE", "CONTENT_LENGTH"}
"""The names in a WSGI environment of the two headers that have no HTTP_ before them."""
_ACCOUNT: Final = 12
"""The place of the account in what is recorded."""
_MAX_NEAREST = 3
"""Endpoints that are named for a request that no endpoint takes."""


class WsgiHeaders:
    """The headers in a WSGI environment, as ``Content-Type``, each with its value.

    ``variables`` are the environment's variables that are headers.
    """

    __slots__ = ("_variables",)

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WsgiHeaders) and self._variables == other._variables

    def __hash__(self) -> int:
        return hash(tuple(self._variables.items()))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for name, value in self._variables.items():
            header = name.removeprefix("HTTP_")
            if header == name or header not in _BODY_HEADERS:  # some servers have these two under both names
                yield header.replace("_", "-").title(), value


def header_variables(environ: Mapping[str, Any]) -> tuple[Mapping[str, str], int]:
    """Return the variables of a WSGI environment that are headers, and the bytes that they take."""
    if HEADERS_KEY in environ:  # our own server knows
        return environ[HEADERS_KEY], environ[HEADERS_SIZE_KEY]
    found = {
        key: value for key, value in environ.items() if key.startswith("HTTP_") or (key in _BODY_HEADERS and value)
    }
    return found, _length(found.items())


Headers = tuple[tuple[str, str], ...] | WsgiHeaders


class Body(NamedTuple):
    """The beginning of a body, and the number of bytes that all of it has."""

    data: bytes = b""
    size: int = 0

    def __repr__(self) -> str:
        """Return the size alone: a body may have secrets."""
        return f"Body(size={self.size})"

    @classmethod
    def of(cls, data: bytes) -> Body:
        """Return a body of which only the first bytes are kept."""
        return cls(data[:MAX_BODY_BYTES], len(data)) if data else EMPTY

    @property
    def is_complete(self) -> bool:
        """Whether all of it was kept."""
        return len(self.data) == self.size


EMPTY = Body()

if TYPE_CHECKING:
    Recorded = tuple[
        str, str, int, datetime, float, bytes, Mapping[str, str], bytes, int, tuple[tuple[str, str], ...],
        bytes, int, str, tuple[str, ...], str, str
    ]  # fmt: skip
    """The fields of an exchange in their order, as they are at hand when it is recorded; a body with its whole size.

    A plain tuple: each request makes one, which takes little time, and no search for garbage looks at it for long.
    """


def account_of(one: Exchange | Recorded) -> str:
    """Return the account of an exchange, also of one that is only recorded."""
    return one.account if isinstance(one, Exchange) else one[_ACCOUNT]


@dataclass(eq=False, slots=True, weakref_slot=True)
class Exchange:
    """A request and its answer with their secrets: for the journal and for comparisons, never to be shown.

    ``number`` is given by the journal. ``query``, ``headers``, bodies and ``hint`` stay out of ``repr``, since a
    failed test prints it.
    """

    method: str
    path: str
    status: int
    moment: datetime
    ms: float = 0.0
    query: str = field(default="", repr=False)
    headers: Headers = field(default=(), repr=False)
    body: Body = field(default=EMPTY, repr=False)
    answer_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    answer: Body = field(default=EMPTY, repr=False)
    account: str = ""
    ignored: tuple[str, ...] = ()
    hint: str = field(default="", repr=False)
    fault: str = ""
    number: int = 0

    @classmethod
    def of(cls, recorded: Recorded) -> Exchange:
        """Return what was recorded as an exchange, without a number."""
        (
            method, path, status, moment, ms, query, headers, body, body_size,
            answer_headers, answer, answer_size, account, ignored, hint, fault,
        ) = recorded  # fmt: skip
        return cls(
            method, path, status, moment, ms, query.decode("latin-1"), WsgiHeaders(headers), Body(body, body_size),
            answer_headers, Body(answer, answer_size), account, ignored, hint, fault,
        )  # fmt: skip

    @property
    def size(self) -> int:
        """The bytes of memory that it takes, roughly."""
        texts = len(self.path) + len(self.query) + _length(self.headers)
        return OVERHEAD_BYTES + texts + len(self.body.data) + len(self.answer.data)

    def contents(self) -> tuple[object, ...]:
        """Return all that is equal for a request that is sent again and answered in the same way."""
        return (
            *(self.method, self.path, self.query, self.headers, self.body),
            *(self.status, self.answer_headers, self.answer),
            *(self.account, self.ignored, self.hint, self.fault),
        )

    def header(self, name: str) -> str:
        """Return a header of the request; empty if it has none of that name."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")

    @property
    def unmatched(self) -> bool:
        """Whether it was refused because no endpoint takes such a request."""
        # An injected fault may answer anything, and a request that worked was taken.
        if self.fault or self.status < 400:  # noqa: PLR2004 - the first status that refuses
            return False
        # An endpoint answers 404, too, for an instance that it doesn't find.
        if self.status == 404:  # noqa: PLR2004
            return path_template(self.path) is None
        if self.status in {405, 406, 415}:
            return True
        # JSON that is labelled a form, for example: it is refused for its values, but the label is what is wrong.
        mime = parse_content_type(self.header("Content-Type")).mime
        return self.status in {400, 422} and bool(expected_content_type(mime, self.body.data))

    def nearest(self, path: str) -> list[str]:
        """Return the endpoints that an unmatched request was probably meant for, the likeliest first.

        ``path`` is its path as it may be shown, without secrets.
        """
        if not self.unmatched:
            return []
        from rtgmock.wire.suggestions import nearest_endpoints  # noqa: PLC0415 - only for mistakes

        endpoints = nearest_endpoints(self.method, path, self.header("Content-Type"), self.body.data)
        return [str(endpoint) for endpoint in endpoints[:_MAX_NEAREST]]


def _length(headers: Iterable[tuple[str, str]]) -> int:
    return sum(map(len, chain.from_iterable(headers)))
