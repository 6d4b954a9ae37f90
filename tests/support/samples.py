"""The samples of the documentation and the recorded response, as data: what attributes, orders and defaults must be."""

from __future__ import annotations

import json
from typing import Any
from xml.etree.ElementTree import fromstring

from rtgmock.model.attributes import DOCUMENTED, RECORDED
from rtgmock.model.payloads import Payload
from tests.support import exchanges

_SOURCES = {DOCUMENTED: "documentation", RECORDED: "recorded-2012"}
_PAYLOADS = {
    Payload.LIST_JSON: "list-json",
    Payload.LIST_XML: "list-xml",
    Payload.SHOW_JSON: "show-json",
    Payload.SHOW_XML: "show-xml",
}


def sample_names(payload: Payload, api: int) -> list[str]:
    """Return the attributes that a sample shows of an instance, in its order."""
    body = _body(payload, api)
    match payload:
        case Payload.SHOW_JSON:
            return list(json.loads(body))
        case Payload.LIST_JSON:
            return list(json.loads(body)[0]["instance"])
        case Payload.SHOW_XML:
            return [element.tag.replace("-", "_") for element in fromstring(body)]
        case Payload.LIST_XML:
            return [element.tag.replace("-", "_") for element in fromstring(body)[0]]


def sample_values(api: int) -> dict[str, Any]:
    """Return the attributes of a version's sample instance: of the documentation or of the recorded response."""
    values: dict[str, Any] = json.loads(_body(Payload.SHOW_JSON, api))
    return values


def _body(payload: Payload, api: int) -> bytes:
    [body] = [e.wanted().body for e in exchanges.load() if e.name == f"{_SOURCES[api]}-{_PAYLOADS[payload]}"]
    return body
