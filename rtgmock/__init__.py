"""rtgmock: a local emulator of the Redis To Go provisioning API."""

__version__ = "0.1.0"
