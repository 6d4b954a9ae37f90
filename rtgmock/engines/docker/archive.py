"""Files for containers, in the form in which Docker copies them there."""

from __future__ import annotations

import io
import tarfile


def archive_file(name: str, content: bytes) -> bytes:
    """Return a tar archive with one file, which everybody may read.

    A password in a file is not seen in ``docker inspect``, as it would be in a command or a variable. It is readable
    by all, since the official image runs its server as the user ``redis``, whose id differs between images.
    """
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o444
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
