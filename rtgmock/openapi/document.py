"""The OpenAPI 3.1 document of the emulated API, assembled from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rtgmock.model.attributes import BY_NAME
from rtgmock.model.plans import PLANS
from rtgmock.openapi import answers, samples
from rtgmock.openapi.operations import OPERATIONS, PATH_VARIANTS
from rtgmock.openapi.schemas import ref, schemas
from rtgmock.wire.endpoints import MEMBER, PATHS
from rtgmock.wire.form import MULTIPART
from rtgmock.wire.formats import BODY_TYPES
from rtgmock.wire.json import JSON
from rtgmock.wire.xml import XML

if TYPE_CHECKING:
    from rtgmock.openapi.answers import Node
    from rtgmock.openapi.operations import Operation, PathVariant
    from rtgmock.openapi.samples import Samples

_ABOUT = """
The provisioning API of Redis To Go, in its version of {api}, as rtgmock serves it.

- Every path exists without an extension and with `.json` or `.xml`, and may end in `/`. Without an extension the \
answer is in the format of `Accept`, else in that of the request's body, else in JSON.
- Parameters are in the body or in the query string, which takes precedence; alone or under `instance`, in a form \
as `instance[plan]=nano`. A body without a `Content-Type` is a form. Accepted types are {types}.
- Numbers, booleans and times may also be sent as strings.
- A `POST` with the header `X-HTTP-Method-Override`, or with `_method` in a form, is the method that it names.
- In XML, names are dashed (`_` is accepted as well), an element has the `type` that its schema calls \
`x-type`, and null is `nil="true"`.
- Malformed HTTP is refused before it reaches an operation, with `400`, `408`, `413`, `414`, `431` or `501` and \
a sentence.

`x-source` names the source: D the service's documentation, R a response recorded from it in 2012, B its blog, C what \
client libraries send; ours where there is no source.
"""
_UPGRADE = "An upgrade without a body. Any other setting may be in the query string as well."


def document(api: int, server_url: str) -> Node:
    """Return the document of a version of the API that is served at ``server_url``."""
    sample = samples.Samples(api, urlsplit(server_url).hostname or "")
    about = _ABOUT.strip().format(api=api, types=", ".join(f"`{mime}`" for mime in (*BODY_TYPES, MULTIPART)))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Redis To Go provisioning API", "version": str(api), "description": about},
        "servers": [{"url": server_url}],
        "security": [{"basic": []}],
        "tags": [{"name": variant.tag, "description": _formats(variant)} for variant in PATH_VARIANTS],
        "paths": {
            path + variant.extension: _path(path, variant, sample) for variant in PATH_VARIANTS for path in PATHS
        },
        "components": {
            "schemas": schemas(api, sample.values),
            "parameters": _parameters(),
            "headers": answers.headers(),
            "responses": answers.refusal_components(),
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic", "description": "An account."}},
        },
    }


def _formats(variant: PathVariant) -> str:
    return f"Answers in {' or '.join(form.name for form in variant.formats)}."


def _path(path: str, variant: PathVariant, sample: Samples) -> Node:
    parameters: Node = {"parameters": [ref("id", "parameters")]} if path == MEMBER else {}
    return parameters | {
        operation.method: _operation(operation, variant, sample)
        for operation in OPERATIONS
        if operation.endpoint.path == path
    }


def _operation(operation: Operation, variant: PathVariant, sample: Samples) -> Node:
    node: Node = {
        "operationId": operation.endpoint.name + variant.suffix,
        "tags": [variant.tag],
        "summary": operation.endpoint.summary,
        "x-source": operation.endpoint.source,
    }
    if operation.success.takes:
        node |= {"parameters": [ref("plan", "parameters")]} if operation.endpoint.is_member else {}
        node["requestBody"] = _body(operation)
    return node | {"responses": answers.responses(operation, variant, sample)}


def _body(operation: Operation) -> Node:
    """Return the request body of an operation in every media type. An update may have a query string instead."""
    schema, form = ref(operation.success.takes), ref(f"{operation.success.takes}Form")
    schemas_by_type = {
        JSON.mime_types[0]: {"anyOf": [schema, ref(f"Wrapped{operation.success.takes}")]},
        XML.mime_types[0]: schema,
    }
    # The sample instance has the first plan, so an upgrade is one to the second.
    first, second, *_ = PLANS
    examples = samples.bodies("plan", second if operation.endpoint.is_member else first)
    content = {mime: {"schema": schemas_by_type.get(mime, form), "examples": given} for mime, given in examples.items()}
    return {"required": not operation.endpoint.is_member, "content": content}


def _parameters() -> dict[str, Node]:
    return {
        "id": {"name": "id", "in": "path", "required": True, "schema": _schema("id")},
        "plan": {"name": "plan", "in": "query", "description": _UPGRADE, "schema": _schema("plan"), "x-source": "C"},
    }


def _schema(name: str) -> Any:
    return BY_NAME[name].value_type.schema()
