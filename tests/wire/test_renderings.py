"""Renderings are kept until anything changes that they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.model.attributes import APIS, DOCUMENTED, STORED
from rtgmock.wire.formats import ANSWERS
from rtgmock.wire.renderings import Renderings
from rtgmock.wire.representation import ViewContext, represent
from tests.support.values import record

if TYPE_CHECKING:
    from rtgmock.wire.format import AnswerFormat

VIEW = ViewContext("username", "localhost", {})


each_format = pytest.mark.parametrize("answer_format", ANSWERS, ids=lambda one: one.name)


def rendered(stored: dict[str, Any], view: ViewContext, answer_format: AnswerFormat) -> tuple[bytes, bytes]:
    """One instance and a list of it, as they are without any cache."""
    shown, listed = (
        represent(stored, payload, view) for payload in (answer_format.show_payload, answer_format.list_payload)
    )
    return answer_format.encode_instance(shown), answer_format.encode_list([listed])


def kept(renderings: Renderings, stored: dict[str, Any], view: ViewContext, answer_format: AnswerFormat) -> Any:
    return renderings.instance(stored, view, answer_format), renderings.instances([stored], view, answer_format)


@each_format
def test_an_unchanged_instance_is_rendered_once(answer_format: AnswerFormat) -> None:
    renderings = Renderings()
    first = renderings.instance(record(), VIEW, answer_format)

    assert renderings.instance(record(), VIEW, answer_format) is first


@each_format
def test_a_list_of_unchanged_instances_is_in_memory_once_however_many_clients_ask(answer_format: AnswerFormat) -> None:
    renderings = Renderings()
    first = renderings.instances([record(id=1), record(id=2)], VIEW, answer_format)

    assert renderings.instances([record(id=1), record(id=2)], VIEW, answer_format) is first
    assert renderings.instances([record(id=2)], VIEW, answer_format) != first


@each_format
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("name", [attribute.name for attribute in STORED])
def test_a_change_of_any_attribute_is_seen_at_once(answer_format: AnswerFormat, api: int, name: str) -> None:
    renderings, view = Renderings(), VIEW._replace(api=api)
    before = record()
    kept(renderings, before, view, answer_format)
    value = before[name]
    changed = before | {name: ["1 1"] if isinstance(value, list) else not value if isinstance(value, bool) else "7"}
    if isinstance(value, int) and not isinstance(value, bool):
        changed[name] = value + 1

    assert kept(renderings, changed, view, answer_format) == rendered(changed, view, answer_format)
    assert kept(renderings, before, view, answer_format) == rendered(before, view, answer_format)


@each_format
@pytest.mark.parametrize(
    "change",
    [
        {"username": "another"},
        {"hostname": "redis.example.org"},
        {"hostname": "{server}.example.org", "servers": {1: "cod"}},
        {"api": next(api for api in APIS if api != DOCUMENTED)},
    ],
    ids="-".join,
)
def test_a_change_of_the_clients_view_is_seen_at_once(answer_format: AnswerFormat, change: dict[str, Any]) -> None:
    renderings, view = Renderings(), VIEW._replace(hostname="{server}.example.org", servers={1: "ray"})
    kept(renderings, record(), view, answer_format)
    changed = view._replace(**change)

    assert kept(renderings, record(), changed, answer_format) == rendered(record(), changed, answer_format)


def test_the_oldest_renderings_are_dropped_when_there_are_too_many() -> None:
    renderings = Renderings(max_renderings=2)
    [answer_format, *_] = ANSWERS
    first, second, third = (record(id=number) for number in (1, 2, 3))
    bodies = [renderings.instance(one, VIEW, answer_format) for one in (first, second, third)]

    assert renderings.instance(second, VIEW, answer_format) is bodies[1]
    assert renderings.instance(third, VIEW, answer_format) is bodies[2]
    assert renderings.instance(first, VIEW, answer_format) is not bodies[0]


def test_nothing_is_kept_after_a_reset() -> None:
    renderings = Renderings()
    [answer_format, *_] = ANSWERS
    first = renderings.instance(record(), VIEW, answer_format)
    renderings.reset()

    assert renderings.instance(record(), VIEW, answer_format) is not first


def test_those_of_one_account_are_forgotten_alone() -> None:
    renderings, other = Renderings(), VIEW._replace(username="other")
    [answer_format, *_] = ANSWERS
    bodies = [renderings.instance(record(), view, answer_format) for view in (VIEW, other)]

    renderings.reset("other")

    assert renderings.instance(record(), VIEW, answer_format) is bodies[0]
    assert renderings.instance(record(), other, answer_format) is not bodies[1]


def test_those_of_the_oldest_account_are_dropped_when_there_are_too_many() -> None:
    renderings = Renderings(max_accounts=2)
    [answer_format, *_] = ANSWERS
    views = [VIEW._replace(username=name) for name in ("a", "b", "c")]
    bodies = [renderings.instance(record(), view, answer_format) for view in views]
    for number in range(5):
        renderings.instances([], VIEW._replace(username=f"empty-{number}"), answer_format)

    for view, body in reversed([*zip(views, bodies, strict=True)][1:]):
        assert renderings.instance(record(), view, answer_format) is body
    assert renderings.instance(record(), views[0], answer_format) is not bodies[0]


def test_what_other_accounts_are_shown_takes_no_ones_place() -> None:
    renderings = Renderings(max_renderings=2)
    [answer_format, *_] = ANSWERS
    first = renderings.instance(record(), VIEW, answer_format), renderings.instances([record()], VIEW, answer_format)
    others = [record(id=number) for number in (2, 3)]
    for other in others:
        renderings.instance(other, VIEW._replace(username="other"), answer_format)
    renderings.instances(others, VIEW._replace(username="other"), answer_format)

    assert renderings.instance(record(), VIEW, answer_format) is first[0]
    assert renderings.instances([record()], VIEW, answer_format) is first[1]
