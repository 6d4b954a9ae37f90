"""No input takes more than linear time: regular expressions, parsers, and all that reads what a client sent."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.datastructures import Authorization

from rtgmock.clock import SystemClock
from rtgmock.errors import Invalid, RequestError
from rtgmock.faults.registry import FaultRegistry
from rtgmock.faults.rule import Trigger, parse_rule
from rtgmock.journal.entry import Entry
from rtgmock.journal.exchange import MAX_BODY_BYTES, Body, Exchange
from rtgmock.journal.expectation import parameters_of
from rtgmock.journal.filter import Filter
from rtgmock.journal.redaction import secrets
from rtgmock.journal.redaction.redactor import Redactor
from rtgmock.model.attributes import ATTRIBUTES
from rtgmock.model.lifecycle import BootDelay
from rtgmock.model.types import InvalidValue
from rtgmock.randomness import Randomness
from rtgmock.service.snapshot import parse_state
from rtgmock.settings.config import Config
from rtgmock.text import nearest, parse_size, printable, similarity
from rtgmock.web import guard, negotiation
from rtgmock.web.access_log import AccessLog
from rtgmock.web.control.endpoints import requests as requests_endpoint
from rtgmock.wire import bodies, form, json, xml
from rtgmock.wire.endpoints import path_template
from rtgmock.wire.parameters import parse_parameters, printable_names, suggest_attribute
from rtgmock.wire.suggestions import nearest_endpoints
from tests.support.clock import START
from tests.support.regexes import Regex, attacks, regexes
from tests.support.scaling import FACTOR, MAX_GROWTH, cpu_time, growth, numbered, repeated

Make = Callable[[int], str]

# Patterns that are built from local variables: what these are when the pattern is slowest, as far as they matter.
LOCAL_VALUES: dict[str, dict[str, Any]] = {
    "web.control.endpoint.ControlEndpoint.__post_init__": {"whole": "/_rtgmock/faults/([0-9]{1,18})"},
    "faults.rule.Rule._path": {"self": SimpleNamespace(values={"path": "*a*a*a*a*b"})},
    "journal.filter.Filter._path_pattern": {"self": SimpleNamespace(path="*a*[b"), "only_stars": "*a*a*a*a*b"},
    "journal.redaction.form.multipart": {"boundary": "-b"},
    "journal.redaction.patterns._Pattern.__getattr__": {"self": SimpleNamespace(pattern="a", flags=0)},
    "storage.file.FileStorage._remove_temporary_files": {"self": SimpleNamespace(path=SimpleNamespace(name="a.json"))},
    "wire.endpoints._PATTERNS": {"path": "/instances/{id}"},
    "wire.suggestions._split_extension": {"known": "json|xml"},
}
_SHORT = 2**11
_SLOW = 0.002
"""Seconds for a short text from which on an attack is measured with long ones."""


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure names as if they had never been seen: a cache for a thousand makes two thousand seem superlinear."""
    monkeypatch.setattr(secrets, "_is_secret_cached", secrets._is_secret)
    monkeypatch.setattr(secrets, "_is_secret_word_cached", secrets._is_secret_word)


def _suspicious(regex: Regex) -> Iterator[Make]:
    """The attacks that are slow for a short text already."""
    return (attack for attack in attacks(regex.pattern) if cpu_time(regex.run, attack(_SHORT), least=0) > _SLOW)


@pytest.mark.parametrize("regex", list(regexes(LOCAL_VALUES)), ids=lambda regex: regex.place)
def test_a_regular_expression_takes_linear_time_for_texts_of_its_own_words(regex: Regex) -> None:
    for attack in _suspicious(regex):
        assert growth(regex.run, attack) <= MAX_GROWTH, attack(40)


@pytest.mark.parametrize("pattern", [r"\s*(\d{1,15})\s*([a-z]{0,2})\s*", r"password[\w-]*\s*[=:]", r"\d+$"])
def test_the_attacks_find_a_pattern_that_takes_longer(pattern: str) -> None:
    regex = Regex("", re.compile(pattern), ["search"])
    assert any(growth(regex.run, attack, 2**9, rounds=3) > MAX_GROWTH for attack in _suspicious(regex))


