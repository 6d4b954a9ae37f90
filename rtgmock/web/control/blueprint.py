"""Who may use the control API: programs on this machine, others with an account, and no web page."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, request

from rtgmock.errors import UnsupportedMedia
from rtgmock.paths import CONTROL_PATH
from rtgmock.text import printable
from rtgmock.web.auth import authenticate
from rtgmock.web.control.endpoints import clock, faults, instances, requests
from rtgmock.web.control.endpoints import state as states

if TYPE_CHECKING:
    from rtgmock.clock import ControlledClock
    from rtgmock.faults.registry import FaultRegistry
    from rtgmock.journal.journal import Journal
    from rtgmock.service.supervisor import Supervisor
    from rtgmock.settings.config import Config


@dataclass(frozen=True)
class ControlContext:
    """What the control API acts on."""

    clock: ControlledClock
    supervisor: Supervisor
    faults: FaultRegistry
    journal: Journal

    def reset(self) -> None:
        """Return to the empty state, or to the fixture: faults, clock, instances and journal. Raises EngineFailed."""
        for part in (self.faults, self.clock, self.supervisor, self.journal):
            part.reset()


def blueprint(config: Config, controls: ControlContext) -> Blueprint:
    """The rooms of the control API behind one gate: Basic auth but on loopback, and JSON for what changes anything."""
    control = Blueprint("control", __name__, url_prefix=CONTROL_PATH)

    @control.before_request
    def check() -> None:
        if not _on_this_machine():
            authenticate(config.accounts)
        if request.method not in {"GET", "HEAD"} and request.mimetype != "application/json":
            came = printable(request.mimetype) if request.mimetype else "no Content-Type"
            raise UnsupportedMedia(
                f"A control request that changes anything needs Content-Type: application/json; got {came}. "
                "With curl: -H 'Content-Type: application/json'."
            )

    for room in (
        states.blueprint(controls.supervisor, controls.reset),
        clock.blueprint(controls.clock),
        instances.blueprint(controls.supervisor),
        faults.blueprint(controls.faults),
        requests.blueprint(controls.journal),
    ):
        control.register_blueprint(room)
    return control


def _on_this_machine() -> bool:
    """Whether the client's address is a loopback one; the server trusts no header on that."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
