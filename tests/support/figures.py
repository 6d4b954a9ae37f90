"""How much a test module does: constants, rounds and numbers of tests, read without importing the module."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import cache
from typing import Any, NamedTuple

from tests.support.documents import ROOT
from tests.support.rounds import LONG_VARIABLE


class Rounds(NamedTuple):
    """What a call of ``rounds`` returns in CI and in the long run."""

    in_ci: Any
    long: Any


def rounds_in(path: str, place: str) -> list[Rounds]:
    """Return what the calls of ``rounds`` in a function, or in the assignment to a name, return; those of literals."""
    calls = [node for node in ast.walk(_definition(path, place)) if isinstance(node, ast.Call)]
    return [_rounds(call) for call in sorted(calls, key=lambda call: call.lineno) if _is_rounds(call)]


def length_of(path: str, name: str) -> int:
    """Return the number of entries of a table that is assigned to a name."""
    table = next(
        node for node in ast.walk(_definition(path, name)) if isinstance(node, ast.Dict | ast.List | ast.Tuple)
    )
    return len(table.keys if isinstance(table, ast.Dict) else table.elts)


@cache
def collected_tests(paths: tuple[str, ...]) -> dict[str, int]:
    """Return how many tests there are in modules, where all that they require is there."""
    environment = {**os.environ, "RTGMOCK_TEST_REQUIRE": "everything", LONG_VARIABLE: "", "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider", *paths]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=True)
    lines = [line.rsplit(": ", 1) for line in done.stdout.splitlines() if line.startswith("tests/")]
    return {path: int(count) for path, count in lines}


def pinned_versions() -> set[str]:
    """Return the packages, each with its version, that the image and CI install from PyPI."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / ".pins").glob("*.txt"))
    return {pin for text in texts for pin in re.findall(r"^[\w.-]+==[^\s;]+", text, re.MULTILINE)}


def _definition(path: str, name: str) -> ast.AST:
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node
        if name in map(ast.unparse, _targets(node)):
            return node
    raise LookupError(f"{path} has no {name}")


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _is_rounds(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "rounds"


def _rounds(call: ast.Call) -> Rounds:
    few, many = call.args
    in_ci = next((keyword.value for keyword in call.keywords if keyword.arg == "in_ci"), few)
    return Rounds(ast.literal_eval(in_ci), ast.literal_eval(many))