def _redacted(way: str) -> Callable[[str], Any]:
    """Return a function that redacts a text in a way."""

    def redact(text: str) -> Any:
        redactor = Redactor(["s3cret-one"]).for_request("username")
        arguments = {"multipart": (text, "b"), "target": ("GET", text, "")}.get(way, (text,))
        return redactor.redact(lambda one: getattr(one, "body" if way == "multipart" else way)(*arguments))

    return redact


_PARTS = (
    *("a", " ", "/", "//", "/a", ".", "=", "&", "a=&", ";", ",", "@", "%", "%2f", "+", "\\", '"', "[", "]", "[]", "{"),
    *("url", "url…", "url=", "url://", "//@", "password", "password ", "password:", "password=x&", "pas", "secret-"),
    *(
        "pwd",
        "pwd ",
        "pwd=",
        '"pwd"',
        "/pwd",
        "AUTH ",
        "-u ",
        "-u",
        "redis-cli ",
        " -a",
        "--pass ",
        "a:",
        "a:b@",
        "=a:",
    ),
    *("master_password", "master password", "basic", "basic+", "basic ", "&#x0", "&#x000070;", "\\u0070", "\r\n", "\t"),
)
_TEXTS = [repeated(part, end, begin) for part in _PARTS for begin in ("", "url=") for end in ("", "\x01 =")]


@pytest.mark.parametrize("way", ["text", "target", "query", "body", "unparsed", "multipart"])
def test_redaction_takes_linear_time_for_any_repeated_word(way: str) -> None:
    redact = _redacted(way)
    for make in _TEXTS:
        if cpu_time(redact, make(_SHORT), least=0) > _SLOW:
            assert growth(redact, make) <= MAX_GROWTH, make(60)


def _json_in(opening: str, inner: str, closing: str) -> Make:
    return lambda size: (depth := size // len(opening + closing)) * opening + inner + closing * depth


_DISPOSITION = "Content-Disposition: form-data"
BODIES = {
    "many secrets in a form": numbered("password=secret-{}", "&"),
    "many secrets in JSON": numbered('{{"password":"secret-{}"}}', ",", "[", "]"),
    "many secrets in XML": numbered("<password>secret-{}</password>", "", "<a>", "</a>"),
    "many secrets in a text": numbered("password=secret-{}", "\n", "x\n"),
    "as many secrets as are masked": repeated(
        "&a=secret-50", begin="&".join(f"password=secret-{number}" for number in range(100))
    ),
    "the name of a secret again and again": repeated("master_password"),
    "many names in a form": numbered("pasword{}=1", "&"),
    "many names in JSON": numbered('"pasword{}":1', ",", "{", "}"),
    "many names in a text": numbered("pasword{}: ", "", "x\n"),
    "many elements in XML": numbered("<b{0}>url</b{0}>", "", "<a>", "</a>"),
    "texts in nested XML": _json_in("<a>x", "", "</a>"),
    "attributes in XML": numbered('a{}="url"', " ", "<a ", "/>"),
    "comments in XML": repeated("<!--a-->", "</a>", "<a>"),
    "references in XML": repeated("&amp;", "</a>", "<a>"),
    "nested lists": _json_in("[", "1", "]"),
    "nested objects": _json_in('{"a":', "1", "}"),
    "nested objects under a secret": _json_in('{"password":', "1", "}"),
    "escapes in JSON": repeated("\\u0070", '"]', '["'),
    "a string without an end": repeated("a", "", '{"a":"'),
    "parts of a form": repeated(f'--b\r\n{_DISPOSITION}; name="a"\r\n\r\n1\r\n', "--b--\r\n"),
    "lines in a part": repeated("\r\n", "--b--\r\n", f'--b\r\n{_DISPOSITION}; name="a"\r\n\r\n'),
    "almost boundaries in a part": repeated("\r\n--", "--b--\r\n", f'--b\r\n{_DISPOSITION}; name="a"\r\n\r\n'),
    "lines before a part": repeated("\r\n", "--b--\r\n"),
    "headers of a part": repeated("a: b\r\n", "\r\n\r\n--b--\r\n", "--b\r\n"),
    "names in a part": repeated('; name="a"', "\r\n\r\n1\r\n--b--\r\n", f"--b\r\n{_DISPOSITION}"),
    "lists in a form": repeated("a[]=1&"),
    "wide lists in a form": repeated("a[]=11111111111111111111111111111&"),
    "objects in a form": numbered("a[b{}]=1", "&"),
    "wide objects in a form": numbered("aaaaaaaaaaaaaaaaaaa[b{}]=1", "&"),
    "brackets in a form": repeated("[", "=1", "a"),
    "closed brackets in a form": repeated("[a]", "=1", "a"),
    "escapes in a form": repeated("%70"),
}  # fmt: skip


@pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("way", ["body", "unparsed", "multipart"])
def test_a_body_is_redacted_in_linear_time(way: str, make: Make) -> None:
    assert growth(_redacted(way), make) <= MAX_GROWTH


def _decode(media_type: str) -> Callable[[bytes], None]:
    def decode(body: bytes) -> None:
        with contextlib.suppress(RequestError):
            parse_parameters(bodies.decode(body, media_type))

    return decode


@pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"],
)
def test_a_body_is_decoded_in_linear_time(media_type: str, make: Make) -> None:
    assert growth(_decode(media_type), lambda size: make(size).encode()) <= MAX_GROWTH


