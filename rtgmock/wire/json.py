"""Decodes and encodes JSON: compact, with the keys in the documentation's order."""

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
    """Return the value in a body, an empty object when it is empty. Raises BadRequest with the place of the mistake."""
    text = decode_text(body, charset, "JSON")
    if not text.strip(" \t\r\n"):
        return {}
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadRequest(f"The JSON body cannot be read at {where}: {error.msg}.") from error


def decode(body: bytes, charset: str) -> Tree:
    """Return the object in a body, an empty one when it is empty. Raises BadRequest for anything else."""
    tree = load(body, charset)
    if not isinstance(tree, dict):
        raise BadRequest(
            'The JSON body must be an object, as {"plan": "nano"}, and not '
            f"{'an array' if isinstance(tree, list) else 'a single value'}."
        )
    return tree


def encode_instance(fields: Fields) -> bytes:
    """Return one instance as a bare object (documented and recorded)."""
    return orjson.dumps({attribute.name: value for attribute, value in fields})


def encode_item(fields: Fields) -> bytes:
    """Return one instance as a list has it: wrapped, ``{"instance": {…}}`` (documented)."""
    return orjson.dumps({"instance": {attribute.name: value for attribute, value in fields}})


def join_items(items: Iterable[bytes]) -> bytes:
    """Return an array of wrapped instances."""
    return b"[%b]" % b",".join(items)


def encode_errors(messages: Iterable[str]) -> bytes:
    """Return ``{"errors": [...]}``, the shape that every ActiveResource since 3.0 reads (observed)."""
    return orjson.dumps({"errors": list(messages)})


JSON = AnswerFormat(
    name="JSON",
    mime_types=("application/json", "text/json", "text/x-json"),
    decode=decode,
    extension="json",
    list_payload=Payload.LIST_JSON,
    show_payload=Payload.SHOW_JSON,
    encode_instance=encode_instance,
    encode_item=encode_item,
    join_items=join_items,
    encode_errors=encode_errors,
)
