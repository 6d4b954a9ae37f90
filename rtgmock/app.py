"""``create_app``: the wiring of the web's rooms, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from rtgmock.paths import BODY_LIMIT
from rtgmock.web import access_log, api, error_handlers, fault_injection, guard, health, journaling, openapi
from rtgmock.web.control import blueprint as control

if TYPE_CHECKING:
    from rtgmock.service.provisioner import Provisioner
    from rtgmock.settings.config import Config
    from rtgmock.web.access_log import Log
    from rtgmock.web.control.blueprint import ControlContext
    from rtgmock.web.health import HealthState


def create_app(
    config: Config, provisioner: Provisioner, controls: ControlContext, life: HealthState, log: Log
) -> Flask:
    """A Flask application of its own: two of them in one process do not see each other.

    ``log`` is told of every request, the journal keeps those of the API. All that holds state comes in from outside.
    """
    app = Flask("rtgmock", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    # Never a redirect: ActiveResource raises on them.
    app.url_map.merge_slashes = False
    journaling.install(app, controls.clock, controls.journal)  # the first to be installed sees answers last
    access_log.install(app, controls.clock, log)
    guard.install(app, config)
    fault_injection.install(app, controls.faults)
    error_handlers.install(app)
    app.register_blueprint(api.blueprint(config, provisioner))
    app.register_blueprint(health.blueprint(life, controls.clock))
    app.register_blueprint(openapi.blueprint(config.api))
    app.register_blueprint(control.blueprint(config, controls))
    return app