def _refused(action: Callable[[str], object]) -> Callable[[str], None]:
    """Return the action without the error that it raises."""

    def act(text: str) -> None:
        with contextlib.suppress(RequestError, InvalidValue, ValueError):
            action(text)

    return act


def _log(text: str) -> None:
    AccessLog(lambda _: None, Redactor(["s3cret-one"])).add(START, "GET", "/", text, 403, account="username")


def _show(text: str) -> None:
    headers = (("Authorization", text), ("Content-Type", text), ("X", text))
    body = Body.of(text.encode())
    exchange = Exchange("GET", text, 404, START, query=text, headers=headers, body=body)
    Entry.of(exchange, Redactor(["s3cret-one"]).for_request("username"))


def _expect(text: str) -> None:
    headers = (("Content-Encoding", text), ("Content-Type", text))
    parameters_of(Exchange("POST", "/instances", 201, START, query=text, headers=headers, body=Body(b"a", 1)))


def _match_path(text: str) -> None:
    Filter(path="*a*a*a*a*b").matches(Exchange("GET", text, 200, START))


def _match_long_pattern(text: str) -> None:
    Filter(path=text.replace("b", "*")).matches(Exchange("GET", text, 200, START))


def _match_rule(text: str) -> None:
    rule = parse_rule({"status": 503, "path": "*a*a*a*a*b"})
    rule.matches(Trigger("GET", text))


def _state(document: Any) -> None:
    parse_state(document, Config(server_memory=25 * 2**20), Randomness(1), SystemClock().now())


def _faults(document: list[object]) -> None:
    FaultRegistry(Randomness(1)).add(document)


