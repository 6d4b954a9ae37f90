"""``GET /_rtgmock/openapi.json``: the OpenAPI document of the API that is served here."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response, request

from rtgmock.openapi.document import document
from rtgmock.paths import OPENAPI_PATH


def blueprint(api: int) -> Blueprint:
    """The endpoint. No Basic auth; the document's server is the address by which the client reached us."""
    openapi = Blueprint("openapi", __name__)

    @openapi.get(OPENAPI_PATH, strict_slashes=False)
    def show() -> Response:
        described = document(api, request.host_url.rstrip("/"))
        return Response(orjson.dumps(described), content_type="application/json")

    return openapi
