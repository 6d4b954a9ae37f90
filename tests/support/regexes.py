"""The regular expressions in the code of rtgmock, and inputs that make a slow one slow."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
from collections import deque
from pathlib import Path
from re import _constants as sre
from re import _parser
from typing import TYPE_CHECKING, Any, NamedTuple

import rtgmock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

_FOLDER = Path(rtgmock.__file__).parent
_METHODS = ("search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn")
_FUNCTIONS = {"patterns.compile", *(f"re.{name}" for name in ("compile", *_METHODS))}
_MAX_TOKENS = 12
_CATEGORIES = {sre.CATEGORY_DIGIT: "1", sre.CATEGORY_SPACE: " ", sre.CATEGORY_WORD: "a", sre.CATEGORY_NOT_SPACE: "a"}


class Regex(NamedTuple):
    """A regular expression in the code: where it is, the pattern, and the methods that the code calls."""

    place: str
    pattern: re.Pattern[Any]
    methods: Collection[str]

    def run(self, text: str) -> None:
        """Let the pattern search ``text`` as the code does, to the end."""
        subject = text.encode() if isinstance(self.pattern.pattern, bytes) else text
        for method in self.methods:
            if method == "sub":
                self.pattern.sub(subject[:0], subject)
            elif method == "finditer":
                deque(self.pattern.finditer(subject), maxlen=0)
            else:
                getattr(self.pattern, method)(subject)


def regexes(local_values: Mapping[str, Mapping[str, Any]]) -> Iterator[Regex]:
    """Give every regular expression in the code.

    ``local_values`` has, by the place of a pattern that is built from local variables, an example of those.
    """
    sources = {path: path.read_text() for path in sorted(_FOLDER.rglob("*.py"))}
    for path, source in sources.items():
        name = ".".join(path.relative_to(_FOLDER.parent).with_suffix("").parts)
        for place, call in _calls(ast.parse(source), name.removeprefix("rtgmock.")):
            module = importlib.import_module(name)
            assert isinstance(call.func, ast.Attribute)
            arguments = [argument for argument in call.args if call.func.attr == "compile" or argument is call.args[0]]
            flags = [keyword for keyword in call.keywords if keyword.arg == "flags"]
            if call.func.attr != "compile" and _takes_flags(call):
                arguments.append(call.args[2])
            built = ast.Call(ast.parse("re.compile", mode="eval").body, arguments, flags)
            code = compile(ast.fix_missing_locations(ast.Expression(built)), place, "eval")
            pattern = eval(code, {**vars(module), **local_values.get(place, {})})
            yield Regex(place, pattern, _methods(place, call.func.attr, sources.values()))


def _methods(place: str, called: str, sources: Iterable[str]) -> Collection[str]:
    """Return the methods of a pattern that the code calls: after ``re.compile``, wherever the pattern's name is."""
    if called != "compile":
        return [called]
    name = re.escape(place.rpartition(".")[2])
    found = {match for source in sources for match in re.findall(rf"\b{name}\.({'|'.join(_METHODS)})\b", source)}
    return found or {"fullmatch"}


def _takes_flags(call: ast.Call) -> bool:
    return len(call.args) == 3 and isinstance(call.func, ast.Attribute) and call.func.attr not in {"sub", "split"}


def _calls(tree: ast.AST, place: str) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.iter_child_nodes(tree):
        inner = place
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            inner = f"{place}.{node.name}"
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            inner = f"{place}.{node.targets[0].id}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _FUNCTIONS:
            yield place, node
        yield from _calls(node, inner)


def attacks(pattern: re.Pattern[Any]) -> Iterator[Callable[[int], str]]:
    """Give functions that make a text of a given size, of the words and characters that the pattern has in it."""
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    tokens = list(dict.fromkeys(_tokens(_parser.parse(source, pattern.flags & ~re.UNICODE & ~re.DEBUG))))[:_MAX_TOKENS]
    units = [(first, unit) for first in ("", *tokens) for unit in tokens]
    units += [("", one + other) for one, other in itertools.permutations(tokens, 2)]
    for (first, unit), end in itertools.product(units, ("", "\x01")):
        yield lambda size, first=first, unit=unit, end=end: first + unit * (size // len(unit)) + end  # type: ignore[misc]


def _tokens(parsed: Any) -> Iterator[str]:
    word = ""
    for kind, value in parsed:
        if kind is sre.LITERAL:
            word += chr(value)
            continue
        if word:
            yield word
            word = ""
        yield from _inner_tokens(kind, value)
    if word:
        yield word


def _inner_tokens(kind: Any, value: Any) -> Iterator[str]:
    if kind in {sre.ANY, sre.NOT_LITERAL}:
        yield "a"
    elif kind is sre.IN:
        yield from map(_member, value[:4])
    elif kind is sre.BRANCH:
        yield from itertools.chain.from_iterable(map(_tokens, value[1]))
    elif isinstance(value, tuple):  # a repeat, a group or an assertion, whose pattern is the last of its parts
        yield from _tokens(value[-1])
    elif kind is sre.ATOMIC_GROUP:
        yield from _tokens(value)


def _member(member: tuple[Any, Any]) -> str:
    kind, value = member
    if kind is sre.LITERAL:
        return chr(value)
    if kind is sre.RANGE:
        return chr(value[0])
    return _CATEGORIES.get(value, "a")
