"""Checks requests and answers by an OpenAPI document."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, fromstring

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Node = dict[str, Any]


class Described:
    """An OpenAPI document, to look up and check requests and answers in."""

    def __init__(self, document: Node) -> None:
        self.document = document

    def operations(self) -> Iterator[tuple[str, str, Node]]:
        for path, item in self.document["paths"].items():
            yield from ((method, path, item[method]) for method in item if method != "parameters")

    def operation(self, method: str, target: str) -> Node:
        """Return the operation of a request: that of the longest template that matches its path."""
        path = target.partition("?")[0]
        matches = [
            name
            for name in self.document["paths"]
            if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(name)), path)
        ]
        operation: Node = self.document["paths"][max(matches, key=len)][method.lower()]
        return operation

    def resolved(self, node: Node) -> Node:
        while "$ref" in node:
            target: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def problems(self, schema: Node, value: object) -> list[str]:
        """Return what is wrong with a value; empty when nothing is."""
        rooted = schema | {"components": self.document["components"]}
        validator = Draft202012Validator(rooted, format_checker=Draft202012Validator.FORMAT_CHECKER)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def read(self, media_type: str, schema: Node, body: bytes | str) -> Any:
        """Return the data in a body; that of XML depends on its schema."""
        text = body.decode() if isinstance(body, bytes) else body
        if media_type == "application/json":
            return json.loads(text)
        if media_type == "application/xml":
            return self._element(fromstring(text), schema)
        return text

    def _element(self, element: Element, schema: Node) -> Any:
        schema = self.resolved(schema)
        markup = schema.get("xml", {})
        assert element.tag == markup.get("name", element.tag)
        if element.get("nil") == "true":
            return None
        assert element.get("type") in {markup.get("x-type"), None}
        text = element.text or ""
        match schema["type"] if isinstance(schema["type"], str) else schema["type"][0]:
            case "object":
                return dict(self._property(child, schema) for child in element)
            case "array":
                return [self._element(child, schema["items"]) for child in element]
            case "integer":
                return int(text)
            case "boolean":
                return {"true": True, "false": False}[text]
        return text

    def _property(self, element: Element, schema: Node) -> tuple[str, Any]:
        [name] = [name for name, one in schema["properties"].items() if one["xml"]["name"] == element.tag]
        assert element.get("nil") == "true" or element.get("type") == schema["properties"][name]["xml"].get("x-type")
        return name, self._element(element, schema["properties"][name])

    def check_request(self, method: str, target: str, headers: Mapping[str, str], body: str) -> None:
        """Fail when an accepted request does not fit the document."""
        media_type = headers.get("content-type", "").partition(";")[0]
        if not (media_type and body):
            return
        node = self.operation(method, target)["requestBody"]["content"][media_type]
        if media_type == "application/json":
            assert self.problems(node["schema"], json.loads(body)) == []

    def check_answer(self, method: str, target: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Fail when an answer does not fit the document."""
        response = self.resolved(self.operation(method, target)["responses"][str(status)])
        for name, header in response.get("headers", {}).items():
            assert name.lower() in headers or not self.resolved(header)["required"], f"{name} is missing"
        if method == "HEAD" or "content" not in response:
            assert body == b""
            return
        media_type = headers["content-type"].partition(";")[0]
        schema = response["content"][media_type]["schema"]
        assert self.problems(schema, self.read(media_type, schema, body)) == []
