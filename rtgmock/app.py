"""``create_app``: the wiring of the web's modules, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.paths import BODY_LIMIT
from rtgmock.web import (
    access_log,
    auth,
    error_handlers,
    fault_injection,
    guard,
    journaling,
    response_headers,
    router,
)
from rtgmock.web.api import Api
from rtgmock.web.application import Application
from rtgmock.web.control.api import ControlApi
from rtgmock.web.request_context import Steps

if TYPE_CHECKING:
    from flask import Flask

    from rtgmock.service.provisioner import Provisioner
    from rtgmock.settings.config import Config
    from rtgmock.web.access_log import AccessLog
    from rtgmock.web.control.context import ControlContext


def create_app(
    config: Config, provisioner: Provisioner, controls: ControlContext, log: AccessLog, machine: str = "localhost"
) -> Flask:
    """Return a new Flask application. It holds no state, so that two of them in one process are independent.

    ``log`` is called for every request; the journal in ``controls`` keeps the requests to the emulated API. Requests
    may have the name of the ``machine`` as their host.
    """
    # The order matters: the guard refuses before a fault applies, and the log and the journal see responses as faults
    # have changed them.
    before = (
        guard.checks(config, machine),
        auth.before_request(config.accounts),
        fault_injection.before_request(controls.faults),
    )
    after = (
        fault_injection.after_request,
        response_headers.add_headers,
        access_log.recorder(log),
        journaling.recorder(controls.journal),
    )
    serve = router.routing(Api(config, provisioner, controls.renderings), ControlApi(config, controls))
    app = Application("rtgmock", Steps(controls.clock, before, serve, after))
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    error_handlers.install(app, log.method_and_path)
    return app
