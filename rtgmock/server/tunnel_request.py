"""The request for a tunnel, with which a client of a proxy begins: ``CONNECT redistogo.com:443``.

Nothing is connected to: the client speaks TLS and HTTP with this server, and takes it for the service. So a client
whose code says ``https://redistogo.com`` runs unchanged when a variable like ``https_proxy`` names the emulator.

No web page can have a browser send such a request, and what is in the tunnel is what the port would take without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.paths import SERVICE
from rtgmock.server.refusals import Refusal, unreadable

if TYPE_CHECKING:
    from rtgmock.server.request_head import RequestHead

METHOD = b"CONNECT"
_PORT = "443"


class TunnelRequest(Exception):
    """A request for a tunnel that is granted.

    ``answer`` is what the client is sent; ``behind`` is what it has sent already behind its request.
    """

    def __init__(self, answer: bytes, behind: bytes) -> None:
        super().__init__()
        self.answer = answer
        self.behind = behind


def tunnel_request(head: RequestHead, behind: bytes) -> TunnelRequest:
    """Return the tunnel that a ``CONNECT`` request asks for. Raises Refusal for other hosts than the service's."""
    host, _, port = head.target.rpartition(":")
    if port != _PORT or host.lower().removesuffix(".") not in SERVICE:
        raise _other_host(head.line, head.version)
    if head.is_chunked or head.length:
        raise unreadable("CONNECT has no body", head.line, head.version)
    return TunnelRequest(f"HTTP/{head.version} 200 Connection established\r\n\r\n".encode(), behind)


def refuse_plain(target: bytes, line: bytes) -> Refusal:
    """Return the refusal of a request that is no ``CONNECT``."""
    if b"://" in target and not target.startswith(b"/"):  # what a proxy is sent for a URL with http://
        return _other_host(line)
    return unreadable("this port speaks HTTPS; use https:// in place of http://", line)


def _other_host(line: bytes, version: str = "1.0") -> Refusal:
    places = " and ".join(f"https://{name}" for name in SERVICE)
    sentence = f"rtgmock is a proxy for {places} only; except other hosts from it, as by the variable NO_PROXY."
    return Refusal(403, sentence, line, version)