ACTIONS: dict[str, Callable[[str], object]] = {
    "the access log": _log,
    "an expectation of the journal": _expect,
    "the journal's filter by path": _match_path,
    "a rule's path": _match_rule,
    "since": requests_endpoint._parse_since,
    "a status of the journal's filter": requests_endpoint.FIELDS["status"].parse,
    "media ranges": lambda text: list(negotiation._media_ranges(text)),
    "an origin": guard._normalized,
    "the name of a host": guard._address,
    "credentials": lambda text: Authorization.from_header(f"Basic {text}"),
    "other credentials": lambda text: Authorization.from_header(f"Digest {text}"),
    "a content type": bodies.parse_content_type,
    "the options of a content type": lambda text: bodies.parse_content_type(f"a/b;{text}"),
    "the expected content type": lambda text: bodies.expected_content_type(text, text.encode()),
    "a query string": lambda text: form.decode_query(text.encode()),
    "a JSON name": lambda text: json.decode(b'{"' + text.encode() + b'":1}', "utf-8"),
    "an XML declaration": lambda text: xml.decode(b"<?xml " + text.encode(), "utf-8"),
    "the nearest endpoints": lambda text: nearest_endpoints(text, text, text, text.encode()),
    "the template of a path": path_template,
    "a printable text": printable,
    "printable names": lambda text: printable_names([text] * 20),
    "the nearest attribute": lambda text: suggest_attribute((text,)),
    "the nearest word": lambda text: nearest(text, ["instances", "password", "a" * 100]),
    "the similarity of words": lambda text: similarity(text, "instances"),
    "a size": parse_size,
    "a boot delay": BootDelay.parse,
    **{f"the attribute {attribute.name}": attribute.parse for attribute in ATTRIBUTES},
}
_WORDS = [
    *_TEXTS,
    *BODIES.values(),
    *(repeated(part, end, begin) for begin in ("1", "/instances") for part in ("1", " ", "\t") for end in ("", "!")),
    *(repeated(part) for part in ("a;", 'a="', "q=1,", ";q=0.", "1.", ":", "/instances", "/1", "a/b,", "*/*,", "é")),
]  # fmt: skip


@pytest.mark.parametrize("name", ACTIONS)
def test_what_reads_a_text_takes_linear_time(name: str) -> None:
    act = _refused(ACTIONS[name])
    for make in _WORDS:
        if cpu_time(act, make(_SHORT), least=0) > _SLOW:
            assert growth(act, make) <= MAX_GROWTH, make(60)


@pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
def test_an_entry_of_the_journal_is_made_in_linear_time(make: Make) -> None:
    assert growth(_show, make, MAX_BODY_BYTES // FACTOR) <= MAX_GROWTH  # of more, the journal keeps the beginning


def test_a_path_filter_with_many_stars_takes_linear_time() -> None:
    assert growth(_match_long_pattern, repeated("ab", "c")) <= MAX_GROWTH


DOCUMENTS: dict[str, tuple[Callable[[Any], object], Any, Any]] = {
    "instances on one server each": (_state, "instances", lambda number: {"plan": "nano", "port": 1000 + number}),
    "instances of several sizes": (_state, "instances", lambda n: {"plan": "nano", "memory": n, "port": n}),
    "servers": (_state, "servers", lambda number: {"name": f"server{number}"}),
    "servers of one name": (_state, "servers", lambda number: {"name": "server"}),
    "accounts": (_state, "accounts", lambda number: {"name": f"account{number}"}),
    "no objects": (_state, "instances", lambda number: number),
    "unknown names": (_state, "instances", lambda number: {"plan": "nano", "prot": number}),
    "unknown servers": (_state, "instances", lambda n: {"plan": "nano", "server": f"server{n}", "port": n}),
    "wrong rules": (_faults, None, lambda number: {"stats": number}),
    "rules": (_faults, None, lambda number: {"status": 503, "path": f"/{number}"}),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_of_the_control_api_takes_linear_time(name: str) -> None:
    action, key, make_row = DOCUMENTS[name]

    def make(count: int) -> Any:
        rows = [make_row(number) for number in range(1, count + 1)]
        return rows if key is None else {key: rows}

    def act(document: Any) -> None:
        with contextlib.suppress(Invalid):
            action(document)

    assert growth(act, make, 250) <= MAX_GROWTH


def test_a_long_unknown_name_takes_linear_time() -> None:
    def act(name: str) -> None:
        with contextlib.suppress(Invalid):
            _state({name: 1, f"{name}1": 1})

    assert growth(act, repeated("instances")) <= MAX_GROWTH
