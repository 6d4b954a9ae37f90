"""A decoded body becomes values that are typed and valid, by the attribute table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from rtgmock.errors import Invalid
from rtgmock.model.attributes import DOCUMENTED, changeable, known
from rtgmock.model.types import InvalidValue, Record
from rtgmock.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.wire.format import Tree

ROOT = "instance"
_SHOWN = 10
_NAME = re.compile(r"[\w.\[\]-]{1,60}", re.ASCII)
# What Rails's form helpers and routes put beside a form's own fields.
_FRAMEWORK = {"_method", "utf8", "authenticity_token", "commit", "format", "controller", "action"}


@dataclass(frozen=True)
class Parameters:
    """What a request gives: ``values`` to set, ``fixed`` attributes that it cannot set, and unknown names."""

    values: Record
    fixed: Tree
    unknown: tuple[str, ...]


def parse_parameters(tree: Tree, api: int = DOCUMENTED) -> Parameters:
    """Read attributes that stand alone or under ``instance``. Raises Invalid with a message for each bad one.

    What the version of the API doesn't have is unknown.
    """
    given = flat(tree)
    values: Record = {}
    messages: list[str] = []
    for attribute in changeable(api):
        if attribute.name in given:
            try:
                values[attribute.name] = attribute.read(given[attribute.name])
            except InvalidValue as error:
                messages.append(f"{attribute.label} {error}")
    if messages:
        raise Invalid(messages)
    names = known(api)
    fixed = {name: raw for name, raw in given.items() if name in names and name not in values}
    return Parameters(values, fixed, tuple(name for name in given if name not in names))


def flat(tree: Tree) -> Tree:
    """Both nestings in one; what stands under ``instance`` counts for more."""
    nested = tree.get(ROOT)
    inner = nested if isinstance(nested, dict) else {}
    outer = {name: raw for name, raw in tree.items() if name != ROOT or not isinstance(nested, dict)}
    return {name: raw for name, raw in {**outer, **inner}.items() if name not in _FRAMEWORK}


def shown(names: Iterable[str]) -> str:
    """Names as a client sent them, fit for a sentence or a header; the first ten of them."""
    # A body that is read as what it isn't becomes one long name, with whatever secrets are in it.
    first = [name if _NAME.fullmatch(name) else "(no name)" for name in islice(names, _SHOWN + 1)]
    return ", ".join([*first[:_SHOWN], "..."] if len(first) > _SHOWN else first)


def hint(unknown: tuple[str, ...], api: int = DOCUMENTED) -> str:
    """What a name that is no attribute was probably meant to be; empty when nothing is near."""
    for name in filter(_NAME.fullmatch, unknown[:_SHOWN]):
        if meant := nearest(name, [attribute.name for attribute in changeable(api)]):
            return f"{name} is not an attribute; did you mean {meant}?"
    return ""
