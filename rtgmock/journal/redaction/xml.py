"""XML as runs of text with their places, so that all else stays as it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable

    Mask = Callable[[str, str], str]
    """What is to be shown of the text that stands under a name."""


class _Run(NamedTuple):
    begin: int
    end: int
    masked: str


class _Unshown(Exception):
    """A secret may stand where it cannot be cut out: in an attribute, a comment, a DTD."""


def masked(text: str, secret: Callable[[str], bool], mask: Mask, *, whole: bool) -> str | None:
    """XML with its texts masked, or None for what isn't well-formed, as far as it goes, or cannot be masked."""
    source = text.encode(errors="backslashreplace")
    reader = _Reader(secret, mask)
    try:
        end = reader.read(source, whole=whole)
    except (ExpatError, ValueError, _Unshown):
        return None
    shown, place = b"", 0
    for run in reader.runs:
        shown += source[place : run.begin] + escape(run.masked).encode()
        place = run.end
    return (shown + source[place:end]).decode()


class _Reader:
    def __init__(self, secret: Callable[[str], bool], mask: Mask) -> None:
        self.runs: list[_Run] = []
        self._secret, self._mask = secret, mask
        self._names: list[str] = []
        self._text: list[str] = []
        self._begin = self._last = 0
        self._parser = parser = ParserCreate("utf-8")
        parser.StartElementHandler, parser.EndElementHandler = self._enter, self._leave
        parser.CharacterDataHandler, parser.StartCdataSectionHandler = self._read_text, self._read_text
        parser.CommentHandler = parser.ProcessingInstructionHandler = self._remark
        parser.StartDoctypeDeclHandler = self._refuse

    def read(self, source: bytes, *, whole: bool) -> int:
        """Read all of it; gives where that which was read for sure ends."""
        self._parser.Parse(source, whole)
        if whole:
            return len(source)
        return self._begin if self._text else self._last

    @property
    def _name(self) -> str:
        """Under which name a text stands: that of the secret that it is in, else that of its element."""
        return next(filter(self._secret, self._names), self._names[-1] if self._names else "")

    def _enter(self, name: str, attributes: dict[str, str]) -> None:
        self._flush()
        self._names.append(name)
        for attribute, value in attributes.items():
            under = attribute if attribute not in {"type", "nil"} else ""
            within = self._name if under and self._secret(self._name) else under
            if self._mask(within, value) != value:
                raise _Unshown

    def _leave(self, _name: str) -> None:
        self._flush()
        self._names.pop()

    def _read_text(self, data: str = "") -> None:
        if not self._text:
            self._begin = self._parser.CurrentByteIndex
        self._text.append(data)

    def _remark(self, *data: str) -> None:
        self._flush()
        if any(self._mask(self._name, text) != text for text in data):
            raise _Unshown

    def _refuse(self, *_declaration: object) -> None:
        raise _Unshown

    def _flush(self) -> None:
        self._last = self._parser.CurrentByteIndex
        text, self._text = "".join(self._text), []
        if text.strip() and (shown := self._mask(self._name, text)) != text:
            self.runs.append(_Run(self._begin, self._last, shown))
