"""The emulator's time, shown and changed by the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.model.lifecycle import BootDelay
from tests.support.control import control

if TYPE_CHECKING:
    from tests.conftest import Serve, Served

DAY = 86400


def test_a_frozen_clock_gives_every_instance_the_same_moment(api: Served) -> None:
    answer = control(api, "POST", "clock", {"set": "2012-09-21T15:03:44Z", "freeze": True})

    assert answer.json() == {"now": "2012-09-21T15:03:44Z", "frozen": True}
    assert [api.create()["created_at"] for _ in range(2)] == ["2012-09-21T15:03:44Z"] * 2
    assert control(api, "GET", "clock").json() == answer.json()


def test_advancing_the_time_ends_a_boot_delay(serve: Serve) -> None:
    api = serve(boot_delay=BootDelay(seconds=60))
    api.create()
    assert api.get("/instances/1.json").json()["status"] == "starting"

    control(api, "POST", "clock", {"advance": 61})

    assert api.get("/instances/1.json").json()["status"] == "running"


def test_a_time_that_is_set_goes_on_from_there(api: Served) -> None:
    control(api, "POST", "clock", {"set": "2012-09-21T15:03:44Z"})
    api.clock.advance(2)

    assert control(api, "GET", "clock").json() == {"now": "2012-09-21T15:03:46Z", "frozen": False}


def test_a_thawed_time_goes_on_from_where_it_was_frozen(api: Served) -> None:
    control(api, "POST", "clock", {"set": "2012-09-21T15:03:44Z", "freeze": True})
    api.clock.advance(DAY)
    control(api, "POST", "clock", {"freeze": False})
    api.clock.advance(1)

    assert control(api, "GET", "clock").json() == {"now": "2012-09-21T15:03:45Z", "frozen": False}


def test_python_advances_the_same_clock(api: Served) -> None:
    control(api, "POST", "clock", {"set": "2012-09-21T15:03:44Z", "freeze": True})

    api.emulator.advance(DAY)

    assert api.create()["created_at"] == "2012-09-22T15:03:44Z"


def test_at_the_end_of_the_calendar_the_time_stands_still_and_everything_works(serve: Serve) -> None:
    api = serve(boot_delay="5s")
    control(api, "POST", "clock", {"set": "9999-12-31T23:59:59Z"})
    api.clock.advance(3600)

    assert control(api, "GET", "clock").json() == {"now": "9999-12-31T23:59:59Z", "frozen": False}
    made = api.create()
    assert made["created_at"] == "9999-12-31T23:59:59Z"
    assert api.get("/instances.json").status_code == 200
    control(api, "POST", "clock", {"set": "2012-09-21T15:03:44Z"})
    assert control(api, "GET", "clock").json()["now"] == "2012-09-21T15:03:44Z"


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "9999-12-31T00:59:59-23:00", "0001-01-01T00:00:00Z"])
@pytest.mark.parametrize("boot_delay", ["0", "5", "3reads"])
def test_a_second_after_the_first_or_last_moment_nothing_fails(serve: Serve, moment: str, boot_delay: str) -> None:
    api = serve(boot_delay=boot_delay)
    api.create()
    assert control(api, "POST", "clock", {"set": moment}).status_code == 200
    api.clock.advance(1)
    api.create(plan="mini")

    document = control(api, "GET", "state").json()
    answers = [
        *(api.get(path) for path in ("/instances.json", "/instances/1.xml", "/_rtgmock/requests", "/_rtgmock/clock")),
        api.put("/instances/1.json", json={"plan": "large"}),
        api.put("/instances/2.json", json={"timeout": 30}),
        control(api, "PUT", "state", document),
        control(api, "POST", "instances/1/status", {"status": "starting"}),
        control(api, "POST", "clock", {"freeze": True}),
        control(api, "POST", "clock", {"freeze": False}),
        control(api, "GET", "health"),
        api.delete("/instances/1"),
        control(api, "POST", "reset"),
    ]
    assert [answer.status_code for answer in answers] == [200] * len(answers)


@pytest.mark.parametrize("freeze", [{}, {"freeze": True}, {"freeze": False}])
def test_of_a_refused_change_nothing_is_done(api: Served, freeze: dict[str, bool]) -> None:
    before = control(api, "GET", "clock").json()
    refused = control(api, "POST", "clock", {"set": "9999-12-31T23:59:59Z", "advance": 3600, **freeze})

    assert refused.status_code == 422
    assert control(api, "GET", "clock").json() == before


def test_a_time_after_the_year_9999_is_refused(api: Served) -> None:
    control(api, "POST", "clock", {"set": "9999-12-31T23:59:00Z", "freeze": True})

    assert control(api, "POST", "clock", {"advance": 3600}).status_code == 422
    assert control(api, "GET", "clock").json()["now"] == "9999-12-31T23:59:00Z"


@pytest.mark.parametrize(
    ("path", "document", "message"),
    [
        ("clock", {}, "Nothing to do: accepted are set, advance, freeze"),
        ("clock", {"advnace": 1}, "advnace is not known; did you mean advance?"),
        ("clock", {"advance": "1"}, "advance is not a number"),
        ("clock", {"advance": 1e300}, "advance must be from -1e+09 to 1e+09"),
        ("clock", {"set": "yesterday"}, "set is invalid"),
        ("clock", {"set": "2012-01-01T00:00:00"}, "set is invalid"),
        ("clock", {"freeze": "maybe"}, "freeze is not included in the list"),
    ],
)
def test_a_mistake_is_named(api: Served, path: str, document: object, message: str) -> None:
    api.create()

    answer = control(api, "POST", path, document)

    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert message in error
