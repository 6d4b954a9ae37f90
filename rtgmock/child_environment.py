"""What a program is told of an emulator that was started for it: environment variables, as Heroku's add-on had them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from rtgmock.settings.config import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtgmock.emulator import Emulator

TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""By which clients are told what certificate to trust."""


def of_emulator(emulator: Emulator) -> dict[str, str]:
    """The variables that say where the API is, with which account, and with TLS what to trust."""
    login = f"{quote(emulator.username, safe='')}:{quote(emulator.password, safe='')}"
    return {
        "RTGMOCK_URL": emulator.url,
        "REDISTOGO_API_URL": emulator.url.replace("://", f"://{login}@", 1),
        "REDISTOGO_USERNAME": emulator.username,
        "REDISTOGO_PASSWORD": emulator.password,
        **(dict.fromkeys(TRUST, str(emulator.certificate)) if emulator.certificate else {}),
    }


def of_instance(url: str) -> dict[str, str]:
    """The variables that say where an instance's Redis is."""
    return {"REDISTOGO_URL": url, "REDIS_URL": url}


def without_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables but those that are settings: they are about this emulator, and not about one that a program starts."""
    ours = {setting.variable for _, _, setting in settings()}
    return {name: value for name, value in variables.items() if name not in ours}
