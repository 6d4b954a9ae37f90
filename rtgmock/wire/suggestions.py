"""The endpoints of the emulated API, and which of them a request that found none was probably meant for."""

from __future__ import annotations

import re
from typing import NamedTuple

from rtgmock.wire.bodies import label, meant_type
from rtgmock.wire.formats import EXTENSIONS
from rtgmock.wire.json import JSON


class Endpoint(NamedTuple):
    """A method, and whether it is one instance's or the list's."""

    method: str
    member: bool


COLLECTION = "instances"
ENDPOINTS = (
    Endpoint("GET", member=False),
    Endpoint("POST", member=False),
    Endpoint("GET", member=True),
    Endpoint("PUT", member=True),
    Endpoint("DELETE", member=True),
)

_KNOWN = re.compile(rf"/{COLLECTION}(/\d+)?(\.[^/.]+)?/?", re.ASCII)
_ALIKE = 0.6
"""How alike a word must be to what it is taken for; of 1."""
_LIKELY = 0.65
# What a segment after the list names, where it is no instance.
_LIST_WORDS = {"new", "create", "add", "list", "index", "all", "show"}
# How much of one method there is in another: what is sent, what was meant.
_KIN = {
    ("HEAD", "GET"): 1.0,
    ("OPTIONS", "GET"): 0.5,
    ("PATCH", "PUT"): 0.9,
    ("UPDATE", "PUT"): 0.9,
    ("PATCH", "POST"): 0.3,
    ("POST", "PUT"): 0.6,
    ("PUT", "POST"): 0.6,
    ("CREATE", "POST"): 0.9,
    ("REMOVE", "DELETE"): 0.9,
    # Nobody deletes for want of another method.
    ("DELETE", "GET"): -1.0,
    ("DELETE", "POST"): -1.0,
    ("DELETE", "PUT"): -1.0,
}


class Nearest(NamedTuple):
    """An endpoint that a request may have been meant for.

    ``content_type`` is the one that its body should have had, empty where that was right. ``score`` tells how near
    it is, of 1.
    """

    method: str
    path: str
    content_type: str
    score: float

    @property
    def likely(self) -> bool:
        """Whether it is near enough to ask "did you mean"."""
        return self.score >= _LIKELY

    def __str__(self) -> str:
        labelled = f" with Content-Type: {self.content_type}" if self.content_type else ""
        return f"{self.method} {self.path}{labelled}"


def known_path(path: str) -> bool:
    """Whether a path is one that the API has, of whatever instance and with whatever extension."""
    return _KNOWN.fullmatch(path) is not None


def nearest_endpoints(method: str, path: str, content_type: str = "", body: bytes = b"") -> list[Nearest]:
    """All endpoints, each with every extension, the one that was probably meant first."""
    reading = _read(path)
    meant = meant_type(label(content_type).mime, body) if body else ""
    ranked = [
        Nearest(
            endpoint.method,
            _path(endpoint, reading, extension),
            meant if endpoint.method in {"POST", "PUT"} else "",
            _score(endpoint, extension, method.strip().upper(), reading),
        )
        for endpoint in ENDPOINTS
        for extension in ("", *EXTENSIONS)
    ]
    return sorted(ranked, key=lambda nearest: -nearest.score)


class _Reading(NamedTuple):
    """What a path seems to say: how alike its list's name is, of which instance, with which extension."""

    alike: float
    reference: str | None
    extension: str


def _read(path: str) -> _Reading:
    stems, extension = [], ""
    for segment in filter(None, path.lower().split("/")):
        stem, given = _parted(segment)
        stems.append(stem)
        extension = given or extension
    place, alike = _list_in(stems)
    if place is None:
        numbered = [stem for stem in stems if stem[:1].isdecimal()]
        return _Reading(0.0, numbered[-1] if numbered else None, extension)
    return _Reading(alike, _reference(stems, place, extension), extension)


def _parted(segment: str) -> tuple[str, str]:
    """A segment and its extension, which may have lost its dot, or got another sign in its place."""
    if "." in segment:
        stem, _, extension = segment.rpartition(".")
        return stem.strip("."), extension
    known = "|".join(EXTENSIONS)
    match = re.fullmatch(rf"(.*?)[^a-z0-9]?({known})", segment)
    return (match[1], match[2]) if match else (segment, "")


def _list_in(stems: list[str]) -> tuple[int | None, float]:
    """Which segment is the list's name, the last one that can be, and how alike it is."""
    alike = [_alike(stem.rstrip("0123456789"), COLLECTION) for stem in stems]
    places = [place for place, likeness in enumerate(alike) if likeness >= _ALIKE]
    return (places[-1], alike[places[-1]]) if places else (None, 0.0)


def _reference(stems: list[str], place: int, extension: str) -> str | None:
    """What names an instance: a number after the list's name, else whatever else stands there."""
    attached = re.search(r"\d+$", stems[place])
    after = [stem for stem in stems[place + 1 :] if stem]
    numbers = [stem for stem in after if re.search(r"\d", stem)]
    if attached or numbers:
        return attached[0] if attached else numbers[0]
    if after and after[0] not in _LIST_WORDS:
        return after[0]
    misplaced = re.search(r"\d+", extension)
    return misplaced[0] if misplaced else None


def _path(endpoint: Endpoint, reading: _Reading, extension: str) -> str:
    number = re.search(r"\d+", reading.reference or "", re.ASCII)
    member = f"/{number[0] if number else ':id'}" if endpoint.member else ""
    return f"/{COLLECTION}{member}" + (f".{extension}" if extension else "")


def _score(endpoint: Endpoint, extension: str, method: str, reading: _Reading) -> float:
    shape = endpoint.member == (reading.reference is not None)
    kinship = _KIN.get((method, endpoint.method), _alike(method, endpoint.method))
    formats = _format(reading.extension)
    return 0.4 * reading.alike + 0.3 * shape + 0.2 * kinship + 0.1 * formats.get(extension, 0.0)


def _format(given: str) -> dict[str, float]:
    """How near an extension is to each that there is; one of another format is JSON's neighbour."""
    if not given:
        return {"": 1.0}
    near = {extension: _alike(given, extension) for extension in EXTENSIONS}
    return near if any(likeness >= _ALIKE for likeness in near.values()) else {JSON.extension: 0.5}


def _alike(word: str, known: str) -> float:
    """How alike two words are, of 1; words that share too little are not at all."""
    if word == known:
        return 1.0
    import difflib  # noqa: PLC0415 - only a mistake needs it

    likeness = difflib.SequenceMatcher(None, word, known, autojunk=False).ratio()
    return likeness if likeness >= _ALIKE else 0.0
