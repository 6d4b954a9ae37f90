"""Parses a request's parameters: a decoded body becomes typed and valid values, by the table of attributes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from rtgmock.errors import Invalid
from rtgmock.model.attributes import DOCUMENTED, changeable, known
from rtgmock.model.types import InvalidValue
from rtgmock.text import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.model.types import Record
    from rtgmock.wire.format import Tree

ROOT = "instance"
"""The name under which attributes may be nested (observed)."""
_MAX_NAMES = 10
_NAME = re.compile(r"[\w.\[\]-]{1,60}", re.ASCII)
# What Rails's form helpers and routes add to a form's own fields.
_RAILS_FIELDS = {"_method", "utf8", "authenticity_token", "commit", "format", "controller", "action"}


@dataclass(frozen=True)
class Parameters:
    """What a request sends: ``values`` to set, raw values of ``read_only`` attributes, and unknown names."""

    values: Record
    read_only: Tree
    unknown: tuple[str, ...]


def parse_parameters(tree: Tree, api: int = DOCUMENTED) -> Parameters:
    """Return the attributes that a decoded body has, at its top or under ``instance``.

    Attributes that the version of the API does not have are unknown. Raises Invalid with a message for each invalid
    value.
    """
    received = flatten(tree)
    values: Record = {}
    messages: list[str] = []
    for attribute in changeable(api):
        if attribute.name in received:
            try:
                values[attribute.name] = attribute.parse(received[attribute.name])
            except InvalidValue as error:
                messages.append(f"{attribute.human_name} {error}")
    if messages:
        raise Invalid(messages)
    names = known(api)
    read_only = {name: raw for name, raw in received.items() if name in names and name not in values}
    return Parameters(values, read_only, tuple(name for name in received if name not in names))


def flatten(tree: Tree) -> Tree:
    """Return the attributes at the top and under ``instance`` in one tree; those under ``instance`` take precedence."""
    nested = tree.get(ROOT)
    inner = nested if isinstance(nested, dict) else {}
    outer = {name: raw for name, raw in tree.items() if name != ROOT or not isinstance(nested, dict)}
    return {name: raw for name, raw in {**outer, **inner}.items() if name not in _RAILS_FIELDS}


def printable_names(names: Iterable[str]) -> str:
    """Return names that a client sent, fit for a sentence or a header: at most ten, as far as they fit."""
    # A mislabelled body is decoded to one long name, which may contain secrets: only real names are shown.
    first = [name if _NAME.fullmatch(name) else "(no name)" for name in islice(names, _MAX_NAMES + 1)]
    return listed([*first[:_MAX_NAMES], "..."] if len(first) > _MAX_NAMES else first)


def suggest_attribute(unknown: tuple[str, ...], api: int = DOCUMENTED) -> str:
    """Return the question whether an attribute was meant by an unknown name; empty when none is near."""
    # The search takes time that grows with the length of a name, so it is bounded: names and their number.
    for name in filter(_NAME.fullmatch, unknown[:_MAX_NAMES]):
        if suggestion := nearest(name, [attribute.name for attribute in changeable(api)]):
            return f"{name} is not an attribute; did you mean {suggestion}?"
    return ""
