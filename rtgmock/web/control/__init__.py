"""The control API under ``/_rtgmock/``: JSON only, for tests and tools; the emulated API has nothing like it.

A new endpoint is a function in a module of ``endpoints``; a new module is a row in the table there.
"""
