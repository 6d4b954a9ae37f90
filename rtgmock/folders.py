"""The folders that rtgmock makes: private ones, and by default one in the working folder for all that it keeps."""

from __future__ import annotations

import os
from pathlib import Path

NAME = ".rtgmock"
DEFAULT_STATE = Path(NAME, "state.json")
"""The state file by default. Everything else that is kept has a name that is derived from it, in the same folder."""
FORMER_DEFAULT = Path("rtgmock.json")
"""The state file by default before there was a folder."""


def make_private(folder: Path) -> bool:
    """Create a folder that only its owner may enter, and return true, unless there is one. Raises OSError."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return False
    folder.chmod(0o700)  # the umask may have removed some of it
    return True


def make_default(folder: Path) -> None:
    """Create a folder called ``.rtgmock``, unless there is one; no other folder is created. Raises OSError.

    Git is told to ignore everything in it, as in the caches of other tools: it may hold the key of a CA.
    """
    if folder.name != NAME or os.path.lexists(folder) or not folder.parent.is_dir():
        return
    if make_private(folder):
        (folder / ".gitignore").write_text("# Created by rtgmock.\n*\n", encoding="ascii")
