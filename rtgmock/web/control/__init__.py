"""The control API under ``/_rtgmock/``: JSON only, for tests and tools; the emulated API has nothing like it.

A new endpoint is a function and a row in a module of ``endpoints``; a new module is a line in the table there.
"""
