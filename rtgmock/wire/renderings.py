"""Renders instances, and keeps what was rendered until an instance changes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from rtgmock.wire.representation import represent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtgmock.model.payloads import Payload
    from rtgmock.model.types import Record
    from rtgmock.wire.format import AnswerFormat, Fields
    from rtgmock.wire.representation import ViewContext

MAX_RENDERINGS = 512
"""Renderings that are kept for each account. One takes about 5 kB: a record, and its body."""


class _Rendering(NamedTuple):
    record: Record
    view: ViewContext
    body: bytes


class _List(NamedTuple):
    items: list[bytes]
    body: bytes


class Renderings:
    """Renders instances; for an instance that is as it was the last time, it returns what it rendered then.

    A rendering is kept with all that it was made from, and used again only if all of that is equal. So no other
    part has to report a change. Records that are given must not be changed afterwards. What is kept for one account
    takes no other's place: the time of an answer would tell of the other's instances.
    """

    def __init__(self, max_renderings: int = MAX_RENDERINGS) -> None:
        self._max_renderings = max_renderings
        self._lists: dict[tuple[str, Payload], _List] = {}
        self._kept: dict[str, dict[tuple[int, Payload], _Rendering]] = {}
        """By account."""
        self._lock = threading.Lock()

    def instance(self, record: Record, view: ViewContext, answer_format: AnswerFormat) -> bytes:
        """Return the body of an answer with one instance."""
        return self._render(record, view, answer_format.show_payload, answer_format.encode_instance)

    def instances(self, records: Iterable[Record], view: ViewContext, answer_format: AnswerFormat) -> bytes:
        """Return the body of an answer with a list of instances."""
        payload, encode = answer_format.list_payload, answer_format.encode_item
        items = [self._render(record, view, payload, encode) for record in records]
        # Many clients may be sent the same list at once. It is in memory once then.
        key = view.username, payload
        kept = self._lists.get(key)
        if kept is not None and kept.items == items:
            return kept.body
        body = answer_format.join_items(items)
        # An empty one is not kept: where every name is an account, there may be any number of those without instances.
        if 0 < len(items) <= self._max_renderings:
            self._lists[key] = _List(items, body)
        return body

    def reset(self) -> None:
        """Forget what was rendered, so that nothing is left of the instances of another state."""
        with self._lock:
            self._kept.clear()
            self._lists.clear()

    def _render(self, record: Record, view: ViewContext, payload: Payload, encode: Callable[[Fields], bytes]) -> bytes:
        # A payload belongs to one format, so that the key needs no format.
        key = record["id"], payload
        renderings = self._kept.setdefault(view.username, {})
        kept = renderings.get(key)
        # Python takes True and 1 for equal, but an attribute's values are all of one type.
        if kept is not None and kept.record == record and kept.view == view:
            return kept.body
        body = encode(represent(record, payload, view))
        with self._lock:
            renderings.pop(key, None)  # so that the dict's order is that of the renderings
            renderings[key] = _Rendering(record, view, body)
            if len(renderings) > self._max_renderings:
                del renderings[next(iter(renderings))]
        return body
