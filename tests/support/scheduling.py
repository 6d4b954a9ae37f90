"""How the tests are divided among pytest-xdist's workers: by file, and some files only together.

By file, since a fixture of a module is then set up once, and scheduling thousands of single tests takes longer.

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
_DIVIDED = ("tests/storage/test_kills.py",)
"""Files of which each test takes so long that it may go to another worker."""


class GroupScheduling(LoadScopeScheduling):
    """Sends all tests of a group, or of a file without a group, to one worker; the largest ones first."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in _DIVIDED:
            return nodeid
        return next((group for start, group in _GROUPS.items() if file.startswith(start)), file)
