"""The version of rtgmock; the package's metadata have the same."""

__version__ = "0.1.0"
