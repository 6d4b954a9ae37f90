"""Decodes forms and query strings: bytes to pairs of names and values, and pairs to a tree, nested as Rails did."""

from __future__ import annotations

import re
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from rtgmock.errors import BadRequest
from rtgmock.text import printable
from rtgmock.wire.format import BodyFormat, Tree, decode_text

if TYPE_CHECKING:
    from collections.abc import Iterable

# Bounds that no client comes near, so that a body cannot make nesting expensive (ours).
MAX_FIELDS = 1000
_MAX_DEPTH = 8


def decode(body: bytes, charset: str) -> Tree:
    """Return the fields of ``plan=nano`` or ``instance%5Bplan%5D=nano``. Raises BadRequest for another charset."""
    return parse_query(decode_text(body, charset, "form"), charset, "form body")


def decode_query(query: bytes) -> Tree:
    """Return the parameters of a query string. Raises BadRequest when it is not UTF-8, escaped or not."""
    try:
        return parse_query(query.decode())
    except UnicodeDecodeError as error:
        raise BadRequest(f"The query string cannot be read: byte {error.start} is not UTF-8.") from error


def parse_query(text: str, charset: str = "utf-8", what: str = "query string") -> Tree:
    """Return the fields of a form's or a query string's text, which error sentences call ``what``.

    Raises BadRequest for a percent escape in another charset, and for more than ``MAX_FIELDS`` fields.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, encoding=charset, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError as error:
        raise BadRequest(f"The {what} cannot be read: an escape in it is not {charset}.") from error
    except ValueError as error:
        raise BadRequest(f"The {what} has more than {MAX_FIELDS} fields.") from error
    return nest(pairs)


def decode_multipart(body: bytes, charset: str, boundary: str) -> Tree:
    """Return the fields of a ``multipart/form-data`` body. Raises BadRequest for a malformed one and for a file."""
    try:
        parts = list(_parts(body, boundary))
    except RequestEntityTooLarge as error:  # werkzeug raises it for too many parts
        raise BadRequest(f"The multipart body has more than {MAX_FIELDS} fields.") from error
    except ValueError as error:
        raise BadRequest(f"The multipart body cannot be read: {error}.") from error
    return nest((name, decode_text(value, charset, "multipart")) for name, value in parts)


def _parts(body: bytes, boundary: str) -> Iterable[tuple[str, bytes]]:
    decoder = MultipartDecoder(boundary.encode(), max_parts=MAX_FIELDS)
    decoder.receive_data(body)
    decoder.receive_data(None)
    name, value = "", b""
    while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
        if isinstance(event, Field | File) and not isinstance(event.name, str):
            raise BadRequest("The multipart body cannot be read: a part of it has no name.")
        if isinstance(event, File):
            raise BadRequest(
                f"The part '{printable(event.name)}' of the multipart body is a file; send a plain field, "
                "as curl -F plan=nano does."
            )
        if isinstance(event, Field):
            name, value = event.name, b""
        elif isinstance(event, Data):
            value += event.data
            if not event.more_data:
                yield name, value


def nest(pairs: Iterable[tuple[str, str]]) -> Tree:
    """Return pairs as a tree: ``instance[plan]`` nests, ``snapshots[]`` is a list; the last of equal names counts."""
    tree: Tree = {}
    for name, value in pairs:
        head, brackets = _split_brackets(name)
        _insert(tree, [head, *brackets], value, name)
    return tree


def _split_brackets(name: str) -> tuple[str, list[str]]:
    """Return what stands before the brackets of a name, and in them; a name with unpaired brackets has none."""
    match = re.fullmatch(r"([^\[\]]+)((?:\[[^\[\]]*\])*)", name)
    if match is None:
        return name, []
    if match[2].count("[") > _MAX_DEPTH:
        raise BadRequest(f"The name '{printable(name)}' is nested more than {_MAX_DEPTH} deep.")
    return match[1], re.findall(r"\[([^\[\]]*)\]", match[2])


def _insert(container: Tree | list[Any], keys: list[str], value: str, name: str) -> None:
    """Insert ``value`` into ``container``, what earlier fields built, at the place that the keys name."""
    for key, next_key in pairwise(keys):
        present = container.get(key) if isinstance(container, dict) else None
        # PHP and qs number the entries of an array: snapshots[0], snapshots[1].
        is_list = next_key == "" or (next_key.isdecimal() and not isinstance(present, dict))
        inner: Tree | list[Any] = _typed(present, list if is_list else dict, name)
        _set(container, key, inner)
        container = inner
    _set(container, keys[-1], value)


def _set(container: Tree | list[Any], key: str, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    else:
        container.append(value)


def _typed(present: Any, container: type, name: str) -> Any:
    if present is None:
        return container()
    if not isinstance(present, container):
        raise BadRequest(f"The name '{printable(name)}' nests where another field of that name does not.")
    return present


def merge(*trees: Tree) -> Tree:
    """Return several trees in one; later ones take precedence, as Rails merged a query string into a form."""
    return reduce(_merge_two, trees, {})


def _merge_two(one: Tree, other: Tree) -> Tree:
    both = {
        name: _merge_two(one[name], value)
        for name, value in other.items()
        if isinstance(one.get(name), dict) and isinstance(value, dict)
    }
    return {**one, **other, **both}


FORM = BodyFormat(name="a form", mime_types=("application/x-www-form-urlencoded",), decode=decode)
MULTIPART = "multipart/form-data"
