"""JSON: compact, keys in the documentation's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from rtgmock.errors import BadRequest
from rtgmock.model.payloads import Payload
from rtgmock.wire.format import AnswerFormat, Tree, decode_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.wire.format import Fields


def load(body: bytes, charset: str) -> Any:
    """Read any value; an empty body is an empty object. Raises BadRequest, saying where it ends to be JSON."""
    text = decode_text(body, charset, "JSON")
    if not text.strip(" \t\r\n"):
        return {}
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadRequest(f"The JSON body cannot be read at {where}: {error.msg}.") from error


def decode(body: bytes, charset: str) -> Tree:
    """Read an object; an empty body is an empty one. Raises BadRequest, saying where it ends to be one."""
    tree = load(body, charset)
    if not isinstance(tree, dict):
        raise BadRequest(
            'The JSON body must be an object, as {"plan": "nano"}, and not '
            f"{'an array' if isinstance(tree, list) else 'a single value'}."
        )
    return tree


def encode_instance(fields: Fields) -> bytes:
    """The bare object (documented and recorded)."""
    return orjson.dumps({attribute.name: value for attribute, value in fields})


def encode_list(instances: Iterable[Fields]) -> bytes:
    """An array whose items are wrapped, ``[{"instance": {…}}]`` (documented)."""
    return orjson.dumps([{"instance": {attribute.name: value for attribute, value in fields}} for fields in instances])


def encode_errors(messages: Iterable[str]) -> bytes:
    """``{"errors": [...]}``: the shape that every ActiveResource since 3.0 reads."""
    return orjson.dumps({"errors": list(messages)})


JSON = AnswerFormat(
    name="JSON",
    mime_types=("application/json", "text/json", "text/x-json"),
    decode=decode,
    extension="json",
    list_payload=Payload.LIST_JSON,
    show_payload=Payload.SHOW_JSON,
    encode_list=encode_list,
    encode_instance=encode_instance,
    encode_errors=encode_errors,
)
