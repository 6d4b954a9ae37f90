"""The table of the emulated API's endpoints: one row for each method of a path.

Routing, the suggestions for a request that found no endpoint and the OpenAPI document read it.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

COLLECTION, MEMBER = PATHS = "/instances", "/instances/{id}"
"""The paths, as templates. Each also exists with an extension, and with a slash at the end (documented)."""

# What is served, well-formed or not: in /instances/1.5.json the id is wrong, and its answer says so.
_ROUTES = {
    COLLECTION: re.compile(r"/instances(?:\.([^/]+))?/?"),
    MEMBER: re.compile(r"/instances/([^/]+)/?"),
}
_EXTENSION = r"(\.[^/.]+)?/?"
_PATTERNS = {path: re.compile(re.escape(path).replace(r"\{id\}", r"\d+") + _EXTENSION, re.ASCII) for path in PATHS}


class Waits(Enum):
    """What carrying out a request may wait for. One that waits for nothing is answered by the thread that reads all."""

    NEVER = "nothing"
    FOR_BOOT = "a disk, while an instance boots: its reads are counted, and that is stored"
    FOR_MANY = "its own work, which takes long with many instances; and likewise for a disk"
    FOR_STORAGE = "a disk or a Redis"
    LONG = "its own work, which may take long"


class Endpoint(NamedTuple):
    """A method of a path. ``source`` says what it rests on: D the documentation, R a recorded response, C clients."""

    name: str
    method: str
    path: str
    summary: str
    source: str
    waits: Waits = Waits.NEVER

    @property
    def is_member(self) -> bool:
        """Whether the endpoint is one of a single instance, rather than of the list."""
        return self.path == MEMBER


_STORAGE = Waits.FOR_STORAGE

# The names are those of the handlers in web/api, and the operation ids of the OpenAPI document.
ENDPOINTS = (
    Endpoint("listInstances", "GET", COLLECTION, "List the instances", "D", Waits.FOR_MANY),
    Endpoint("headInstances", "HEAD", COLLECTION, "Ask for the list's headers", "C", Waits.FOR_MANY),
    Endpoint("createInstance", "POST", COLLECTION, "Make an instance", "D, R", _STORAGE),
    Endpoint("showInstance", "GET", MEMBER, "Show an instance", "D", Waits.FOR_BOOT),
    Endpoint("headInstance", "HEAD", MEMBER, "Ask whether there is an instance", "C", Waits.FOR_BOOT),
    Endpoint(
        "updateInstance", "PUT", MEMBER, "Upgrade an instance, or change its settings", "D, ours", Waits.FOR_STORAGE
    ),
    Endpoint("deleteInstance", "DELETE", MEMBER, "Delete an instance", "D, C", _STORAGE),
)

_BY_ROUTE = {(endpoint.method, endpoint.path): endpoint for endpoint in ENDPOINTS}


def find_endpoint(method: str, path: str) -> Endpoint | None:
    """Return the endpoint of a method and a path template; None when the path does not accept the method."""
    return _BY_ROUTE.get((method, path))


def accepted_methods(path: str) -> tuple[str, ...]:
    """Return the methods that a path template accepts, in the order of the table."""
    return tuple(endpoint.method for endpoint in ENDPOINTS if endpoint.path == path)


# The way of a request asks twice, and a client asks for the same few paths. A few only: a path has up to 8 kB.
@lru_cache(64)
def find_route(path: str) -> tuple[str, str | None] | None:
    """Return the template of a request's path, and what follows in it: an extension, or what names an instance.

    None when the API has no such path. What names an instance need not be a number.
    """
    for template, pattern in _ROUTES.items():
        if match := pattern.fullmatch(path):
            return template, match[1]
    return None


def waits(method: str, path: str) -> Waits:
    """Return what a request waits for; a POST may represent any other method, and is taken for the slowest."""
    route = find_route(path)
    if route is None:
        return Waits.NEVER
    endpoint = find_endpoint(method, route[0])
    return Waits.FOR_STORAGE if method == "POST" else endpoint.waits if endpoint else Waits.NEVER


def path_template(path: str) -> str | None:
    """Return the template that the path of a request matches, with any extension; None when the API has none."""
    return next((template for template, pattern in _PATTERNS.items() if pattern.fullmatch(path)), None)
