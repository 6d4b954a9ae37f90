"""Forms and query strings, and multipart forms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from rtgmock.journal.redaction import patterns
from rtgmock.journal.redaction.labels import find_label
from rtgmock.journal.redaction.secrets import MASK, is_secret

if TYPE_CHECKING:
    from rtgmock.journal.redaction.secrets import RedactValue

# The name of a form's field: plan, instance[password], snapshots[]. JSON that is read as a form has no such names.
_FIELD_NAME = patterns.compile(r"[\w.\[\]-]{0,80}")
# Some programs end the lines of a multipart form with a line feed alone.
_BLANK_LINE = patterns.compile(r"\r?\n\r?\n")


def redacted(text: str, redact: RedactValue) -> str | None:
    """Return a form or a query string with its values redacted; None for text that is neither."""
    fields = [field.partition("=") for field in text.split("&")]
    names = [unquote_plus(name) for name, _, _ in fields]
    if "=" not in text or not all(map(_FIELD_NAME.fullmatch, names)):
        return None
    shown, secret_seen = [], False
    for name, (written_name, sign, value) in zip(names, fields, strict=True):
        if sign:
            shown.append(f"{written_name}={_redacted_value(name, value, redact)}")
        else:
            # "password=a&b": after a secret, a field without a value may be the rest of a password that has a & in it.
            shown.append(MASK if written_name and secret_seen else written_name)
        secret_seen = secret_seen or is_secret(name)
    return "&".join(shown)


def _redacted_value(name: str, written: str, redact: RedactValue) -> str:
    value = unquote_plus(written)
    shown = redact(name, value)
    return written if shown == value else quote(shown, safe="*@/:")


def multipart(text: str, boundary: str, redact: RedactValue) -> str | None:
    """Return a multipart form with its values redacted; None for text that is not one with this boundary."""
    before, *parts = re.split(rf"(?:^|\r?\n)--{re.escape(boundary)}", text)
    # Nothing but white space before the first boundary, and "--" after the last one.
    if before.strip() or not parts or not parts[-1].startswith("--"):
        return None
    shown = [_redacted_part(part, redact) for part in parts[:-1]]
    if None in shown:
        return None
    return "".join(f"--{boundary}{part}\r\n" for part in shown) + f"--{boundary}--"


def _redacted_part(part: str, redact: RedactValue) -> str | None:
    blank = _BLANK_LINE.search(part)
    head, value = (part[: blank.end()], part[blank.end() :]) if blank else (part, "")
    names = re.findall(r'\bname="?([^";\r\n]*)', head)
    # With two names, a strange one, or a secret among the headers, it is not clear what belongs to what.
    if len(names) != 1 or not _FIELD_NAME.fullmatch(names[0]) or find_label(head):
        return None
    return f"{head}{redact(names[0], value)}"
