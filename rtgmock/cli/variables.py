"""Variables that look like settings and aren't: a misspelt one would have no effect, and nothing would say so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rtgmock.child_environment import of_api
from rtgmock.settings.config import SETTINGS
from rtgmock.text import nearest, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PREFIX = "RTGMOCK_"
# RTGMOCK_TEST_ begins the variables of rtgmock's own tests. Kubernetes sets the others in every container beside a
# service called rtgmock.
_FOREIGN = re.compile(r"RTGMOCK_(TEST_\w+|SERVICE_HOST|SERVICE_PORT\w*|PORT_\d+_\w+)")


def unknown_variables(names: Iterable[str]) -> Iterator[str]:
    """Give a warning for each variable that begins as settings do and is none, with the nearest setting."""
    known = {row.variable for row in SETTINGS.values()}
    given = {name for name in names if name.startswith(_PREFIX)}
    for name in sorted(given - known - of_api("", "", "").keys()):
        if not _FOREIGN.fullmatch(name):
            # Without the prefix, which would make any two of them similar.
            guess = nearest(name.removeprefix(_PREFIX), [one.removeprefix(_PREFIX) for one in known])
            hint = f"did you mean {_PREFIX}{guess}?" if guess else "rtgmock serve --help lists them"
            yield f"rtgmock has no setting {printable(name)}, so it has no effect; {hint}"
