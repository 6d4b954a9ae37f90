"""What operations answer: instances, and refusals as the classes of errors have them."""

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
_IGNORED = "The attributes that came to no effect: read-only ones that differ, and unknown ones."
_HINT = "What the mistake probably was, when it is likely to be another one than it seems."


def headers() -> dict[str, Node]:
    """The headers that are ours or of a success."""
    return {
        "Location": _header(_LOCATION, "/instances/1", required=True),
        "X-Rtgmock-Ignored": _header(_IGNORED, "port, colour"),
        "X-Rtgmock-Hint": _header(_HINT, "plam is not an attribute; did you mean plan?"),
    }


def _header(description: str, example: str, *, required: bool = False) -> Node:
    return {"description": description, "required": required, "schema": {"type": "string"}, "example": example}


def responses(operation: Operation, variant: PathVariant, sample: Samples) -> dict[str, Node]:
    """Every answer to an operation by its status."""
    refused = {str(leaf.status): ref(_name(leaf, variant), "responses") for leaf in refusals_of(operation, variant)}
    return {str(operation.status): _success(operation, variant, sample), **refused}


def _success(operation: Operation, variant: PathVariant, sample: Samples) -> Node:
    success: Node = {"description": operation.answer}
    if operation.takes:
        success["headers"] = {"X-Rtgmock-Ignored": ref("X-Rtgmock-Ignored", "headers")}
    if operation.status == 201:  # noqa: PLR2004
        success["headers"] |= {"Location": ref("Location", "headers")}
        success |= {"links": _links(variant)} if JSON in variant.formats else {}  # they cannot point into XML
    if operation.shows:
        success["content"] = {form.mime_types[0]: _shown(operation, form, sample) for form in variant.formats}
    return success


def _shown(operation: Operation, form: AnswerFormat, sample: Samples) -> Node:
    schema = _schema("Instances", form) if operation.shows == "instances" else "Instance"
    return {"schema": ref(schema), "example": getattr(sample, operation.shows)(form)}


def _schema(name: str, form: AnswerFormat) -> str:
    """The schema of a list, whose root is an object or an array in one format and not in the other."""
    return name if form is JSON else name + form.extension.capitalize()


def _links(variant: PathVariant) -> dict[str, Node]:
    """Where a client goes with the id of a new instance."""
    return {
        other.endpoint.name: {
            "operationId": other.endpoint.name + variant.suffix,
            "parameters": {"id": "$response.body#/id"},
        }
        for other in OPERATIONS
        if other.endpoint.is_member
    }


def refused() -> dict[str, Node]:
    """The answer for each class of error, by its name."""
    return {_name(leaf, variant): _refusal(leaf, variant) for leaf in refusals() for variant in PATH_VARIANTS}


def _name(leaf: type[RequestError], variant: PathVariant) -> str:
    """The name of an error's component; a refusal with messages is in the format that was asked for."""
    return leaf.__name__ + (variant.suffix if leaf is Invalid else "")


def _refusal(leaf: type[RequestError], variant: PathVariant) -> Node:
    error = samples.refusals().get(leaf)
    sent = {name: _header("", value, required=True) for name, value in error.headers.items()} if error else {}
    return {
        "description": leaf.summary(),
        "headers": sent | {"X-Rtgmock-Hint": ref("X-Rtgmock-Hint", "headers")},
        "content": _messages(error, variant) if isinstance(error, Invalid) else _sentence(error),
    }


def _messages(error: Invalid, variant: PathVariant) -> Node:
    return {
        form.mime_types[0]: {
            "schema": ref(_schema("Errors", form)),
            "example": samples.readable(form, form.encode_errors(error.messages)),
        }
        for form in variant.formats
    }


def _sentence(error: RequestError | None) -> Node:
    example = {"example": f"{error}\n"} if error else {}
    return {"text/plain": {"schema": {"type": "string"}, **example}}
