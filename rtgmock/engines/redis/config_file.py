"""redis.conf, written from the attribute table."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from rtgmock.model.attributes import DOCUMENTED, known

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.model.directives import Directive
    from rtgmock.model.types import Record

# redis-py, ioredis and others send a name with the password when the URL has one, and Redis 6 and later know no name
# but "default". Heroku's URLs had the first of these, pkgcloud's clients the second.
USERS = ("redistogo", "nodejitsu")

SNAPSHOT = "dump.rdb"
"""The file in a Redis's folder that it saves to by default."""
EMPTY_SNAPSHOT = b"REDIS0006\xff" + bytes(8)
"""A snapshot of no key, which every version reads; a checksum of zero is not checked."""

_POLICY = "maxmemory-policy"


def directives(record: Record, api: int = DOCUMENTED) -> dict[str, tuple[Directive, str]]:
    """What each directive that a version of the API governs says for a record, by name."""
    every = (directive for attribute in known(api).values() for directive in attribute.redis)
    written = ((directive, directive.write(record)) for directive in every)
    return {directive.name: (directive, value) for directive, value in written if value is not None}


def changes(before: Record, after: Record, api: int = DOCUMENTED) -> dict[str, tuple[Directive, str]]:
    """What differs between two records' directives; one that is no longer written is emptied."""
    old, new = directives(before, api), directives(after, api)
    emptied = {name: (directive, "") for name, (directive, _) in old.items() if name not in new}
    return {name: pair for name, pair in (new | emptied).items() if name not in old or old[name][1] != pair[1]}


def write(record: Record, account: str, place: Iterable[tuple[str, str]], api: int = DOCUMENTED) -> str:
    """The whole file: ``place`` is where this Redis lives (port, folder), the rest follows from the record."""
    lines = [_line(name, value) for name, value in place]
    lines.append(_line("repl-diskless-sync-delay", "0"))  # else a replica waits for five seconds
    governed = directives(record, api)
    if _POLICY not in governed:
        lines.append(_line(_POLICY, "noeviction"))  # "Redis will just reject any write request" (blog)
    for name, (_, value) in governed.items():
        lines += _lines(name, value)
    lines += [f"user {quote(user)} {' '.join(rules)}" for user, rules in users(record, account).items()]
    return "\n".join([*lines, ""])


def users(record: Record, account: str) -> dict[str, tuple[str, ...]]:
    """The ACL users that a URL's name may be, all with the instance's password and all rights."""
    digest = hashlib.sha256(record["password"].encode()).hexdigest()
    names = [name for name in (account, *USERS) if re.fullmatch(r"[^\s\0]+", name) and name != "default"]
    return dict.fromkeys(names, ("on", "resetpass", f"#{digest}", "~*", "&*", "+@all"))


def quote(value: str) -> str:
    """A value as redis.conf reads it, whatever is in it."""
    plain = re.compile(r"[ !#-\[\]-~]")
    escaped = (char if plain.match(char) else "".join(f"\\x{byte:02x}" for byte in char.encode()) for char in value)
    return f'"{"".join(escaped)}"'


def _lines(name: str, value: str) -> list[str]:
    if name == "replicaof":
        return [] if value == "no one" else [f"{name} {value}"]
    if name == "save" and value:
        numbers = value.split()  # a line each, for 6.2
        return [f"{name} {seconds} {changed}" for seconds, changed in zip(numbers[::2], numbers[1::2], strict=True)]
    return [_line(name, value)]


def _line(name: str, value: str) -> str:
    return f"{name} {quote(value)}"
