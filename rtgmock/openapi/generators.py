"""The document as generators of clients take it: one format, one way to write a path, one type of a body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rtgmock.openapi.document import document
from rtgmock.openapi.operations import PATH_VARIANTS
from rtgmock.wire.json import JSON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtgmock.openapi.answers import Node

[_VARIANT] = [variant for variant in PATH_VARIANTS if variant.formats == (JSON,)]
_ABOUT = "The provisioning API of Redis To Go, in its version of {api}, as rtgmock serves it. JSON only."
_REF = "#/components/"


def json_document(api: int, server_url: str) -> Node:
    """Return the document of a version of the API, with the paths that end in ``.json``, and bodies in JSON."""
    whole = document(api, server_url)
    paths = {path: _path(item) for path, item in whole["paths"].items() if path.endswith(_VARIANT.extension)}
    narrowed = whole | {
        "info": whole["info"] | {"description": _ABOUT.format(api=api)},
        "tags": [{"name": "instances", "description": "The account's instances."}],
        "paths": paths,
    }
    components = _used(whole["components"], paths)
    components["schemas"] = {name: _without_defaults(schema) for name, schema in components["schemas"].items()}
    return narrowed | {"components": components}


def _path(item: Node) -> Node:
    """Return a path without HEAD, for which generators make a function that returns nothing."""
    return {
        method: _operation(node) if method != "parameters" else node
        for method, node in item.items()
        if method != "head"
    }


def _operation(operation: Node) -> Node:
    # A plan in the query string would be a second way to send what is in the body.
    node = {name: value for name, value in operation.items() if name != "parameters"}
    node |= {"operationId": _bare_name(node["operationId"]), "tags": ["instances"]}
    if "requestBody" in node:
        node["requestBody"] = _body(node["requestBody"])
    return node | {"responses": {status: _response(answer) for status, answer in node["responses"].items()}}


def _bare_name(name: str) -> str:
    """Return an operation's name without the end that tells the ways to write its path apart."""
    return name.removesuffix(_VARIANT.suffix)


def _response(answer: Node) -> Node:
    """Return an answer whose links lead to operations of this document."""
    if "links" not in answer:
        return answer
    links = {
        name: link | {"operationId": _bare_name(link["operationId"])}
        for name, link in answer["links"].items()
        if not name.startswith("head")
    }
    return answer | {"links": links}


def _body(body: Node) -> Node:
    """Return a body in JSON, with the parameters at its top level."""
    content = body["content"][JSON.mime_types[0]]
    bare, *_ = content["schema"]["anyOf"]
    examples = {"bare": content["examples"]["bare"]}
    return {"required": True, "content": {JSON.mime_types[0]: {"schema": bare, "examples": examples}}}


def _used(components: Node, paths: Node) -> Node:
    """Return the components that the paths refer to, directly or through others."""
    found: set[str] = set()
    new = set(_references(paths))
    while new:
        found |= new
        parts = [components[section][name] for section, name in (one.split("/") for one in new)]
        new = set(_references(parts)) - found
    used = {
        section: {name: part for name, part in parts.items() if f"{section}/{name}" in found}
        for section, parts in components.items()
    }
    return used | {"securitySchemes": components["securitySchemes"]}


def _without_defaults(schema: Node) -> Node:
    """Return the schema of an object, with the defaults of its properties in their descriptions only.

    Generated code would send each of them, or require its user to.
    """
    properties = {name: _described_default(part) for name, part in schema.get("properties", {}).items()}
    return schema | ({"properties": properties} if properties else {})


def _described_default(schema: Node) -> Node:
    if "default" not in schema:
        return schema
    sentence = f"{schema['description']} By default {json.dumps(schema['default'])}."
    return {key: value for key, value in schema.items() if key != "default"} | {"description": sentence}


def _references(node: Any) -> Iterator[str]:
    """Give each reference in a part of a document: ``schemas/Instance``."""
    if isinstance(node, dict):
        if isinstance(target := node.get("$ref"), str):
            yield target.removeprefix(_REF)
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _references(part)
