"""Names, paths and limits of the API and of the control API."""

from __future__ import annotations

SERVICE = ("redistogo.com", "www.redistogo.com")
"""The host names of the service, which the emulator accepts as well."""
CONTROL_PATH = "/_rtgmock"
HEALTH_PATH = f"{CONTROL_PATH}/health"
OPENAPI_PATH = f"{CONTROL_PATH}/openapi.json"
BODY_LIMIT = 2**20
"""The size in bytes that a request's body may have at most (ours)."""
