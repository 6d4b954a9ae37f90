"""The emulator's own container: which one it is, and where its state file is stored."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from rtgmock.engines.docker.own_container import OwnContainer, container_id

ID = "d67671fb40bd57c0f2c37d9d5a3a7c5b9eac0d83f9ed4d3f0d1a0f1f6ad1b2c3"


@pytest.mark.parametrize(
    ("mounted", "expected"),
    [
        (f"131 114 254:0 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/vda rw", ID),
        (f"131 114 254:0 /docker/containers/{ID}/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw", ID),
        (f"131 114 254:0 /containers/overlay-containers/{ID}/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw", ID),
        (f"131 114 254:0 /var/lib/docker/volumes/{ID}/_data /etc/hosts rw - ext4 /dev/vda rw", None),
        ("22 27 0:21 / /proc rw - proc proc rw", None),
    ],
)
def test_the_containers_id_is_read_from_its_mounts(tmp_path: Path, mounted: str, expected: str | None) -> None:
    (tmp_path / "mountinfo").write_text(f"22 27 0:21 / /proc rw - proc proc rw\n{mounted}\n")

    assert container_id(tmp_path / "mountinfo") == expected
    assert container_id(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/data/state.json", "volume:kept/state.json"),
        ("/data/of/ours/state.json", "path:/srv/ours/state.json"),
        ("/data/passing/state.json", f"container:{ID}"),
        ("/database/state.json", f"container:{ID}"),
        (None, f"container:{ID}"),
    ],
)
def test_the_state_file_is_placed_where_it_outlives_the_container(file: str | None, expected: str) -> None:
    mounts = [
        {"Type": "volume", "Name": "kept", "Source": "/var/lib/docker/volumes/kept/_data", "Destination": "/data"},
        {"Type": "bind", "Source": "/srv/ours", "Destination": "/data/of/ours"},
        {"Type": "tmpfs", "Source": "", "Destination": "/data/passing"},
    ]
    attrs = {"State": {"StartedAt": ""}, "HostConfig": {"NetworkMode": "default"}, "Mounts": mounts}
    own = OwnContainer(Mock(), Mock(id=ID, attrs=attrs))

    assert own.location(Path(file) if file else None) == expected
