"""Suggestions for a request that found no endpoint: which endpoints it was probably meant for."""

from __future__ import annotations

import re
from typing import NamedTuple

from rtgmock.text import similarity
from rtgmock.wire.bodies import expected_content_type, parse_content_type
from rtgmock.wire.endpoints import COLLECTION, ENDPOINTS, Endpoint
from rtgmock.wire.formats import EXTENSIONS
from rtgmock.wire.json import JSON

# HEAD is left out: what clients send it for is a GET without a body, so the GET is the better suggestion.
_CANDIDATES = tuple(endpoint for endpoint in ENDPOINTS if endpoint.method != "HEAD")
_LIST_NAME = COLLECTION.removeprefix("/")

_DIGITS = "0123456789"
_MAX_DIGITS = 18
"""Digits of the longest id that a suggestion repeats."""
_LIKELY_SCORE = 0.65
"""The score, of at most 1, from which an endpoint is worth asking "did you mean"."""
# Words that stand after the list's name in the paths of other APIs, and name no instance.
_ACTION_WORDS = {"new", "create", "add", "list", "index", "all", "show"}
# The similarity of methods, sent and meant, where it is not that of their spelling.
_METHOD_SIMILARITY = {
    ("HEAD", "GET"): 1.0,
    ("OPTIONS", "GET"): 0.5,
    ("PATCH", "PUT"): 0.9,
    ("UPDATE", "PUT"): 0.9,
    ("PATCH", "POST"): 0.3,
    ("POST", "PUT"): 0.6,
    ("PUT", "POST"): 0.6,
    ("CREATE", "POST"): 0.9,
    ("REMOVE", "DELETE"): 0.9,
    # A client that sends DELETE means to delete; a suggestion of another method would be wrong.
    ("DELETE", "GET"): -1.0,
    ("DELETE", "POST"): -1.0,
    ("DELETE", "PUT"): -1.0,
}


class Suggestion(NamedTuple):
    """An endpoint that a request may have been meant for.

    ``content_type`` is the one that its body should have had; it is empty when the request's own was right.
    ``score`` is 1 for a perfect match and less for others.
    """

    method: str
    path: str
    content_type: str
    score: float

    @property
    def likely(self) -> bool:
        """Whether it is near enough to ask "did you mean"."""
        return self.score >= _LIKELY_SCORE

    def __str__(self) -> str:
        header = f" with Content-Type: {self.content_type}" if self.content_type else ""
        return f"{self.method} {self.path}{header}"


def nearest_endpoints(method: str, path: str, content_type: str = "", body: bytes = b"") -> list[Suggestion]:
    """Return all endpoints, each with every extension, the one that was probably meant first."""
    parsed = _parse_path(path)
    expected = expected_content_type(parse_content_type(content_type).mime, body) if body else ""
    suggestions = [
        Suggestion(
            endpoint.method,
            _suggested_path(endpoint, parsed, extension),
            expected if endpoint.method in {"POST", "PUT"} else "",
            _score(endpoint, extension, method.strip().upper(), parsed),
        )
        for endpoint in _CANDIDATES
        for extension in ("", *EXTENSIONS)
    ]
    return sorted(suggestions, key=lambda suggestion: -suggestion.score)


class _ParsedPath(NamedTuple):
    """What a path seems to consist of: the similarity of its list's name, an instance's id, and an extension."""

    similarity: float
    reference: str | None
    extension: str


def _parse_path(path: str) -> _ParsedPath:
    stems, extension = [], ""
    for segment in filter(None, path.lower().split("/")):
        stem, segment_extension = _split_extension(segment)
        stems.append(stem)
        extension = segment_extension or extension
    position, score = _find_list_name(stems)
    if position is None:
        numbered = [stem for stem in stems if stem[:1].isdecimal()]
        return _ParsedPath(0.0, numbered[-1] if numbered else None, extension)
    return _ParsedPath(score, _find_reference(stems, position, extension), extension)


def _split_extension(segment: str) -> tuple[str, str]:
    """Return a segment's stem and its extension, whose dot may be missing or be another character."""
    if "." in segment:
        stem, _, extension = segment.rpartition(".")
        return stem.strip("."), extension
    known = "|".join(EXTENSIONS)
    match = re.fullmatch(rf"(.*?)[^a-z0-9]?({known})", segment)
    return (match[1], match[2]) if match else (segment, "")


def _find_list_name(stems: list[str]) -> tuple[int | None, float]:
    """Return the position of the last segment that can be the list's name, and its similarity."""
    similarities = [similarity(stem.rstrip(_DIGITS), _LIST_NAME) for stem in stems]
    positions = [position for position, value in enumerate(similarities) if value]
    return (positions[-1], similarities[positions[-1]]) if positions else (None, 0.0)


def _find_reference(stems: list[str], position: int, extension: str) -> str | None:
    """Return what names an instance: a number after the list's name, else the first other word there."""
    stem = stems[position]
    attached = stem[len(stem.rstrip(_DIGITS)) :]  # /instances7
    after = [stem for stem in stems[position + 1 :] if stem]
    numbers = [stem for stem in after if re.search(r"\d", stem)]
    if attached or numbers:
        return attached or numbers[0]
    if after and after[0] not in _ACTION_WORDS:
        return after[0]
    misplaced = re.search(r"\d+", extension)  # /instances.7
    return misplaced[0] if misplaced else None


def _suggested_path(endpoint: Endpoint, parsed: _ParsedPath, extension: str) -> str:
    number = re.search(r"\d+", parsed.reference or "", re.ASCII)
    path = endpoint.path.format(id=number[0] if number and len(number[0]) <= _MAX_DIGITS else ":id")
    return path + (f".{extension}" if extension else "")


def _score(endpoint: Endpoint, extension: str, method: str, parsed: _ParsedPath) -> float:
    same_shape = endpoint.is_member == (parsed.reference is not None)
    method_similarity = _METHOD_SIMILARITY.get((method, endpoint.method), similarity(method, endpoint.method))
    extension_similarity = _extension_similarities(parsed.extension).get(extension, 0.0)
    # Most of the score is the path, since a method is rarely mistyped. tests/wire/test_suggestions.py measures it.
    return 0.4 * parsed.similarity + 0.3 * same_shape + 0.2 * method_similarity + 0.1 * extension_similarity


def _extension_similarities(sent: str) -> dict[str, float]:
    """Return the similarity of an extension to each accepted one; one of another format is taken for JSON."""
    if not sent:
        return {"": 1.0}
    similarities = {extension: similarity(sent, extension) for extension in EXTENSIONS}
    if any(similarities.values()):
        return similarities
    return {JSON.extension: 0.5}
