"""The version of rtgmock. ``pyproject.toml`` has the same one; a test compares them."""

__version__ = "0.1.0"
