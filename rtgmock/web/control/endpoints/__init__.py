"""The endpoints of the control API: a module for each subject, and the table of all of them."""

from __future__ import annotations

from rtgmock.web.control.endpoints import about, clock, faults, instances, requests, state

ENDPOINTS = (
    *about.ENDPOINTS,
    *state.ENDPOINTS,
    *clock.ENDPOINTS,
    *instances.ENDPOINTS,
    *faults.ENDPOINTS,
    *requests.ENDPOINTS,
)
