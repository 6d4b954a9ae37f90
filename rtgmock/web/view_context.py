"""Where a client stands: what the URLs in its answers are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.network import LOCALHOST
from rtgmock.wire.representation import ViewContext

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.model.types import Record
    from rtgmock.service.provisioner import Provisioner
    from rtgmock.settings.config import Config


def view_context(
    config: Config, provisioner: Provisioner, username: str, host: str, records: Iterable[Record]
) -> ViewContext:
    """Return the view that an account's client, which reached the API at ``host``, has of some instances.

    URLs have the host of ``--hostname``, else the one at which the engine's Redis servers are reached, else ``host``.
    """
    hostname = config.hostname or provisioner.redis_hostname or _readable(host, config.host)
    servers = provisioner.server_names(records) if "{server}" in hostname else {}
    return ViewContext(username, hostname, servers, config.api)


def _readable(host: str, listening_host: str) -> str:
    """Return a host by which a client on this machine reaches a Redis, and which old code can read in a URL.

    Much of it divides a URL at its colons. One that came by ``::1`` also reaches what listens on 127.0.0.1.
    """
    return LOCALHOST if host == "::1" and ":" not in listening_host else host
