"""Regular expressions that are compiled when they are first used.

There are many of them in the redaction, and most requests need none. A group that must not be tried again is atomic,
``(?>(?:ab)+)``: before 3.11.5, Python does not always find what a possessive one, ``(?:ab)++``, matches
(https://github.com/python/cpython/issues/106052).
"""

from __future__ import annotations

import re
from typing import Any, cast


def compile(pattern: str, flags: int = 0) -> re.Pattern[str]:  # noqa: A001 - as in re
    """Return what has the methods of the compiled pattern."""
    return cast("re.Pattern[str]", _Pattern(pattern, flags))


class _Pattern:
    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern, self.flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        # It is only called for what the object doesn't have yet: once for each method.
        method = getattr(re.compile(self.pattern, self.flags), name)
        setattr(self, name, method)
        return method
