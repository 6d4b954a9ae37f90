"""HTTP by hand: bytes to a socket and back, for what no client library would send or show."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from urllib.parse import urlsplit

AUTHORIZED = "Host: localhost\nAuthorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ="
"""The header lines that every request to the API needs, with the default account."""
LIST = f"GET /instances.json HTTP/1.1\n{AUTHORIZED}"


@dataclass(frozen=True)
class Answer:
    status: int
    reason: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()


def connect(url: str, timeout: float = 10) -> socket.socket:
    """A connection, by TLS where the URL says so: to anybody, but it must be ended as TLS ends one."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout)
    if parts.scheme != "https":
        return connection
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connection, suppress_ragged_eofs=False)


@contextlib.contextmanager
def connections(url: str, count: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """Many connections that have all sent the same bytes."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(connect(url)) for _ in range(count)]
        for connection in opened:
            connection.sendall(sent)
        yield opened


def receive(connection: socket.socket) -> bytes:
    """All that comes until the other side ends."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


def parse(received: bytes) -> Answer:
    """The one answer in ``received``, without a chunked body."""
    while received.startswith(b"HTTP/1.1 100 "):
        received = received.partition(b"\r\n\r\n")[2]
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, _, fields = head.partition(b"\r\n")
    _, status, reason = status_line.decode().split(" ", 2)
    headers = {name.lower(): value for name, value in BytesParser().parsebytes(fields).items()}
    return Answer(int(status), reason, headers, body)


def send(url: str, request: bytes) -> Answer:
    """One request on a connection of its own; the answer is read until the server closes."""
    with connect(url) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        return parse(receive(connection))


def head(text: str, body: bytes = b"", *, length: bool = True) -> bytes:
    """A request from its head in plain lines; ``Content-Length`` and ``Connection: close`` are added."""
    lines = [line for line in text.strip("\n").split("\n") if line]
    if length and body:
        lines.append(f"Content-Length: {len(body)}")
    if not any(line.lower().startswith("connection:") for line in lines):
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
