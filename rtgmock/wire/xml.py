"""XML as Rails wrote and read it: dashed names, ``type`` and ``nil`` attributes, two spaces of indent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError, ParserCreate

import xmltodict

from rtgmock.errors import BadRequest
from rtgmock.model.payloads import Payload
from rtgmock.wire.format import AnswerFormat, Tree, decode_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.model.attributes import Attribute
    from rtgmock.model.types import Value
    from rtgmock.wire.format import Fields

_DEPTH = 16


def decode(body: bytes, charset: str) -> Tree:
    """Read a document as Rails did: ``<instance><plan>nano</plan></instance>`` is ``{"instance": {"plan": "nano"}}``.

    An empty body is an empty tree. Raises BadRequest, saying where it ends to be XML.
    """
    text = decode_text(body, _declared(body) or charset, "XML")
    if not text.strip():
        return {}
    try:
        _screen(text)
        document = xmltodict.parse(text, strip_whitespace=False)
    except (ExpatError, ValueError) as error:
        raise BadRequest(f"The XML body cannot be read: {error}.") from error
    return {_name(key): _value(_name(key), value) for key, value in document.items()}


def _declared(body: bytes) -> str | None:
    """The encoding that the XML declaration names. One in UTF-16 cannot be seen here, and says so itself."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    match = re.match(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,80}?encoding\s*=\s*["']([\w.-]{1,40})["']""", body)
    return match[1].decode("ascii") if match else None


def _screen(text: str) -> None:
    """Refuse what is not to be built: a DTD, so that no entity is ever expanded, and what is nested too deep."""
    depth = 0

    def enter(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            raise BadRequest(f"The XML body is nested more than {_DEPTH} deep.")

    def leave(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_declaration: object) -> None:
        raise BadRequest("The XML body must not have a DTD or entities; send the element alone.")

    parser = ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(text.encode(), True)  # noqa: FBT003 - whole: in chunks, a long token takes expat quadratic time


def _name(element: str) -> str:
    return element.replace("-", "_")


def _value(name: str, element: object) -> Any:
    """What an element means: None for a nil, a list for an array, a tree for one with children, else its text."""
    if isinstance(element, list):
        return _value(name, element[-1])  # repeated outside an array: the last one counts (ours)
    if not isinstance(element, dict):
        return element or ""
    if element.get("@nil") == "true":
        return None
    children = {key: child for key, child in element.items() if key[0] not in "@#"}
    if element.get("@type") == "array" or [f"{_name(key)}s" for key in children] == [name]:
        return [item for child in children.values() for item in _items(child)]
    if children:
        return {_name(key): _value(_name(key), child) for key, child in children.items()}
    text = element.get("#text", "")
    typed = element.get("@type", "string") != "string"
    return (text.strip() or None) if typed else text


def _items(child: object) -> list[Any]:
    return [_value("", item) for item in (child if isinstance(child, list) else [child])]


def encode_instance(fields: Fields) -> bytes:
    """An ``<instance>``, byte for byte as the documentation prints it."""
    return _document({"instance": _element(fields)})


def encode_list(instances: Iterable[Fields]) -> bytes:
    """``<instances type="array">``, also when it is empty: ActiveResource reads a list by that type."""
    return _document({"instances": {"@type": "array", "instance": [_element(fields) for fields in instances]}})


def encode_errors(messages: Iterable[str]) -> bytes:
    """``<errors>`` without a type: with one, ActiveResource finds nothing in it."""
    return _document({"errors": {"error": list(messages)}})


def _document(tree: Tree) -> bytes:
    text = xmltodict.unparse(tree, encoding="UTF-8", pretty=True, indent="  ", short_empty_elements=True)
    return f"{text}\n".encode()


def _element(fields: Fields) -> Tree:
    return {element_name(attribute): _typed(attribute, value) for attribute, value in fields}


def element_name(attribute: Attribute) -> str:
    """The name of the element that an attribute is: dashed."""
    return attribute.name.replace("_", "-")


def item_name(attribute: Attribute) -> str:
    """The name of an entry's element in one that is an array."""
    return attribute.name.removesuffix("s")


def _typed(attribute: Attribute, value: Value) -> Tree | str:
    """A value with the attributes that Rails gave it."""
    kind = attribute.value_type
    markup: Tree = {"@type": kind.xml_type} if kind.xml_type and (value is not None or kind.typed_nil) else {}
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
    encode_list=encode_list,
    encode_instance=encode_instance,
    encode_errors=encode_errors,
)
