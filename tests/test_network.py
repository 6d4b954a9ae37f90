"""Addresses: how a client on this machine reaches what listens on one."""

from __future__ import annotations

import pytest

from rtgmock.network import local_url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("fe80::1", "http://[fe80::1]:8080"),
        ("redis.example.org", "http://redis.example.org:8080"),
    ],
)
def test_a_client_on_this_machine_reaches_a_wildcard_by_loopback(host: str, url: str) -> None:
    assert local_url(host, 8080) == url
    assert local_url(host, 8080, tls=True) == url.replace("http", "https")
