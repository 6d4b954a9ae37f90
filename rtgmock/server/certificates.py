"""HTTPS certificates: a certificate authority (CA) beside the state file, and the server certificates that it issues.

The CA is one file, ``state.json.ca.key``: its private key and its certificate, readable by its owner only. The
certificate that clients must trust, ``state.json.ca.pem``, is a copy of its second half, which is written again
whenever it differs. Files are replaced atomically under a lock between processes, so that there is never half a CA and
never two.

The import raises StartupError where the extra ``tls`` is not installed.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import ssl
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import filelock

from rtgmock.errors import StartupError
from rtgmock.folders import make_default

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from trustme import CA
except ModuleNotFoundError as error:
    raise StartupError.without_package("--tls", str(error.name), extra="tls") from error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

# macOS and iOS refuse server certificates that are valid for more than 825 days.
_LIFETIME = timedelta(days=820)
_BACKDATED = timedelta(days=1)
"""How long before the start a certificate is valid already, for clients whose clock is late."""
_PUBLIC, _PRIVATE = 0o644, 0o600
_LOCK_TIMEOUT = 10
"""Seconds to wait for another process that creates the CA."""


class Authority:
    """The CA beside a state file. Creates it on first use; raises StartupError when it cannot be used or created.

    ``now`` is the time that certificates are checked against and issued for.
    """

    def __init__(self, state: Path, now: datetime) -> None:
        self.certificate, self._key = _ca_files(state)
        self._now = now
        self._ca = self._load() or self._create()
        if not self._is_published():
            self._ca = self._create()

    def server_context(self, names: Iterable[str]) -> ssl.SSLContext:
        """Return the TLS context of a server with a new certificate for ``names``, which are host names and addresses.

        TLS 1.2 or later, and HTTP/1.1 only.
        """
        leaf = self._ca.issue_cert(
            *filter(self._can_certify, dict.fromkeys(names)),
            organization_name="rtgmock",
            not_before=self._now - _BACKDATED,
            not_after=self._now + _LIFETIME - _BACKDATED,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        leaf.configure_cert(context)
        return context

    def _can_certify(self, name: str) -> bool:
        """Return whether a certificate can contain the name; one with an underscore, as Docker allows, it cannot."""
        try:
            self._ca.issue_cert(name)
        except UnicodeError:
            return False
        return True

    def _load(self) -> CA | None:
        """Return the existing CA; None when there is none. Raises StartupError when it cannot be used."""
        try:
            pem = self._key.read_bytes()
            _check(pem, self._now)
            return CA.from_pem(pem, pem)
        except FileNotFoundError:
            return None
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            problem = f"cannot be used: {str(error).partition('. ')[0]}"
        raise StartupError(
            f"the certificate authority {self._key} {problem}; "
            f"to create a new one, which clients must then trust, delete it: rm {shlex.quote(str(self._key))}"
        )

    def _is_published(self) -> bool:
        """Return whether the file that clients trust has this CA's certificate."""
        with contextlib.suppress(OSError):
            return self.certificate.read_bytes() == self._ca.cert_pem.bytes()
        return False

    def _create(self) -> CA:
        """Create the CA, unless another process has done so by now, and write the file that clients trust."""
        with self._exclusive():
            # Read again under the lock: another process may have created it since.
            existing = self._load()
            ca = existing or CA(organization_name="rtgmock", path_length=0)
            if not existing:
                _replace(self._key, ca.private_key_pem.bytes() + ca.cert_pem.bytes(), _PRIVATE)
            _replace(self.certificate, ca.cert_pem.bytes(), _PUBLIC)
            return ca

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold the lock between processes. Raises StartupError when the folder cannot be written to."""
        folder = self._key.parent
        try:
            make_default(folder)
            if not folder.is_dir():
                raise FileNotFoundError(2, "there is no such folder")
            with filelock.FileLock(folder / f".{self._key.name}.lock", timeout=_LOCK_TIMEOUT, mode=_PRIVATE):
                yield
        except (OSError, filelock.Timeout) as error:
            reason = getattr(error, "strerror", None) or "another process is creating it"
            raise StartupError(
                f"the certificate authority cannot be kept in {folder}: {reason}; name a state file elsewhere: "
                "--state FILE"
            ) from error


def trusted_certificate(state: Path, now: datetime) -> Path:
    """Return the certificate that clients of the emulator with that state file must trust. Creates it on first use."""
    certificate, key = _ca_files(state)
    # The key is not read when it is not needed: a user may not be allowed to, when the emulator runs as another one.
    if certificate.exists() and key.exists():
        return certificate
    return Authority(state, now).certificate


def _ca_files(state: Path) -> tuple[Path, Path]:
    """Return the paths of the CA's certificate and of its key."""
    path = state.resolve()
    return path.with_name(f"{path.name}.ca.pem"), path.with_name(f"{path.name}.ca.key")


def _check(pem: bytes, now: datetime) -> None:
    """Check that a file has a CA's key and its certificate, which is still valid.

    Raises ValueError for what is wrong, and TypeError and UnsupportedAlgorithm as the parser does.
    """
    key, certificate = load_pem_private_key(pem, None), x509.load_pem_x509_certificate(pem)
    extensions = {extension.oid: extension.value for extension in certificate.extensions}
    constraints = extensions.get(x509.BasicConstraints.oid)
    is_ca = isinstance(constraints, x509.BasicConstraints) and constraints.ca
    # trustme copies the subject key identifier into the certificates that it issues.
    if not (is_ca and x509.SubjectKeyIdentifier.oid in extensions):
        raise ValueError("its certificate is not an authority's")
    if certificate.public_key() != key.public_key():
        raise ValueError("its key and its certificate don't belong together")
    if now >= certificate.not_valid_after_utc:
        raise ValueError(f"its certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}")


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Write a file atomically, with these permissions."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)  # the remains of a crash
    with open(part, "xb", opener=partial(os.open, mode=mode)) as file:
        part.chmod(mode)  # the umask may have removed some of them
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
