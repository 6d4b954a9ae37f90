"""A probe of a Redis: what is asked, and what the replies say about its condition.

A client may change the password or the port, and connections that are open stay open. It may also let the server listen
on other addresses, or take all memory of the machine. So a probe also asks what a new
connection with the instance's URL would meet. It does not try to log in: Redis would note each failure in its ACL log.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import redis

from rtgmock.engines.base import Condition
from rtgmock.engines.redis import config_file, info, resp

if TYPE_CHECKING:
    from rtgmock.engines.runner import Place
    from rtgmock.model.types import Record

_COMMANDS = ("INFO persistence", "CONFIG GET port", "CONFIG GET bind", "CONFIG GET maxmemory", "ACL LIST")
PACKET = "".join(f"{command}\r\n" for command in _COMMANDS).encode()
"""What is sent: five commands at once, in the form in which people type them."""

Replies = list[Any]


def parse(data: bytes) -> Replies | None:
    """Return the replies to ``PACKET``; None as long as they have not all arrived."""
    return resp.parse(data, len(_COMMANDS))


def persistence(replies: Replies) -> dict[str, Any]:
    """Return the fields of the section ``persistence``; none if the server refuses commands, as in a long script."""
    return info.parse(replies[0]) if isinstance(replies[0], str) else {}


def condition(record: Record, account: str, place: Place, replies: Replies) -> Condition:
    """Return the condition of an instance's server, which should be at ``place``."""
    _, port, bind, memory, users = replies
    is_kept = _is(port, str(place.port)) and _is(bind, place.bind) and _is_limited(memory, record["memory"])
    if not (is_kept and _opens(record, account, users)):
        return Condition.INACCESSIBLE
    return Condition.HANGS if persistence(replies).get("loading", 1) else Condition.ANSWERS


def _is(setting: Any, value: str) -> bool:
    # An error says nothing: the server refuses all commands, or a client has taken rights away.
    return not isinstance(setting, list) or setting[-1:] == [value]


def _is_limited(setting: Any, limit: int) -> bool:
    """Return whether a server takes at most so much memory; 0 is no limit, and a client may choose a lower one."""
    return not isinstance(setting, list) or 0 < int(setting[-1]) <= limit


def _opens(record: Record, account: str, users: Any) -> bool:
    """Return whether both users may log in whom clients name: the URL's, and ``default`` without a name."""
    if not isinstance(users, list):
        return True
    digest = hashlib.sha256(record["password"].encode()).hexdigest()
    named = next(iter(config_file.users(record, account)))
    return all(_may_log_in(name, digest, users) for name in (named, "default"))


def _may_log_in(name: str, digest: str, users: list[str]) -> bool:
    """Return whether a user has this password, given all users in the form of ACL rules."""
    rules = next((user.split() for user in users if user.startswith(f"user {name} ")), [])
    return "on" in rules and f"#{digest}" in rules


def condition_after(error: redis.RedisError) -> Condition:
    """Return the condition of a server to which no connection could be opened."""
    if isinstance(error, redis.AuthenticationError):
        return Condition.INACCESSIBLE
    if "max number of clients" in str(error):
        return Condition.ANSWERS  # its clients have all the connections that their plan allows
    if isinstance(error, redis.ConnectionError) and not isinstance(error, redis.BusyLoadingError):
        return Condition.DOWN
    return Condition.HANGS
