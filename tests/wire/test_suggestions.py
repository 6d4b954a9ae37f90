"""Suggestions of endpoints, for the mistakes that people make."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from rtgmock.wire.endpoints import ENDPOINTS, path_template
from rtgmock.wire.suggestions import nearest_endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Served

SEED = 20101220
ROUNDS = 60
ENOUGH = 0.95
JSON_BODY, XML_BODY = b'{"plan": "nano"}', b"<instance><plan>nano</plan></instance>"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Mistake(NamedTuple):
    """A request with a mistake, and the endpoint that was meant, as ``nearest_endpoints`` writes it."""

    sort: str
    method: str
    path: str
    meant: str
    content_type: str = ""
    body: bytes = b""


def drop(randomness: random.Random, word: str) -> str:
    place = randomness.randrange(len(word))
    return word[:place] + word[place + 1 :]


def double(randomness: random.Random, word: str) -> str:
    place = randomness.randrange(len(word))
    return word[:place] + word[place] + word[place:]


def swap(randomness: random.Random, word: str) -> str:
    place = randomness.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def replace(randomness: random.Random, word: str) -> str:
    place = randomness.randrange(len(word))
    return word[:place] + randomness.choice(LETTERS) + word[place + 1 :]


def case(randomness: random.Random, word: str) -> str:
    return randomness.choice([word.upper(), word.title(), word[0].upper() + word[1:], word.swapcase()])


SLIPS: list[Callable[[random.Random, str], str]] = [drop, double, swap, replace, case]
PREFIXES = ["/api", "/v1", "/redistogo", "/api/v1", "/rest", "/redis", "/heroku/resources"]
FOREIGN = [".yaml", ".html", ".txt", ".csv", ".rss"]
TYPES = [
    ("application/jsn", JSON_BODY, "application/json"),
    ("applicatoin/json", JSON_BODY, "application/json"),
    ("text/plain", JSON_BODY, "application/json"),
    ("application/x-www-form-urlencoded", JSON_BODY, "application/json"),
    ("", JSON_BODY, "application/json"),
    ("application/json", XML_BODY, "application/xml"),
    ("application/xlm", XML_BODY, "application/xml"),
    ("text/plain", XML_BODY, "application/xml"),
    ("application/x-www-form-urlencode", b"plan=nano", "application/x-www-form-urlencoded"),
    ("application/form-urlencoded", b"plan=nano", "application/x-www-form-urlencoded"),
]


def mistakes(randomness: random.Random) -> Iterator[Mistake]:
    """Yield a round of mistakes, one or more of each kind, for a random endpoint."""
    number = randomness.randrange(1, 2000)
    endpoint = randomness.choice([one for one in ENDPOINTS if one.method != "HEAD"])
    extension = randomness.choice(["", ".json", ".xml"])
    method, path = endpoint.method, f"/instances/{number}" if endpoint.is_member else "/instances"
    meant = f"{method} {path}{extension}"

    for slip in SLIPS:
        name = slip(randomness, "instances")
        yield Mistake(slip.__name__, method, path.replace("instances", name, 1) + extension, meant)
    whole = f"{path}{extension}"[1:]
    for slip in SLIPS:
        yield Mistake(f"{slip.__name__} anywhere", method, "/" + slip(randomness, whole), meant)
    yield Mistake("singular", method, path.replace("instances", "instance") + extension, meant)
    yield Mistake("prefix", method, randomness.choice(PREFIXES) + path + extension, meant)
    yield Mistake("nested", method, f"/accounts/{randomness.randrange(9)}{path}{extension}", meant)
    yield Mistake("nested in an instance", method, f"/instances/{number}{path}{extension}", meant)
    yield Mistake("slash for a dot", method, f"{path}/{extension[1:]}" if extension else f"/x{path}", meant)
    known = randomness.choice(["json", "xml"])
    slipped = randomness.choice([drop, double, swap])(randomness, known)
    yield Mistake("extension", method, f"{path}.{slipped}", f"{method} {path}.{known}")
    yield Mistake("foreign extension", method, path + randomness.choice(FOREIGN), f"{method} {path}.json")
    yield from of_instances(randomness, number, extension)
    yield Mistake("method of the list", "PUT", f"/instances{extension}", f"POST /instances{extension}")
    yield Mistake("method's slip", randomness.choice([drop, double, swap])(randomness, method), path + extension, meant)
    content_type, body, right = randomness.choice(TYPES)
    sent = "PUT" if endpoint.is_member else "POST"
    labelled = f"{sent} {path}{extension} with Content-Type: {right}"
    yield Mistake("content type", sent, path + extension, labelled, content_type, body)


def of_instances(randomness: random.Random, number: int, extension: str) -> Iterator[Mistake]:
    """Yield mistakes with the endpoints of a single instance."""
    member = f"/instances/{number}{extension}"
    below = randomness.choice(["backups", "redis", "edit"])
    yield Mistake("extra nesting", "GET", f"/instances/{number}/{below}{extension}", f"GET {member}")
    yield Mistake("missing nesting", "GET", f"/{number}{extension}", f"GET {member}")
    yield Mistake("method of an instance", randomness.choice(["POST", "PATCH"]), member, f"PUT {member}")
    nothing = randomness.choice(["undefined", "null", "None", "NaN", ":id", "{id}", "nil"])
    yield Mistake("no id", "DELETE", f"/instances/{nothing}{extension}", f"DELETE /instances/:id{extension}")
    yield Mistake("no id at all", "DELETE", f"/instances{extension}", f"DELETE /instances/:id{extension}")


def is_right(mistake: Mistake) -> bool:
    """Whether the mistake happens to give a request that is answered, so that there is nothing to suggest."""
    known = path_template(mistake.path) is not None and mistake.path.endswith((".json", ".xml")) == (
        "." in mistake.path
    )
    return known and (mistake.method in mistake.meant.split(" ")) and not mistake.body


def matches(found: str, mistake: Mistake) -> bool:
    """Whether the suggestion is the endpoint that was meant; a mistake in an id cannot be guessed."""
    if "anywhere" not in mistake.sort:
        return found == mistake.meant
    return without_id(found) == without_id(mistake.meant)


def without_id(request: str) -> str:
    return re.sub(r"(?<=/instances/)[^. ]+", ":id", request)


def test_the_endpoint_that_was_meant_is_named_first() -> None:
    randomness = random.Random(SEED)
    made = [mistake for _ in range(ROUNDS) for mistake in mistakes(randomness) if not is_right(mistake)]
    missed = [
        (mistake, str(found))
        for mistake in made
        for found in nearest_endpoints(mistake.method, mistake.path, mistake.content_type, mistake.body)[:1]
        if not matches(str(found), mistake)
    ]

    for mistake, found in missed:
        print(f"{mistake.sort}: {mistake.method} {mistake.path} {mistake.content_type}: {found}, not {mistake.meant}")
    print(f"{len(made) - len(missed)} of {len(made)}")
    assert len(made) >= 500
    assert len(missed) <= len(made) * (1 - ENOUGH)


def test_an_unrelated_path_has_no_likely_endpoint() -> None:
    for path in ("/", "/favicon.ico", "/nowhere", "/robots.txt", "/.env", "/wp-login.php"):
        assert not nearest_endpoints("GET", path)[0].likely, path


@pytest.mark.parametrize(
    ("method", "path", "meant"),
    [
        ("GET", "/instnaces.json", "Did you mean /instances.json?"),
        ("GET", "/api/v1/instances/7.xml", "Did you mean /instances/7.xml?"),
        ("PATCH", "/instances/7/backups", "Did you mean PUT /instances/7?"),
        ("GET", "/7.json", "The API is at /instances and /instances/ID."),
        ("GET", "/nowhere", "The API is at /instances and /instances/ID."),
        ("GET", "/_rtgmock/haelth", "Did you mean /_rtgmock/health?"),
    ],
)
def test_a_404_asks_whether_the_nearest_was_meant(api: Served, method: str, path: str, meant: str) -> None:
    answer = api.call(method, path)

    assert answer.status_code == 404
    assert answer.text == f"There is no {path}. {meant}\n"
