"""``GET /_rtgmock/openapi.json``: the OpenAPI document of the API that is served here."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response, request

from rtgmock.paths import OPENAPI_PATH


def blueprint(api: int) -> Blueprint:
    """Return the blueprint. It needs no Basic auth; the document's server is the address that the client used."""
    openapi = Blueprint("openapi", __name__)

    @openapi.get(OPENAPI_PATH, strict_slashes=False)
    def show() -> Response:
        from rtgmock.openapi.document import document  # noqa: PLC0415 - serving the API itself does not need it

        body = document(api, request.host_url.rstrip("/"))
        return Response(orjson.dumps(body), content_type="application/json")

    return openapi
