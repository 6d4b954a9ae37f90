"""Bodies in chunks, in which each place may look like the end."""

from __future__ import annotations

import random

import pytest

from rtgmock.server.chunked_body import MAX_ENDS, ChunkedBody


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


def read(body: ChunkedBody, received: bytes) -> int:
    """Return how many of the bytes belong to the body, which need not be complete."""
    taken = 0
    while taken < len(received) and not body.complete:
        taken += body.feed(received[taken:])
    return taken


@pytest.mark.parametrize("seed", range(50))
def test_a_body_ends_at_its_last_chunk_however_it_is_cut(seed: int) -> None:
    choice = random.Random(seed)
    parts = [bytes(choice.choices(b"\r\n0a", k=choice.randrange(1, 30))) for _ in range(choice.randrange(5))]
    whole = b"".join(chunk(part, choice.choice([b"", b";x=1"])) for part in parts)
    whole += b"0\r\n" + choice.choice([b"", b"Trailer: x\r\n"]) + b"\r\n"
    received = whole + choice.choice([b"", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
    body, taken = ChunkedBody(), 0
    while not body.complete:
        taken += read(body, received[taken : taken + choice.randrange(1, 9)])

    assert (taken, bytes(body.body)) == (len(whole), b"".join(parts))


def test_a_long_run_of_possible_ends_is_read_in_parts() -> None:
    data = b"\r\n\r\n" * 10 * MAX_ENDS
    received = chunk(data) + b"0\r\n\r\n"
    body = ChunkedBody()

    assert body.feed(received) < len(received) / 5
    body = ChunkedBody()
    assert read(body, received) == len(received)
    assert body.body == data
