"""The certificate authority beside the state file: how it is created, kept and refused; and its certificates."""

from __future__ import annotations

import os
import shlex
import socket
import ssl
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from trustme import CA

from rtgmock.emulator import Emulator
from rtgmock.engines import prune
from rtgmock.errors import StartupError
from rtgmock.server.certificates import Authority, trusted_certificate
from rtgmock.settings.config import Config
from tests.conftest import AUTH
from tests.support import raw
from tests.support.command import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Serve, Served
    from tests.support.command import Command

NOW = datetime.now(UTC)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def certificate(api: Served) -> x509.Certificate:
    """Return the certificate that a client receives."""
    with raw.connect(api.url) as connection:
        assert isinstance(connection, ssl.SSLSocket)
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def pem(ca: CA) -> bytes:
    return ca.private_key_pem.bytes() + ca.cert_pem.bytes()


@pytest.fixture
def restrictive_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_everyone_can_read_the_certificate_and_only_the_owner_the_key(state: Path, restrictive_umask: None) -> None:
    Authority(state, NOW)

    assert mode(state.with_name("state.json.ca.pem")) == 0o644
    assert mode(state.with_name("state.json.ca.key")) == 0o600
    assert b"PRIVATE" not in state.with_name("state.json.ca.pem").read_bytes()


def test_a_restart_keeps_the_authority_and_issues_a_new_certificate(serve: Serve, state: Path) -> None:
    first = serve(state=state, tls=True)
    trust, shown = trusted_certificate(state, NOW).read_bytes(), certificate(first)
    first.emulator.stop()
    second = serve(state=state, tls=True)

    assert trusted_certificate(state, NOW).read_bytes() == trust
    assert certificate(second).serial_number != shown.serial_number
    assert certificate(second).issuer == shown.issuer
    assert second.get("/instances").status_code == 200


def test_processes_that_start_at_once_share_one_authority(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        printed = list(pool.map(lambda _: run("ca", folder=tmp_path), range(6)))

    path = tmp_path / ".rtgmock" / "state.json.ca.pem"
    assert [answer.stdout for answer in printed] == [f"{path}\n"] * 6
    assert path.read_bytes() == (tmp_path / ".rtgmock" / "state.json.ca.key").read_bytes()[-len(path.read_bytes()) :]


def test_threads_that_start_at_once_share_one_authority(state: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: Authority(state, NOW), range(8)))

    assert len({authority.certificate.read_bytes() for authority in made}) == 1
    assert len({authority._ca.cert_pem.bytes() for authority in made}) == 1


def test_the_remains_of_a_crash_are_overwritten(state: Path) -> None:
    for name in (".state.json.ca.key.part", ".state.json.ca.pem.part"):
        state.with_name(name).write_bytes(b"-----BEGIN EC PRI")
    Authority(state, NOW)

    assert not list(state.parent.glob("*.part"))


@pytest.mark.parametrize("left", [None, b"", b"another's"])
def test_the_trusted_certificate_is_rewritten_when_it_is_missing_or_wrong(state: Path, left: bytes | None) -> None:
    path = Authority(state, NOW).certificate
    content = path.read_bytes()
    path.unlink()
    if left is not None:
        path.write_bytes(left)

    assert Authority(state, NOW).certificate.read_bytes() == content


def with_another_certificate(
    ca: CA, not_after: datetime, extensions: list[x509.Extension[x509.ExtensionType]]
) -> bytes:
    """Return the authority with another certificate for its key."""
    old, not_before = ca._certificate, NOW - timedelta(days=9)
    builder = x509.CertificateBuilder(
        old.issuer, old.subject, ca._private_key.public_key(), 1, not_before, not_after, extensions
    )
    new = builder.sign(ca._private_key, hashes.SHA256())
    return ca.private_key_pem.bytes() + new.public_bytes(Encoding.PEM)


def expired() -> bytes:
    ca = CA()
    return with_another_certificate(ca, NOW - timedelta(days=2), list(ca._certificate.extensions))


def without_key_identifier() -> bytes:
    ca = CA()
    kept = [extension for extension in ca._certificate.extensions if extension.oid != x509.SubjectKeyIdentifier.oid]
    return with_another_certificate(ca, NOW + timedelta(days=9), kept)


def server_certificate() -> bytes:
    return CA().issue_cert("localhost").private_key_and_cert_chain_pem.bytes()


