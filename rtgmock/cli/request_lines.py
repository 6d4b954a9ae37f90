"""A request of the journal as lines for people, with the reasons why it was refused."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import click

from rtgmock.cli.running import error_messages
from rtgmock.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_INDENT = " " * 10
_COLOURS = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}
"""The colours of the classes of statuses."""
_FIRST_ERROR = 400
_MAX_LENGTH = 300


def request_lines(entry: dict[str, Any]) -> list[str]:
    """Return the lines for an entry: time, status, method, ms and path; below them what is to be known of it."""
    target = printable(entry["path"] + (f"?{entry['query']}" if entry["query"] else ""), _MAX_LENGTH)
    status = click.style(str(entry["status"]), fg=_COLOURS.get(entry["status"] // 100))
    moment = entry["time"].partition("T")[2].rstrip("Z")
    method = printable(entry["method"], 20)
    head = f"{moment}  {status}  {method:<6} {entry['ms']:>7.1f} ms  {target}"
    notes = (f"{_INDENT}{click.style(name, dim=True)} {printable(text, _MAX_LENGTH)}" for name, text in _notes(entry))
    return [head, *notes]


def _notes(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if reason := _reason(entry):
        yield "reason:", reason
    if entry["ignored"]:
        yield "ignored:", ", ".join(entry["ignored"])
    if entry["hint"]:
        yield "hint:", entry["hint"]
    if entry["unmatched"]:
        yield "no endpoint takes it;", f"nearest: {', '.join(entry['nearest']) or 'none'}"
    if entry["fault"]:
        yield "fault:", str(entry["fault"])


def _reason(entry: dict[str, Any]) -> str:
    """Return the first message of a refusal; empty for any other answer."""
    body: str = entry["response"]["body"].strip()
    if entry["status"] < _FIRST_ERROR or not body:
        return ""
    try:
        messages = error_messages(json.loads(body))
    except ValueError:
        found = re.search(r"<error>([^<]*)</error>", body)
        return unescape(found[1]) if found else body.splitlines()[0]
    return next(iter(messages), body)
