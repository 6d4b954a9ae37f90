"""rtgmock: a local emulator of the Redis To Go provisioning API."""

from typing import TYPE_CHECKING

from rtgmock.version import __version__

if TYPE_CHECKING:
    from rtgmock.emulator import Emulator

__all__ = ["Emulator", "__version__"]


def __getattr__(name: str) -> object:
    """Import ``Emulator`` on first use: importing the package alone stays fast, as pytest does with the plugin."""
    if name != "Emulator":
        raise AttributeError(f"module 'rtgmock' has no attribute {name!r}")
    from rtgmock.emulator import Emulator  # noqa: PLC0415

    return Emulator
