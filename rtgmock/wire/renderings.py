"""Renders instances, and keeps what was rendered until an instance changes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
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
MAX_ACCOUNTS = 1000
"""Accounts for which renderings are kept."""


class _Rendering(NamedTuple):
    record: Record
    view: ViewContext
    body: bytes


class _List(NamedTuple):
    items: list[bytes]
    body: bytes


@dataclass
class _Kept:
    """What is kept for one account."""

    lists: dict[Payload, _List] = field(default_factory=dict)
    renderings: dict[tuple[int, Payload], _Rendering] = field(default_factory=dict)


class Renderings:
    """Renders instances; for an instance that is as it was the last time, it returns what it rendered then.

    A rendering is kept with all that it was made from, and used again only if all of that is equal. So no other
    part has to report a change. Records that are given must not be changed afterwards. What is kept for one account
    takes no other's place, unless there are very many: the time of an answer would tell of the other's instances.
    """

    def __init__(self, max_renderings: int = MAX_RENDERINGS, max_accounts: int = MAX_ACCOUNTS) -> None:
        self._max_renderings, self._max_accounts = max_renderings, max_accounts
        self._by_account: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def instance(self, record: Record, view: ViewContext, answer_format: AnswerFormat) -> bytes:
        """Return the body of an answer with one instance."""
        return self._render(record, view, answer_format.show_payload, answer_format.encode_instance)

    def instances(self, records: Iterable[Record], view: ViewContext, answer_format: AnswerFormat) -> bytes:
        """Return the body of an answer with a list of instances."""
        payload, encode = answer_format.list_payload, answer_format.encode_item
        items = [self._render(record, view, payload, encode) for record in records]
        # Many clients may be sent the same list at once. It is in memory once then.
        lists = (
            self._kept(view.username).lists if items else {}
        )  # there may be any number of accounts without instances
        kept = lists.get(payload)
        if kept is not None and kept.items == items:
            return kept.body
        body = answer_format.join_items(items)
        if len(items) <= self._max_renderings:
            lists[payload] = _List(items, body)
        return body

    def reset(self, account: str | None = None) -> None:
        """Forget what was rendered, of one account or of all: nothing is left of the instances of another state."""
        with self._lock:
            if account is None:
                self._by_account.clear()
            else:
                self._by_account.pop(account, None)

    def _kept(self, account: str) -> _Kept:
        if account not in self._by_account:
            with self._lock:
                if len(self._by_account) >= self._max_accounts:
                    del self._by_account[next(iter(self._by_account))]  # the oldest
                return self._by_account.setdefault(account, _Kept())
        return self._by_account.get(account) or _Kept()

    def _render(self, record: Record, view: ViewContext, payload: Payload, encode: Callable[[Fields], bytes]) -> bytes:
        # A payload belongs to one format, so that the key needs no format.
        key = record["id"], payload
        renderings = self._kept(view.username).renderings
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
