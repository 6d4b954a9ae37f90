"""Of requests with secrets in every form, neither the log nor the journal shows any."""

from __future__ import annotations

import base64
import contextlib
import json
import random
from typing import TYPE_CHECKING

import pytest

from rtgmock.web.access_log import as_json, as_text
from tests.support import raw
from tests.support.rounds import rounds
from tests.support.secret_requests import FORMS, NAMES, Secret, draw_secret

if TYPE_CHECKING:
    from tests.conftest import Serve, Served

SEED = 11
BATCHES = rounds(3, 200)
"""Emulators, each of which is sent a request in every form."""


def shown(api: Served) -> dict[str, str]:
    """Return all that an emulator shows of its requests, by where it is shown."""
    requests = api.emulator.requests
    with pytest.raises(AssertionError) as failure:
        requests.assert_received("POST", "/nowhere", json={"plan": "nano"})
    return {
        "the log as text": "\n".join(map(as_text, api.log)),
        "the log as JSON": "\n".join(map(as_json, api.log)),
        "the journal": api.get("/_rtgmock/requests").text,
        "the journal in Python": f"{requests}{list(requests)}",
        "an assertion": str(failure.value),
    }


def encoded(secret: Secret) -> list[str]:
    """Return the secret in the forms of credentials, and what is left of it when it is cut."""
    basic = base64.b64encode(f"username:{secret.text}".encode())
    ascii_only = base64.b64encode(f"username:{secret.text.encode('ascii', 'ignore').decode()}".encode())
    bearer = base64.urlsafe_b64encode(secret.text.encode())
    return [secret.core, *(written.decode() for written in (basic, ascii_only, bearer))]


def send(api: Served, request: bytes) -> None:
    with raw.connect(api.url) as connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        raw.receive(connection)


@pytest.mark.long
@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_secret_of_a_request_in_any_form_is_shown(serve: Serve, batch: int) -> None:
    api, draw = serve(), random.Random(SEED + batch)
    api.create()
    sent: dict[str, tuple[Secret, bytes]] = {}
    for form, make in FORMS.items():
        secret = draw_secret(draw)
        request = make(draw.choice(NAMES), secret.text)
        send(api, request)
        sent[form] = secret, request

    found = {
        form: (request, place)
        for place, text in shown(api).items()
        for form, (secret, request) in sent.items()
        if any(written in text for written in encoded(secret))
    }
    print(json.dumps({form: f"{place}: {request!r}" for form, (request, place) in found.items()}, indent=2))
    assert list(found) == []
    assert len(api.emulator.requests) > len(sent) / 2
