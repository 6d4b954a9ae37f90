"""Build redis.conf from the attribute table, and compare what two records want in it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from rtgmock.model.attributes import DOCUMENTED, STORED, known
from rtgmock.paths import HEROKU_USER
from rtgmock.text import percent_encoded

if TYPE_CHECKING:
    from rtgmock.engines.runner import Place
    from rtgmock.model.directives import Directive
    from rtgmock.model.types import Record

# redis-py, ioredis and others send the URL's user name with the password, and Redis 6 and later refuse every name but
# "default" unless it is an ACL user. pkgcloud's clients send the second of these names.
USERS = (HEROKU_USER, "nodejitsu")

ADMINISTRATOR = "rtgmock:emulator"
"""The emulator's own user, where the others have not all rights. No account has such a name: HTTP forbids the colon."""
_RIGHTS = ("~*", "&*", "+@all")
# Redis 6.2 protects none of its settings. Who sets ``dir`` and ``dbfilename`` can write any file of the emulator's
# user, and a module is a program. Who may change the users could give all of that to any of them.
_RESTRICTED = ("-module", "-debug", "-config", "+config|get", "+config|resetstat", "-acl", "+acl|whoami", "+acl|cat")

SNAPSHOT = "dump.rdb"
"""The snapshot's file name in the server's folder: Redis's default."""
EMPTY_SNAPSHOT = b"REDIS0006\xff" + bytes(8)
"""A snapshot without keys that every version reads: format 6 of 2012; a checksum of zero is not verified."""

_POLICY = "maxmemory-policy"


def directives(record: Record, api: int = DOCUMENTED) -> dict[str, tuple[Directive, str]]:
    """Return the directives that this version of the API governs, by name, each with its value for the record."""
    every = (directive for attribute in known(api).values() for directive in attribute.redis)
    written = ((directive, directive.write(record)) for directive in every)
    return {directive.name: (directive, value) for directive, value in written if value is not None}


def changes(before: Record, after: Record, api: int = DOCUMENTED) -> dict[str, tuple[Directive, str]]:
    """Return the directives that differ between two records; one that is no longer written gets an empty value."""
    old, new = directives(before, api), directives(after, api)
    emptied = {name: (directive, "") for name, (directive, _) in old.items() if name not in new}
    return {name: pair for name, pair in (new | emptied).items() if name not in old or old[name][1] != pair[1]}


def without_replacement(before: Record, after: Record) -> Record:
    """Return ``after`` with what ``before`` has where a change replaces the data."""
    return after | {
        attribute.name: before[attribute.name]
        for attribute in STORED
        if any(directive.replaces_data for directive in attribute.redis)
    }


def build_config(
    record: Record, account: str, place: Place, api: int = DOCUMENTED, administrator: str | None = None
) -> str:
    """Return the text of redis.conf for an instance of ``account`` whose server is at ``place``.

    ``administrator`` is the password of the emulator's own user, on a server whose other users have not all rights.
    """
    fixed = {
        "port": str(place.port),
        "bind": place.bind,
        "dir": place.folder,
        "protected-mode": "no",  # it would refuse other hosts once a client had emptied the password
        "daemonize": "no",
        "repl-diskless-sync-delay": "0",  # else a master lets its replica wait for five seconds
    }
    governed = directives(record, api)
    if _POLICY not in governed:
        fixed[_POLICY] = "noeviction"  # "Redis will just reject any write request" (blog)
    lines = []
    for name, value in (fixed | {name: value for name, (_, value) in governed.items()}).items():
        lines += _lines(name, value)
    all_users = users(record, account, administrator)
    if administrator:
        all_users["default"] = _rules(record["password"], _RESTRICTED)
        all_users[ADMINISTRATOR] = _rules(administrator)
    lines += [f"user {quote(user)} {' '.join(rules)}" for user, rules in all_users.items()]
    return "\n".join([*lines, ""])


def users(record: Record, account: str, administrator: str | None = None) -> dict[str, tuple[str, ...]]:
    """Return the rules of each ACL user that a URL may name.

    All have the instance's password, and all rights unless there is an ``administrator``.
    """
    # Some clients send the account's name as it stands in the URL, without decoding it (redis-py 3.5, Predis).
    candidates = (account, percent_encoded(account), *USERS)
    names = [name for name in candidates if re.fullmatch(r"[^\s\0]+", name) and name != "default"]
    return dict.fromkeys(names, _rules(record["password"], _RESTRICTED if administrator else ()))


def _rules(password: str, restrictions: tuple[str, ...] = ()) -> tuple[str, ...]:
    # A hash needs no quoting, in redis.conf and in a rule, and shows the password nowhere.
    digest = hashlib.sha256(password.encode()).hexdigest()
    return ("on", "resetpass", f"#{digest}", *_RIGHTS, *restrictions)


def quote(value: str) -> str:
    r"""Return a value in double quotes, with bytes that redis.conf would read otherwise as ``\xHH``."""
    plain = re.compile(r"[ !#-\[\]-~]")
    escaped = (char if plain.match(char) else "".join(f"\\x{byte:02x}" for byte in char.encode()) for char in value)
    return f'"{"".join(escaped)}"'


def _lines(name: str, value: str) -> list[str]:
    if name == "replicaof":
        return [] if value == "no one" else [f"{name} {value}"]  # "no one" is for the command REPLICAOF only
    if name == "bind":
        return [f"{name} {value}"]  # several addresses: Redis 6.2 reads a quoted text as one
    if name == "save" and value:
        numbers = value.split()  # a line for each save point: Redis 6.2 takes no more on one
        return [f"{name} {seconds} {changed}" for seconds, changed in zip(numbers[::2], numbers[1::2], strict=True)]
    return [_line(name, value)]


def _line(name: str, value: str) -> str:
    return f"{name} {quote(value)}"
