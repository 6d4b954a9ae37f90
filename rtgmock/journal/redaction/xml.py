"""XML bodies: the texts in them are replaced by their position, so that all markup stays as it was written."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers.expat import ExpatError, ParserCreate

from rtgmock.journal.redaction.secrets import is_secret

if TYPE_CHECKING:
    from rtgmock.journal.redaction.secrets import RedactValue


class _Replacement(NamedTuple):
    start: int
    end: int
    text: str


class _CannotRedact(Exception):
    """A secret is where it cannot be replaced: in an attribute, a comment, a processing instruction or a DTD."""


def redacted(text: str, redact: RedactValue, *, complete: bool) -> str | None:
    """Return XML with its texts redacted; None if it is not well-formed or cannot be redacted.

    A body that is not ``complete`` is returned up to the offset where parsing is certain.
    """
    source = text.encode(errors="backslashreplace")
    parser = _TextParser(redact)
    try:
        end = parser.parse(source, complete=complete)
    except (ExpatError, ValueError, _CannotRedact):
        return None
    shown, position = [], 0
    for replacement in parser.replacements:
        shown += [source[position : replacement.start], escape(replacement.text, quote=False).encode()]
        position = replacement.end
    return b"".join([*shown, source[position:end]]).decode()


class _TextParser:
    """Finds the texts that have to be replaced, with their offsets in bytes."""

    def __init__(self, redact: RedactValue) -> None:
        self.replacements: list[_Replacement] = []
        self._redact = redact
        # The name that the texts of each open element are under: that of the secret around it, else its own.
        self._names: list[str] = []
        # One text comes in several pieces: at line ends, at references such as &amp;, around CDATA sections.
        self._pieces: list[str] = []
        self._text_start = self._parsed_up_to = 0
        self._parser = parser = ParserCreate("utf-8")
        parser.StartElementHandler, parser.EndElementHandler = self._start_element, self._end_element
        # A CDATA section is text that begins with its markup: <![CDATA[ must be replaced, too.
        parser.CharacterDataHandler, parser.StartCdataSectionHandler = self._add_text, self._add_text
        parser.CommentHandler = parser.ProcessingInstructionHandler = self._check_remark
        # A DTD may define entities, behind which anything can hide.
        parser.StartDoctypeDeclHandler = self._refuse

    def parse(self, source: bytes, *, complete: bool) -> int:
        """Parse all of ``source``; return the offset up to which parsing is certain."""
        self._parser.Parse(source, complete)
        if complete:
            return len(source)
        # The last text may go on behind the cut, and half a secret would not be recognized.
        return self._text_start if self._pieces else self._parsed_up_to

    @property
    def _name(self) -> str:
        """The name that the current text is under."""
        return self._names[-1] if self._names else ""

    def _start_element(self, name: str, attributes: dict[str, str]) -> None:
        self._end_text()
        is_in_secret = is_secret(self._name)
        self._names.append(self._name if is_in_secret else name)
        is_in_secret = is_in_secret or is_secret(name)
        for attribute, value in attributes.items():
            # Rails writes type="string" and nil="true" on secrets as well; their values are never secret.
            known_markup = attribute in {"type", "nil"}
            under = "" if known_markup else self._name if is_in_secret else attribute
            if self._redact(under, value) != value:
                raise _CannotRedact

    def _end_element(self, _name: str) -> None:
        self._end_text()
        self._names.pop()

    def _add_text(self, piece: str = "") -> None:
        if not self._pieces:
            self._text_start = self._parser.CurrentByteIndex
        self._pieces.append(piece)

    def _check_remark(self, *texts: str) -> None:
        self._end_text()
        if any(self._redact(self._name, text) != text for text in texts):
            raise _CannotRedact

    def _refuse(self, *_declaration: object) -> None:
        raise _CannotRedact

    def _end_text(self) -> None:
        self._parsed_up_to = self._parser.CurrentByteIndex
        text, self._pieces = "".join(self._pieces), []
        if text.strip() and (shown := self._redact(self._name, text)) != text:
            self.replacements.append(_Replacement(self._text_start, self._parsed_up_to, shown))
