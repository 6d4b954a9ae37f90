"""HTTPS: a certificate authority that is kept beside the state file, and the certificates that it gives.

The authority is one file, ``rtgmock.json.ca.key``: its private key and its certificate, for its owner alone. What
clients trust, ``rtgmock.json.ca.pem``, is written from it again whenever it is another. Each file is put in place
whole, by one process at a time: so there is never half an authority, nor two.
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
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from trustme import CA

from rtgmock.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

_BEFORE, _LIFETIME = timedelta(days=1), timedelta(days=820)
"""What a certificate is valid for, around the start: macOS and iOS refuse what is valid for more than 825 days."""
_PUBLIC, _PRIVATE = 0o644, 0o600
_MAKING = 10
"""Seconds that another process may take to make the authority."""


class Authority:
    """The certificate authority beside a state file, made on first use. Raises StartupError where it cannot be had."""

    def __init__(self, state: Path, now: datetime) -> None:
        self.certificate, self._key = _files(state)
        self._now = now
        self._ca = self._load() or self._make()
        if not self._is_published():
            self._ca = self._make()

    def context(self, names: Iterable[str]) -> ssl.SSLContext:
        """What a server needs to be each of ``names``, host names and addresses, to whoever trusts the authority."""
        leaf = self._ca.issue_cert(
            *filter(self._certifiable, dict.fromkeys(names)),
            organization_name="rtgmock",
            not_before=self._now - _BEFORE,
            not_after=self._now + _LIFETIME - _BEFORE,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        leaf.configure_cert(context)
        return context

    def _certifiable(self, name: str) -> bool:
        """Whether a certificate can have the name: an underscore, for one, is good enough for Docker only."""
        try:
            self._ca.issue_cert(name)
        except UnicodeError:
            return False
        return True

    def _load(self) -> CA | None:
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
            f"for a new one, which clients have to trust anew, delete it: rm {shlex.quote(str(self._key))}"
        )

    def _is_published(self) -> bool:
        with contextlib.suppress(OSError):
            return self.certificate.read_bytes() == self._ca.cert_pem.bytes()
        return False

    def _make(self) -> CA:
        """Make what is missing, unless another process just has."""
        with self._alone():
            kept = self._load()
            ca = kept or CA(organization_name="rtgmock", path_length=0)
            if not kept:
                _put(self._key, ca.private_key_pem.bytes() + ca.cert_pem.bytes(), _PRIVATE)
            _put(self.certificate, ca.cert_pem.bytes(), _PUBLIC)
            return ca

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        folder = self._key.parent
        try:
            if not folder.is_dir():
                raise FileNotFoundError(2, "there is no such folder")
            with filelock.FileLock(folder / f".{self._key.name}.lock", timeout=_MAKING, mode=_PRIVATE):
                yield
        except (OSError, filelock.Timeout) as error:
            reason = getattr(error, "strerror", None) or "another process is at it"
            raise StartupError(
                f"the certificate authority cannot be kept in {folder}: {reason}; name a state file elsewhere: "
                "--state FILE"
            ) from error


def trusted(state: Path, now: datetime) -> Path:
    """The file that clients of the emulator with that state must trust; the authority is made if there is none yet.

    Who may not read the authority's key, since the emulator runs as somebody else, is told as well.
    """
    files = certificate, _ = _files(state)
    if all(file.exists() for file in files):
        return certificate
    return Authority(state, now).certificate


def _files(state: Path) -> tuple[Path, Path]:
    path = state.resolve()
    return path.with_name(f"{path.name}.ca.pem"), path.with_name(f"{path.name}.ca.key")


def _check(pem: bytes, now: datetime) -> None:
    """Raise ValueError, among others, unless these are an authority's key and its certificate, which is still valid."""
    key, certificate = load_pem_private_key(pem, None), x509.load_pem_x509_certificate(pem)
    said = {extension.oid: extension.value for extension in certificate.extensions}
    constraints = said.get(x509.BasicConstraints.oid)
    if not (
        isinstance(constraints, x509.BasicConstraints) and constraints.ca and x509.SubjectKeyIdentifier.oid in said
    ):
        raise ValueError("its certificate is not an authority's")
    if certificate.public_key() != key.public_key():
        raise ValueError("its key and its certificate don't belong together")
    if now >= certificate.not_valid_after_utc:
        raise ValueError(f"its certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}")


def _put(path: Path, content: bytes, mode: int) -> None:
    """Write a file that is whole from the moment that it is there."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with open(part, "xb", opener=partial(os.open, mode=mode)) as file:
        part.chmod(mode)  # whatever the umask is
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
