"""Where the Docker engine is: at DOCKER_HOST, else where the current context of Docker's command line says.

The SDK is not imported here, which takes 200 ms: whether an engine answers at all is found out without it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST, VERIFY, CERTIFICATES = "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"
_FILES = ("ca.pem", "cert.pem", "key.pem")


def engine_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH that lead to the engine.

    They are those of the environment, or the ones that say the same as the current context does. Without DOCKER_HOST,
    the engine is at the default socket. Raises ValueError for a context that cannot be read.
    """
    given = {name: environment[name] for name in (HOST, VERIFY, CERTIFICATES) if environment.get(name)}
    folder = Path(environment.get("DOCKER_CONFIG") or Path.home() / ".docker")
    if HOST in given or (name := environment.get("DOCKER_CONTEXT") or _current_context(folder)) in {"", "default"}:
        return given
    return _context_variables(folder / "contexts", name)


def _current_context(folder: Path) -> str:
    """Return the context that ``docker context use`` has chosen; empty when there is none."""
    try:
        chosen = json.loads((folder / "config.json").read_bytes()).get("currentContext")
    except (OSError, ValueError, AttributeError):
        return ""
    return chosen if isinstance(chosen, str) else ""


def _context_variables(contexts: Path, name: str) -> dict[str, str]:
    number = hashlib.sha256(name.encode()).hexdigest()  # Docker names the folders of a context so
    try:
        endpoint: dict[str, Any] = json.loads((contexts / "meta" / number / "meta.json").read_bytes())["Endpoints"][
            "docker"
        ]
        variables = {HOST: str(endpoint["Host"])}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ValueError(
            f"the Docker context {name!r} cannot be read; choose another one: docker context use"
        ) from error
    certificates = contexts / "tls" / number / "docker"
    if all((certificates / file).exists() for file in _FILES):
        variables[CERTIFICATES] = str(certificates)
        if not endpoint.get("SkipTLSVerify"):
            variables[VERIFY] = "1"
    return variables
