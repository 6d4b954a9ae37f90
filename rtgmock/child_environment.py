"""The environment variables by which a child process finds the emulator; those of Redis To Go's Heroku add-on."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from rtgmock.settings.config import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtgmock.emulator import Emulator

TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""The variables from which common clients take the certificates to trust."""


def of_emulator(emulator: Emulator) -> dict[str, str]:
    """Return the variables with the URL of the API, the first account and, with TLS, the certificate to trust."""
    login = f"{quote(emulator.username, safe='')}:{quote(emulator.password, safe='')}"
    return {
        "RTGMOCK_URL": emulator.url,
        "REDISTOGO_API_URL": emulator.url.replace("://", f"://{login}@", 1),
        "REDISTOGO_USERNAME": emulator.username,
        "REDISTOGO_PASSWORD": emulator.password,
        **(dict.fromkeys(TRUST, str(emulator.certificate)) if emulator.certificate else {}),
    }


def of_instance(url: str) -> dict[str, str]:
    """Return the variables with the URL of an instance's Redis."""
    return {"REDISTOGO_URL": url, "REDIS_URL": url}


def without_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are not settings.

    The settings configure this emulator, not one that the child process starts.
    """
    excluded = {row.variable for row in SETTINGS.values()}
    return {name: value for name, value in variables.items() if name not in excluded}
