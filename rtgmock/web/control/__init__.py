"""The control API under ``/_rtgmock/``: JSON only, for tests and for the page, outside the emulated API."""
