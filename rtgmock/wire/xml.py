"""Decodes and encodes XML as Rails did: dashed names, ``type`` and ``nil`` attributes, an indent of two spaces."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from rtgmock.errors import BadRequest
from rtgmock.model.payloads import Payload
from rtgmock.wire.format import AnswerFormat, Tree, decode_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtgmock.model.attributes import Attribute
    from rtgmock.model.types import Value
    from rtgmock.wire.format import Fields

# Well above the three levels of an instance, and far below what expat and Python's stack can take (ours).
_MAX_DEPTH = 16


def decode(body: bytes, charset: str) -> Tree:
    """Return the tree of a document: ``<instance><plan>nano</plan></instance>`` is ``{"instance": {"plan": "nano"}}``.

    An empty body is an empty tree. Raises BadRequest with the place of the mistake.
    """
    # Their imports take time and memory that only XML should cost.
    from xml.parsers.expat import ExpatError  # noqa: PLC0415

    import xmltodict  # noqa: PLC0415

    text = decode_text(body, _declared_encoding(body) or charset, "XML")
    if not text.strip():
        return {}
    try:
        _refuse_dangerous(text)
        document = xmltodict.parse(text, strip_whitespace=False)
    except (ExpatError, ValueError) as error:
        raise BadRequest(f"The XML body cannot be read: {error}.") from error
    return {_attribute_name(key): _decode_element(_attribute_name(key), value) for key, value in document.items()}


def _declared_encoding(body: bytes) -> str | None:
    """Return the encoding that the XML declaration names."""
    # A declaration in UTF-16 is not found by the pattern below; a byte order mark tells it.
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    match = re.match(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,80}?encoding\s*=\s*["']([\w.-]{1,40})["']""", body)
    return match[1].decode("ascii") if match else None


def _refuse_dangerous(text: str) -> None:
    """Raise BadRequest for a DTD, so that no entity is ever expanded, and for too deep nesting."""
    from xml.parsers.expat import ParserCreate  # noqa: PLC0415

    depth = 0

    def enter(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise BadRequest(f"The XML body is nested more than {_MAX_DEPTH} deep.")

    def leave(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_declaration: object) -> None:
        raise BadRequest("The XML body must not have a DTD or entities; send the element alone.")

    # A separate pass, since xmltodict only returns once it has built the whole document, at any depth.
    parser = ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(text.encode(), True)  # noqa: FBT003 - at once: in chunks, a long token takes expat quadratic time


def _attribute_name(element: str) -> str:
    return element.replace("-", "_")


def _decode_element(name: str, element: object) -> Any:
    """Return None for a nil, a list for an array, a tree for an element with children, else the text."""
    if isinstance(element, list):
        return _decode_element(name, element[-1])  # repeated outside an array: the last one counts (ours)
    if not isinstance(element, dict):
        return element or ""
    if element.get("@nil") == "true":
        return None
    children = {key: child for key, child in element.items() if key[0] not in "@#"}
    # ActiveResource writes <snapshots type="array">; other clients leave the type out (observed).
    if element.get("@type") == "array" or [f"{_attribute_name(key)}s" for key in children] == [name]:
        return [item for child in children.values() for item in _decode_items(child)]
    if children:
        return {_attribute_name(key): _decode_element(_attribute_name(key), child) for key, child in children.items()}
    text = element.get("#text", "")
    typed = element.get("@type", "string") != "string"
    return (text.strip() or None) if typed else text


def _decode_items(child: object) -> list[Any]:
    return [_decode_element("", item) for item in (child if isinstance(child, list) else [child])]


def encode_instance(fields: Fields) -> bytes:
    """Return an ``<instance>``, byte for byte as the documentation prints it."""
    return _encode_document({"instance": _encode_element(fields)})


def encode_item(fields: Fields) -> bytes:
    """Return an ``<instance>`` as a list has it: indented, without the XML declaration."""
    head, tail = _list_frame()
    return _encode_list([_encode_element(fields)])[len(head) : -len(tail)]


def join_items(items: Iterable[bytes]) -> bytes:
    """Return ``<instances type="array">``, also when empty: ActiveResource reads a list by that type (observed)."""
    head, tail = _list_frame()
    joined = b"".join(items)
    return head + joined + tail if joined else _encode_list([])


@cache
def _list_frame() -> tuple[bytes, bytes]:
    """Return what comes before and after the instances of a list."""
    head, _, tail = _encode_list([""]).partition(b"  <instance/>\n")
    return head, tail


def _encode_list(elements: Sequence[Tree | str]) -> bytes:
    return _encode_document({"instances": {"@type": "array", "instance": elements}})


def encode_errors(messages: Iterable[str]) -> bytes:
    """Return ``<errors>`` without a type: with one, ActiveResource finds no message in it (observed)."""
    return _encode_document({"errors": {"error": list(messages)}})


def _encode_document(tree: Tree) -> bytes:
    import xmltodict  # noqa: PLC0415

    text = xmltodict.unparse(tree, encoding="UTF-8", pretty=True, indent="  ", short_empty_elements=True)
    return f"{text}\n".encode()


def _encode_element(fields: Fields) -> Tree:
    return {element_name(attribute): _encode_value(attribute, value) for attribute, value in fields}


def element_name(attribute: Attribute) -> str:
    """Return the name of an attribute's element, which is dashed."""
    return attribute.name.replace("_", "-")


def item_name(attribute: Attribute) -> str:
    """Return the name of an entry's element in the element of an array."""
    return attribute.name.removesuffix("s")


def _encode_value(attribute: Attribute, value: Value) -> Tree | str:
    """Return a value with the XML attributes that Rails gave it."""
    value_type = attribute.value_type
    has_type = value_type.xml_type and (value is not None or value_type.typed_nil)
    markup: Tree = {"@type": value_type.xml_type} if has_type else {}
    if value is None:
        return {**markup, "@nil": "true"}
    if isinstance(value, list):
        return {**markup, item_name(attribute): value}
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return {**markup, "#text": text} if markup else text


XML = AnswerFormat(
    name="XML",
    mime_types=("application/xml", "text/xml"),
    decode=decode,
    extension="xml",
    list_payload=Payload.LIST_XML,
    show_payload=Payload.SHOW_XML,
    encode_instance=encode_instance,
    encode_item=encode_item,
    join_items=join_items,
    encode_errors=encode_errors,
)
