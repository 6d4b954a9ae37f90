"""Where a client stands: what the URLs in its answers are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.wire.representation import ViewContext

if TYPE_CHECKING:
    from rtgmock.service.provisioner import Provisioner
    from rtgmock.settings.config import Config


def view_context(config: Config, provisioner: Provisioner, username: str, host: str) -> ViewContext:
    """Return the view of an account's client that reached the API at ``host``.

    URLs have the host of ``--hostname``, else the one at which the engine's Redis servers are reached, else ``host``.
    """
    hostname = config.hostname or provisioner.redis_hostname or host
    servers = provisioner.server_names() if "{server}" in hostname else {}
    return ViewContext(username, hostname, servers, config.api)
