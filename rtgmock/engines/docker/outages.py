"""What happens when the Docker engine dies, hangs or refuses: the errors it raises, and who handles them.

- While Docker is gone, a request that needs it (a create, a delete, a change that restarts) is refused with 503 and
  the reason: ``docker_failures`` turns what the SDK raises into EngineFailed. A failed create is undone; what of it
  cannot be removed without Docker, the service removes later.
- A read never asks Docker. ``redis.engine.RedisEngine.probe`` asks the Redis itself, with a timeout, so that a read
  is answered within seconds; an instance whose Redis does not answer has the status ``failed``.
- When Docker is back, it restarts the containers itself (restart policy ``unless-stopped``), each with the
  configuration that ``DockerRunner.configure`` stored before the last change. Twice a second the service's supervisor
  looks for instances that do not run, and starts those.
- A change that Docker's death interrupted is rolled back by ``redis.changes``. If that fails too, the instance is out
  of sync: ``redis.lifecycle`` restarts it from its record before it counts as running.
- An emulator that is started while Docker is gone ends with StartupError and leaves the state file as it is.
- Methods that stop things ignore these errors: what a dead engine ran is stopped or out of reach anyway.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from rtgmock.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

# The SDK lets errors of the HTTP libraries below it through, urllib3's when a streamed response breaks off.
DOCKER_ERRORS = (DockerException, RequestException, HTTPError)
"""Everything that a call of the Docker SDK raises."""


@contextlib.contextmanager
def docker_failures(problem: str = "Docker does not answer") -> Iterator[None]:
    """Raise EngineFailed with ``problem`` and the cause when a call of the SDK in the block fails."""
    try:
        yield
    except DOCKER_ERRORS as error:
        raise EngineFailed(f"{problem}: {root_cause(error)}") from error


def root_cause(error: BaseException) -> str:
    """Return the innermost reason of an error in one line: the SDK's own text quotes Python objects."""
    if isinstance(error, APIError) and error.explanation:
        return " ".join(str(error.explanation).split())
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return " ".join(str(getattr(error, "strerror", None) or error).split())
