"""Commands in a private network namespace with its own /etc/hosts; all its processes end with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_OWN = ("--net", "--mount", "--pid", "--fork", "--kill-child")
_SET_UP = """
ip link set lo up
mount --bind "$HOSTS" /etc/hosts
exec "$@"
"""


def run(
    arguments: Sequence[str], hosts: Path, folder: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command with only the loopback interface, and ``hosts`` as /etc/hosts; skip the test without root."""
    for name in ("unshare", "ip"):
        if not shutil.which(name):
            skip_or_fail("netns", f"{name} is not installed")
    if (
        os.geteuid()
        or subprocess.run(["unshare", *_OWN, "true"], capture_output=True, timeout=20, check=False).returncode
    ):
        skip_or_fail("netns", "no network namespace can be made here, which takes root")
    return subprocess.run(
        ["unshare", *_OWN, "sh", "-ec", _SET_UP, "sh", *arguments],
        cwd=folder,
        env={**variables, "HOSTS": str(hosts)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
