"""The JSON schemas of what goes over the wire, made from the table of attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.model.attributes import Assigned, Attribute, FromApi, FromPlan, Role, changeable
from rtgmock.model.payloads import Payload, layout
from rtgmock.model.plans import PLANS
from rtgmock.text import format_size
from rtgmock.wire.parameters import ROOT
from rtgmock.wire.xml import element_name, item_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.model.types import Record, Schema


def ref(name: str, section: str = "schemas") -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/{section}/{name}"}


def schemas(api: int, sample: Record) -> dict[str, Schema]:
    """Return every schema by its name. ``sample`` has an example of every attribute."""
    message = {"type": "string", "description": "It begins with the attribute's name, as Rails wrote it."}
    return {
        "Instance": _instance(layout(Payload.SHOW_JSON, api), sample),
        "ListedInstance": _instance(layout(Payload.LIST_JSON, api), sample),
        "WrappedListedInstance": _wrapped("ListedInstance"),
        "Instances": {"type": "array", "items": ref("WrappedListedInstance")},
        "InstancesXml": _elements("instances", ref("ListedInstance"), {"x-type": "array"}),
        "NewInstance": _new_instance({a.name: _property(a, sample) | _default(a) for a in changeable(api)}, api),
        "WrappedNewInstance": _wrapped("NewInstance"),
        "NewInstanceForm": _new_instance(_form_fields(api, sample), api),
        "InstanceChanges": _changes({a.name: _property(a, sample) for a in changeable(api)}),
        "WrappedInstanceChanges": _wrapped("InstanceChanges"),
        "InstanceChangesForm": _changes(_form_fields(api, sample)),
        "Errors": {
            "type": "object",
            "required": ["errors"],
            "properties": {"errors": {"type": "array", "items": message}},
        },
        "ErrorsXml": _elements("errors", message | {"xml": {"name": "error"}}, {}),
    }


def _wrapped(name: str) -> Schema:
    return {"type": "object", "required": [ROOT], "properties": {ROOT: ref(name)}}


def _elements(name: str, items: Schema, markup: Schema) -> Schema:
    return {"type": "array", "items": items, "xml": {"name": name, "wrapped": True, **markup}}


def _instance(layout: Iterable[Attribute], sample: Record) -> Schema:
    """Return the schema of an instance in an answer, which has all of its attributes and no other."""
    # Code that is generated from the document can rely on every attribute, so all are required.
    properties = {a.name: _property(a, sample) | _read_only(a) for a in layout}
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
        "xml": {"name": ROOT},
    }


def _new_instance(properties: dict[str, Schema], api: int) -> Schema:
    return {
        "type": "object",
        "description": "Other attributes are ignored, and named by X-Rtgmock-Ignored.",
        "required": [a.name for a in changeable(api) if a.role is Role.PLAN],
        "properties": properties,
        "xml": {"name": ROOT},
    }


def _default(attribute: Attribute) -> Schema:
    """Return the default of a new instance, if it is the same for every instance."""
    default = attribute.default
    constant = not isinstance(default, Assigned | FromPlan | FromApi)
    return {"default": default} if constant else {}


def _changes(properties: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "description": "A new plan or other settings, not both. Read-only attributes may be sent, and are ignored.",
        "minProperties": 1,
        "properties": properties,
        "xml": {"name": ROOT},
    }


def _form_fields(api: int, sample: Record) -> dict[str, Schema]:
    """Return the fields of a form, which has no null, and has an array as fields with brackets after their name."""
    # A form has no null, so the plain type is enough here.
    schemas = {a: a.value_type.schema() | _annotations(a, sample) for a in changeable(api)}
    return {a.name + ("[]" if s["type"] == "array" else ""): s for a, s in schemas.items()}


def _property(attribute: Attribute, sample: Record) -> Schema:
    schema = _values(attribute) | _annotations(attribute, sample)
    markup: Schema = {"name": element_name(attribute)}
    if attribute.value_type.xml_type:
        markup["x-type"] = attribute.value_type.xml_type
    if "items" in schema:
        schema["items"] = schema["items"] | {"xml": {"name": item_name(attribute)}}
        markup["wrapped"] = True
    return schema | {"xml": markup}


def _values(attribute: Attribute) -> Schema:
    schema = attribute.value_type.schema()
    if attribute.role is Role.DERIVED:
        return {"type": schema["type"]}  # the bounds of the type are for clients, which cannot set it
    if not attribute.nullable:
        return schema
    # An enumeration excludes null even where the type allows it.
    words = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema | {"type": [schema["type"], "null"]} | words


def _annotations(attribute: Attribute, sample: Record) -> Schema:
    """Return what a schema says of an attribute besides its values."""
    sentences = [f"Given by {attribute.role.value}."]
    if attribute.role is Role.PLAN:
        sentences += [
            f"{plan.name}: {format_size(plan.memory)}, {plan.connections} connections." for plan in PLANS.values()
        ]
    if attribute.redis:
        sentences.append(f"In redis.conf: {', '.join(directive.name for directive in attribute.redis)}.")
    example = sample[attribute.name]
    return {
        "description": " ".join(sentences),
        **({"format": "password"} if attribute.secret else {}),
        "examples": [example],
        "x-source": attribute.source,
    }


def _read_only(attribute: Attribute) -> Schema:
    return {"readOnly": True} if attribute.role in {Role.READ_ONLY, Role.DERIVED} else {}
