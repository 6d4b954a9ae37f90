"""The environment variables by which a child process finds the emulator; those of Redis To Go's Heroku add-on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rtgmock.paths import HEROKU_USER, SERVICE
from rtgmock.settings.config import SETTINGS
from rtgmock.text import percent_encoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtgmock.emulator import Emulator

TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""The variables from which common clients take the certificates to trust."""

# Ruby's Net::HTTP looks up http_proxy for https:// as well. HTTP_PROXY is left as it is: a program that a web server
# runs would have it from a request's header, so that careful clients distrust it.
PROXY = ("HTTPS_PROXY", "https_proxy", "http_proxy")
"""The variables from which clients take the proxy for ``https://``."""
_LOCAL = ("localhost", "127.0.0.1", "::1")


def of_emulator(emulator: Emulator) -> dict[str, str]:
    """Return the variables with the URL of the API, the first account and, with TLS, the certificate to trust."""
    return {
        **of_api(emulator.url, emulator.username, emulator.password),
        **(dict.fromkeys(TRUST, str(emulator.certificate)) if emulator.certificate else {}),
    }


def of_api(url: str, username: str, password: str) -> dict[str, str]:
    """Return the variables with the URL of an API and an account."""
    login = f"{percent_encoded(username)}:{percent_encoded(password)}"
    return {
        "RTGMOCK_URL": url,
        "REDISTOGO_API_URL": url.replace("://", f"://{login}@", 1),
        "REDISTOGO_USERNAME": username,
        "REDISTOGO_PASSWORD": password,
    }


def of_instance(url: str) -> dict[str, str]:
    """Return the variables with the URL of an instance's Redis.

    Its user is ``redistogo``, as in Heroku's URLs: applications have it in regular expressions. The API's URLs, as
    ``url`` is one, have the account's name.
    """
    scheme, _, rest = url.partition("://")
    secret_and_place = rest.partition(":")[2]  # a colon in a name would be percent-encoded
    url = f"{scheme}://{HEROKU_USER}:{secret_and_place}"
    return {"REDISTOGO_URL": url, "REDIS_URL": url}


def of_proxy(emulator: Emulator, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that lead ``https://redistogo.com`` to an emulator with TLS, as to a proxy.

    Hosts that the ``inherited`` variables except from proxies stay excepted, and local ones are.
    """
    proxy = emulator.url.replace("https://", "http://", 1)
    excepted = inherited.get("no_proxy") or inherited.get("NO_PROXY") or ""
    names = [*_LOCAL, urlsplit(proxy).hostname or "", *map(str.strip, excepted.split(","))]
    no_proxy = ",".join(name for name in dict.fromkeys(names) if not _means_service(name))
    # Node asks these variables only from version 24 on, and only if it is told to.
    return {**dict.fromkeys(PROXY, proxy), "NO_PROXY": no_proxy, "no_proxy": no_proxy, "NODE_USE_ENV_PROXY": "1"}


def _means_service(entry: str) -> bool:
    """Return whether an entry of ``NO_PROXY`` means the service: its name, a domain that it is in, or all names."""
    domain = re.sub(r":\d+$", "", entry.lower()).removeprefix("*").removeprefix(".")
    return not domain or any(f".{name}".endswith(f".{domain}") for name in SERVICE)


def without_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are not settings.

    The settings configure this emulator, not one that the child process starts.
    """
    excluded = {row.variable for row in SETTINGS.values()}
    return {name: value for name, value in variables.items() if name not in excluded}