BROKEN = {
    "empty": lambda: b"",
    "no PEM": lambda: b"nonsense",
    "half": lambda: pem(CA())[:200],
    "no key": CA().cert_pem.bytes,
    "no certificate": CA().private_key_pem.bytes,
    "two that differ": lambda: CA().private_key_pem.bytes() + CA().cert_pem.bytes(),
    "a server's": server_certificate,
    "expired": expired,
    "not one of ours": without_key_identifier,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_authority_is_refused_with_the_file_to_delete(state: Path, content: Callable[[], bytes]) -> None:
    key = state.with_name("state.json.ca.key")
    key.write_bytes(written := content())

    with pytest.raises(StartupError) as refused:
        Authority(state, NOW)

    assert str(refused.value).startswith(f"the certificate authority {key} cannot be used: ")
    assert str(refused.value).endswith(f"delete it: rm {shlex.quote(str(key))}")
    assert "\n" not in str(refused.value)
    assert key.read_bytes() == written
    key.unlink()
    assert Authority(state, NOW).certificate.exists()


def test_an_authority_that_cannot_be_read_is_refused(state: Path) -> None:
    state.with_name("state.json.ca.key").mkdir()

    with pytest.raises(StartupError, match=r"state\.json\.ca\.key cannot be read: Is a directory; .* rm "):
        Authority(state, NOW)


def test_a_missing_folder_is_refused_and_not_created(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"cannot be kept in .*there is no such folder; .*--state FILE"):
        trusted_certificate(tmp_path / "not" / "state.json", NOW)
    assert not (tmp_path / "not").exists()


def test_serve_with_a_broken_authority_ends_with_one_line(command: Callable[..., Command], tmp_path: Path) -> None:
    (tmp_path / "state.json.ca.key").write_bytes(b"nonsense")
    server = command("--state", "state.json", "--tls", wait=False)

    assert server.wait() == 1
    assert server.err.startswith(f"rtgmock: the certificate authority {tmp_path / 'state.json.ca.key'} cannot be used")
    assert server.err.count("\n") == 1


def test_the_path_is_given_to_a_user_who_cannot_read_the_key(state: Path) -> None:
    path = Authority(state, NOW).certificate
    state.with_name("state.json.ca.key").write_bytes(b"unreadable")

    assert trusted_certificate(state, NOW) == path


def test_without_a_state_file_the_authority_is_removed_with_the_emulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Emulator(Config(port=0, state=None, redis="off", tls=True)) as emulator:
        assert emulator.certificate is not None
        assert emulator.certificate.is_relative_to(tmp_path)
        assert mode(emulator.certificate.parent) == 0o755
    assert list(tmp_path.iterdir()) == []


def test_prune_finds_the_authority_of_an_emulator_that_was_killed(
    command: Callable[..., Command], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    server = command("--state", ":memory:", "--tls", env={"TMPDIR": str(folder)})
    [left] = folder.iterdir()
    assert list(prune.orphaned_folders()) == []
    server.kill()
    [leftover] = prune.orphaned_folders()

    assert leftover.description == f"folder {left}"
    leftover.remove()
    assert list(folder.iterdir()) == []


def test_an_emulator_that_cannot_start_leaves_no_authority_in_the_temporary_folder(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(StartupError, match="is taken"):
        serve(tls=True, port=taken.getsockname()[1])
    assert list(tmp_path.iterdir()) == []


def test_without_tls_there_is_no_authority(serve: Serve, state: Path) -> None:
    assert serve(state=state).emulator.certificate is None
    assert not list(state.parent.glob("*.ca.*"))


def test_a_certificate_has_the_names_of_the_service_this_machine_and_the_settings(serve: Serve) -> None:
    api = serve(tls=True, allow_hosts=("rtgmock", "my_service", "192.0.2.7"), hostname="redis.example.org")
    names = certificate(api).extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert {"redistogo.com", "www.redistogo.com", "localhost", "rtgmock", "redis.example.org"} <= set(
        names.get_values_for_type(x509.DNSName)
    )
    assert "my_service" not in names.get_values_for_type(x509.DNSName)
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1", "192.0.2.7"]


@pytest.mark.parametrize("name", ["redistogo.com", "www.redistogo.com", "localhost", "127.0.0.1", "::1", "rtgmock"])
def test_clients_can_verify_each_name(serve: Serve, name: str) -> None:
    api = serve(tls=True, allow_hosts=("rtgmock",), hostname="{server}.example.org")
    context = ssl.create_default_context(cafile=api.emulator.certificate)
    plain = raw.connect(api.url.replace("https", "http"))
    with plain, context.wrap_socket(plain, server_hostname=name) as connection:
        assert connection.version() == "TLSv1.3"


def test_this_machines_name_is_certified(serve: Serve) -> None:
    api = serve(tls=True)
    names = certificate(api).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    own = socket.gethostname().lower()

    assert own in names.get_values_for_type(x509.DNSName) or "_" in own


def test_a_host_name_that_no_certificate_can_have_is_still_accepted(serve: Serve) -> None:
    api = serve(tls=True, allow_hosts=("my_service",))

    assert api.get("/instances", headers={"Host": "my_service"}).status_code == 200


def test_a_certificate_is_valid_for_as_long_as_every_platform_accepts(serve: Serve) -> None:
    shown = certificate(serve(tls=True))

    assert shown.not_valid_before_utc < datetime.now(UTC)
    assert timedelta(days=365) < shown.not_valid_after_utc - datetime.now(UTC)
    assert shown.not_valid_after_utc - shown.not_valid_before_utc <= timedelta(days=825)


def test_another_authority_is_not_trusted(serve: Serve, tmp_path: Path) -> None:
    api = serve(tls=True)
    other = Authority(tmp_path / "other.json", NOW).certificate
    context = ssl.create_default_context(cafile=other)

    with raw.connect(api.url.replace("https", "http")) as plain, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(plain, server_hostname="localhost")
    assert api.get("/instances", auth=AUTH).status_code == 200
