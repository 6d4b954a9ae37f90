"""Which tests pytest-xdist may not run at once.

pytest-xdist's own mark for this, ``xdist_group``, has no effect in version 3.8 with pytest 9.2: it cannot add the
group to a test's id there. So the groups are folders and modules, which the ids contain.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

_GROUPS = {
    # The first test on each worker would build the image.
    "tests/image/": "image",
    "tests/engines/docker/test_sibling_runner.py": "image",
    # Many of them start a Docker engine, and two engines that start at once may choose the same network addresses.
    "tests/engines/docker/": "engines",
}


class GroupScheduling(LoadScopeScheduling):
    """Sends all tests of a group to one worker, and each other test to any worker."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for start, group in _GROUPS.items() if nodeid.startswith(start)), nodeid)
