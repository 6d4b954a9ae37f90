"""JSON is redacted member by member, and what was found harmless once is not looked at again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from rtgmock.journal.exchange import Body, Exchange
from rtgmock.journal.journal import Journal
from rtgmock.journal.redaction.json import redacted, redacted_again
from rtgmock.journal.redaction.redactor import Redactor
from tests.support.scaling import cpu_time

SECRET = "s3cret-one"
NAMES = [
    *("password", "plan", "url", "instance", "master_password", 'a"b', "pässword", "pasword", "id", "label", "\\", ""),
    *("config_command", "instance[password]", "note"),
]
TEXTS = [
    *("", "nano", SECRET, f"a {SECRET}", "a b", "redis://u:pw@h:1/", 'x"y', "password: abc", "Basic abcdefghijkl"),
    *("é", "\n\t", "password", "AUTH abc", "/x/password/y", "a\\b", "null", "{", "http://h/", "https://u:p@h"),
]


def draw_value(random: Random, depth: int = 0) -> Any:
    match random.randrange(9 if depth < 4 else 6):
        case 0:
            return random.choice([None, True, False])
        case 1 | 2:
            return random.choice([0, 1, -1.5, 123456789, 1e300])
        case 3 | 4 | 5:
            return random.choice(TEXTS)
        case 6:
            return [draw_value(random, depth + 1) for _ in range(random.randrange(4))]
        case _:
            return {random.choice(NAMES): draw_value(random, depth + 1) for _ in range(random.randrange(6))}


def draw_json(random: Random) -> str:
    separators = random.choice([None, (",", ":"), (" , ", " : ")])
    document = [draw_value(random)] if random.random() < 0.3 else {"instance": draw_value(random)}
    return json.dumps(
        document, ensure_ascii=random.random() < 0.5, indent=random.choice([None, 2]), separators=separators
    )


@pytest.mark.parametrize("seed", range(3))
def test_what_is_known_to_be_harmless_changes_nothing_that_is_shown(seed: int) -> None:
    random, harmless, changed = Random(seed), set[str](), 0
    for _ in range(300):
        text = draw_json(random)
        for end in (len(text), random.randrange(len(text))):
            one, other = (Redactor([SECRET]).for_request("username") for _ in range(2))
            expected = redacted(text[:end], one.value)
            found = redacted_again(text[:end], other.value, harmless)
            # A secret that is known by its value is masked in the end, wherever it is.
            assert other.redact_known(found) == one.redact_known(expected), text[:end]
            assert other._found == one._found
            changed += found != text[:end]

    assert changed > 100
    assert len(harmless) > 50


def answer(number: int, **more: str) -> bytes:
    instance = {f"setting_{index}": f"value {index}" for index in range(40)}
    return json.dumps({"instance": {"id": number, "label": f"my {number}", **instance, **more}}).encode()


def exchange(body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> Exchange:
    moment = datetime(2010, 12, 20, tzinfo=UTC)
    return Exchange("GET", "/instances/1.json", 200, moment, headers=headers, answer=Body.of(body))


def test_a_secret_is_masked_though_most_of_the_answer_is_known() -> None:
    journal = Journal(Redactor([SECRET]))
    for number in range(3):
        journal.add(exchange(answer(number, password=f"pässword-{number}", note=f"it is pässword-{number}, {SECRET}")))

    for entry in journal.entries():
        assert '"password": "***"' in entry.answer
        assert '"note": "it is ***, ***"' in entry.answer
        assert '"setting_3": "value 3"' in entry.answer


def test_a_header_makes_no_member_of_json_harmless() -> None:
    text = '"url": "no address"'  # as the text of a header it has no secret, as a URL it may
    journal = Journal()
    journal.add(exchange(b"{}", (("X", text),)))
    journal.add(exchange(f"{{{text}}}".encode()))

    first, second = journal.entries()
    assert first.headers == {"X": text}
    assert second.answer == '{"url": "***"}'


def test_an_answer_of_which_most_is_known_takes_a_fraction_of_the_time() -> None:
    redactor = Redactor()
    text = answer(1).decode()

    def redact(_: None) -> None:
        redactor.for_request().redact(lambda one: one.body(text, is_ours=True))

    def redact_first(_: None) -> None:
        redactor.forget()
        redact(None)

    # The best of several, since other processes can only make one longer.
    first, again = (min(cpu_time(action, None) for _ in range(20)) for action in (redact_first, redact))
    assert again < first / 2


def test_nothing_is_remembered_of_a_journal_that_was_cleared() -> None:
    redactor = Redactor()
    journal = Journal(redactor)
    journal.add(exchange(answer(1), (("X", "a b"),)))
    journal.entries()
    assert redactor._memory.harmless("JSON")
    assert redactor._memory.harmless("header") == {"a b"}

    journal.clear()
    assert not redactor._memory.harmless("JSON")
    assert not redactor._memory.harmless("header")
