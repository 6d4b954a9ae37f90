"""Names, paths and limits of the API and of the control API."""

from __future__ import annotations

SERVICE = ("redistogo.com", "www.redistogo.com")
"""The host names of the service, which the emulator accepts as well."""
HEROKU_USER = "redistogo"
"""The user in the URLs that Heroku gave to applications."""
CONTROL_PATH = "/_rtgmock"
HEALTH_PATH = f"{CONTROL_PATH}/health"
OPENAPI_PATH = f"{CONTROL_PATH}/openapi.json"
HEADERS_KEY = "rtgmock.headers"
"""The key in a WSGI environment under which rtgmock's own server gives all entries that are headers, by their keys."""
HEADERS_SIZE_KEY = "rtgmock.headers_size"
"""The key under which it gives the bytes of all headers together."""
PROXY_ADDRESS_KEY = "rtgmock.proxy_address"
"""The key of the address at which the client of a proxy has reached it; empty for all other clients."""
BODY_LIMIT = 2**20
"""The size in bytes that a request's body may have at most (ours)."""


def is_control_path(path: str) -> bool:
    """Return whether a path is one of the control API, existing or not; all others belong to the emulated API."""
    return f"{path}/".startswith(f"{CONTROL_PATH}/")
