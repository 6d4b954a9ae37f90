"""The responses of operations: instances, and refusals by the classes of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtgmock.errors import Invalid, RequestError
from rtgmock.openapi import samples
from rtgmock.openapi.operations import OPERATIONS, PATH_VARIANTS, refusals, refusals_of
from rtgmock.openapi.schemas import ref
from rtgmock.wire.json import JSON

if TYPE_CHECKING:
    from rtgmock.openapi.operations import Operation, PathVariant
    from rtgmock.openapi.samples import Samples
    from rtgmock.wire.format import AnswerFormat

Node = dict[str, Any]
"""A part of the document."""

_LOCATION = "The path of the new instance, with the extension of the request."
_IGNORED = "The attributes that had no effect: read-only ones that differ, and unknown ones."
_HINT = (
    "What the mistake probably was, when the sentence alone does not tell; "
    "or that a new password is percent-encoded in the URL."
)


def headers() -> dict[str, Node]:
    """Return the components of headers: ours, and that of a create."""
    return {
        "Location": _header(_LOCATION, "/instances/1", required=True),
        "X-Rtgmock-Ignored": _header(_IGNORED, "port, colour"),
        "X-Rtgmock-Hint": _header(_HINT, "plam is not an attribute; did you mean plan?"),
    }


def _header(description: str, example: str, *, required: bool = False) -> Node:
    return {"description": description, "required": required, "schema": {"type": "string"}, "example": example}


def responses(operation: Operation, variant: PathVariant, sample: Samples) -> dict[str, Node]:
    """Return the responses of an operation by status."""
    refused = {
        str(error_class.status): ref(_name(error_class, variant), "responses")
        for error_class in refusals_of(operation, variant)
    }
    return {str(operation.success.status): _success(operation, variant, sample), **refused}


def _success(operation: Operation, variant: PathVariant, sample: Samples) -> Node:
    success: Node = {"description": operation.success.description}
    if operation.success.takes:
        success["headers"] = {name: ref(name, "headers") for name in ("X-Rtgmock-Ignored", "X-Rtgmock-Hint")}
    if operation.success.status == 201:  # noqa: PLR2004 - a create
        success["headers"] |= {"Location": ref("Location", "headers")}
        # The expression of a link points into JSON only.
        success |= {"links": _links(variant)} if JSON in variant.formats else {}
    if operation.success.shows:
        success["content"] = {
            answer_format.mime_types[0]: _instance_content(operation, answer_format, sample)
            for answer_format in variant.formats
        }
    return success


def _instance_content(operation: Operation, answer_format: AnswerFormat, sample: Samples) -> Node:
    schema = _schema("Instances", answer_format) if operation.success.shows == "instances" else "Instance"
    return {"schema": ref(schema), "example": getattr(sample, operation.success.shows)(answer_format)}


def _schema(name: str, answer_format: AnswerFormat) -> str:
    """Return the name of a list's schema: JSON and XML nest lists differently, so each format has its own."""
    return name if answer_format is JSON else name + answer_format.extension.capitalize()


def _links(variant: PathVariant) -> dict[str, Node]:
    """Return the operations that a client may call with the id of a new instance."""
    return {
        other.endpoint.name: {
            "operationId": other.endpoint.name + variant.suffix,
            "parameters": {"id": "$response.body#/id"},
        }
        for other in OPERATIONS
        if other.endpoint.is_member
    }


def refusal_components() -> dict[str, Node]:
    """Return the components of refusals, one for each class of error and path variant."""
    return {
        _name(error_class, variant): _refusal(error_class, variant)
        for error_class in refusals()
        for variant in PATH_VARIANTS
    }


def _name(error_class: type[RequestError], variant: PathVariant) -> str:
    """Return the name of an error's component; only a 422 has the format of its path variant."""
    return error_class.__name__ + (variant.suffix if error_class is Invalid else "")


def _refusal(error_class: type[RequestError], variant: PathVariant) -> Node:
    # Errors that depend on the state have no example, and so no headers besides ours.
    error = samples.refusals().get(error_class)
    own_headers = {name: _header("", value, required=True) for name, value in error.headers.items()} if error else {}
    return {
        "description": error_class.summary(),
        "headers": own_headers | {"X-Rtgmock-Hint": ref("X-Rtgmock-Hint", "headers")},
        "content": _messages(error, variant) if isinstance(error, Invalid) else _sentence(error),
    }


def _messages(error: Invalid, variant: PathVariant) -> Node:
    return {
        answer_format.mime_types[0]: {
            "schema": ref(_schema("Errors", answer_format)),
            "example": samples.example(answer_format, answer_format.encode_errors(error.messages)),
        }
        for answer_format in variant.formats
    }


def _sentence(error: RequestError | None) -> Node:
    example = {"example": f"{error}\n"} if error else {}
    return {"text/plain": {"schema": {"type": "string"}, **example}}
