"""HTTP as bytes on a socket, for requests that no client library sends and responses that none shows."""

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
    """Connect to the URL's host and port, by TLS for https.

    The certificate is not checked, but the connection must end with TLS's own closing message.
    """
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
    """Read until the other side closes the connection."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


def parse(received: bytes) -> Answer:
    """Parse a single response, after any ``100 Continue``. Chunked bodies are not decoded."""
    while received.startswith(b"HTTP/1.1 100 "):
        received = received.partition(b"\r\n\r\n")[2]
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, _, fields = head.partition(b"\r\n")
    _, status, reason = status_line.decode().split(" ", 2)
    headers = {name.lower(): value for name, value in BytesParser().parsebytes(fields).items()}
    return Answer(int(status), reason, headers, body)


def is_whole(received: bytes) -> bool:
    """Return whether a response is complete, as its ``Content-Length`` says."""
    if b"\r\n\r\n" not in received:
        return False
    answer = parse(received)
    return len(answer.body) == int(answer.headers["content-length"])


def send(url: str, request: bytes) -> Answer:
    """Send one request on a new connection, and read the response until the server closes the connection."""
    with connect(url) as connection:
        # A server may answer and close before it has read everything.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        return parse(receive(connection))


def head(text: str, body: bytes = b"", *, length: bool = True) -> bytes:
    """Encode a request whose head is given in plain lines. Adds ``Content-Length`` and ``Connection: close``."""
    lines = [line for line in text.strip("\n").split("\n") if line]
    if length and body:
        lines.append(f"Content-Length: {len(body)}")
    if not any(line.lower().startswith("connection:") for line in lines):
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
