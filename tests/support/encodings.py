"""Attributes as clients send them, and answers as clients read them: in JSON, in XML and in forms."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any
from xml.etree import ElementTree as ET

Values = dict[str, Any]


def as_json(values: Values) -> tuple[str, bytes]:
    return "application/json", json.dumps(values).encode()


def as_nested_json(values: Values) -> tuple[str, bytes]:
    return as_json({"instance": values})


def as_form(values: Values) -> tuple[str, bytes]:
    pairs = []
    for name, value in values.items():
        if isinstance(value, list):
            pairs += [(f"instance[{name}][]", each) for each in value or [""]]
        else:
            pairs.append((f"instance[{name}]", _text(value)))
    return "application/x-www-form-urlencoded", urllib.parse.urlencode(pairs).encode()


def as_xml(values: Values) -> tuple[str, bytes]:
    root = ET.Element("instance")
    for name, value in values.items():
        element = ET.SubElement(root, name.replace("_", "-"))
        if isinstance(value, list):
            element.set("type", "array")
            for each in value:
                ET.SubElement(element, name.removesuffix("s")).text = each
        else:
            element.text = _text(value)
    return "application/xml", ET.tostring(root, "utf-8", xml_declaration=True)


ENCODINGS = (as_json, as_nested_json, as_form, as_xml)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def decoded(content_type: str, body: bytes) -> Any:
    """Return what an answer shows: an instance, or a list of them without what each is wrapped in."""
    if "xml" in content_type:
        return _from_element(ET.fromstring(body))
    document = json.loads(body)
    return [each["instance"] for each in document] if isinstance(document, list) else document


def _from_element(element: ET.Element) -> Any:
    if element.get("nil") == "true":
        return None
    match element.get("type"):
        case "array":
            return [_from_element(child) for child in element]
        case "integer":
            return int(element.text or "")
        case "boolean":
            return element.text == "true"
    if len(element):
        return {child.tag.replace("-", "_"): _from_element(child) for child in element}
    return element.text or ""
