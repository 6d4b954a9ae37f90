"""No page in a browser can use the emulator, or see what it answers: shown with Chromium.

Attackers have every name and every port that a page can have, and send all that a page can send (attacks.js). The same
attacks on servers without a guard succeed, so that these tests can fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.web import guard
from tests.support.attack_pages import FOREIGN, LATE, LOCAL, REBOUND, Attackers, Outcome, attacked_emulator, way
from tests.support.browser import browsing
from tests.support.sites import LOOT, open_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from playwright.sync_api import Page

    from rtgmock.settings.config import Config
    from rtgmock.web.request_context import Before, RequestContext

INVISIBLE = {"embed"}
"""What loads, and may not be looked into by any page."""


@pytest.fixture(scope="module")
def attackers() -> Iterator[Attackers]:
    with browsing({*FOREIGN, *REBOUND} - set(LOCAL)) as browser, Attackers.loaded(browser) as attackers:
        yield attackers


def attack(attackers: Attackers, page: Page, host: str, **options: Any) -> Outcome:
    """Attack an emulator that the browser's user has visited, and check that nothing has changed."""
    with attacked_emulator(attackers) as target:
        before = target.everything()
        outcome = target.attack(page, host, **options)
        assert target.everything() == before
        return outcome


@pytest.mark.parametrize(
    ("page", "host"),
    [
        ("evil.example", "127.0.0.1"),
        ("evil.example", "0.0.0.0"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
    ],
)
def test_a_page_of_another_origin_changes_and_sees_nothing(attackers: Attackers, page: str, host: str) -> None:
    outcome = attack(attackers, attackers.foreign[page], host)

    assert outcome.seen == {}
    assert outcome.arrived == set(outcome.saw)
    assert outcome.obeyed == set()


@pytest.mark.parametrize("page", ["evil.example", "api.test"])
def test_a_page_sees_nothing_where_its_browser_does_not_tell_its_site(attackers: Attackers, page: str) -> None:
    # Browsers send Sec-Fetch-Site by HTTPS and to loopback addresses only, and no Origin with most GET requests.
    outcome = attack(attackers, attackers.foreign[page], "api.test")

    assert outcome.seen == {}
    assert outcome.arrived == set(outcome.saw)
    assert {entry["method"] for entry in outcome.log if entry["status"] != 403} == {"GET"}


def test_a_sandboxed_page_changes_and_sees_nothing(attackers: Attackers) -> None:
    stopped = "form in a window"  # no sandbox lets a form lead another window
    page = attackers.foreign["evil.example"]
    outcome = attack(attackers, page, "127.0.0.1", function="runSandboxed", arrives=lambda way: way != stopped)

    assert outcome.seen == {}
    assert outcome.obeyed == set()
    assert {way(name) for name in set(outcome.saw) - outcome.arrived} == {stopped}


@pytest.mark.parametrize("host", REBOUND)
def test_a_page_with_a_rebound_name_sees_only_that_it_is_refused(attackers: Attackers, host: str) -> None:
    outcome = attack(attackers, attackers.rebound[host], host)

    assert outcome.arrived == set(outcome.saw)
    assert outcome.seen != {}
    check_only_refused(outcome, host)


def check_only_refused(outcome: Outcome, host: str) -> None:
    assert outcome.obeyed == set()
    refusals = (f"The Host {host} is not answered to", f"403The Host {host} is not answered to")
    timings = {name for name in outcome.seen if way(name) == "timing"}
    assert all(outcome.seen[name].startswith("403 ") for name in timings)
    others = {name: text for name, text in outcome.seen.items() if name not in timings}
    assert {name: text for name, text in others.items() if not text.startswith(refusals)} == {}


def test_a_password_in_the_url_helps_no_page(attackers: Attackers) -> None:
    # Chromium stops most of these itself, frames without telling the page.
    arriving = {"window", "form in a window", "WebSocket", "XMLHttpRequest"}
    options: dict[str, Any] = {"patience": 0.5, "arrives": arriving.__contains__}
    outcome = attack(attackers, attackers.foreign["evil.example"], "username:password@127.0.0.1", **options)
    assert set(outcome.seen.values()) <= {LATE}
    assert outcome.obeyed == set()
    assert {way(name) for name in outcome.arrived} >= arriving

    rebound = attack(attackers, attackers.rebound["evil.example"], "username:password@evil.example", **options)
    rebound.saw = {name: text for name, text in rebound.saw.items() if text != LATE}
    assert {way(name) for name in rebound.seen} >= arriving - {"WebSocket"}
    check_only_refused(rebound, "evil.example")


@pytest.mark.parametrize("is_rebound", [False, True])
def test_an_emulator_without_its_guard_is_changed_by_the_same_attacks(
    attackers: Attackers, monkeypatch: pytest.MonkeyPatch, is_rebound: bool
) -> None:
    def no_checks(config: Config, machine: str) -> Before:
        def check(context: RequestContext) -> None:
            context.host = "127.0.0.1"

        return check

    monkeypatch.setattr(guard, "checks", no_checks)
    page, host = (
        (attackers.rebound["rtgmock"], "rtgmock") if is_rebound else (attackers.foreign["127.0.0.1"], "127.0.0.1")
    )
    with attacked_emulator(attackers) as target:
        before = target.everything()
        outcome = target.attack(page, host)
        assert target.everything() != before

    assert outcome.obeyed
    if is_rebound:
        assert any("redis://" in text for text in outcome.seen.values())


def successful(attackers: Attackers, page: Page, host: str, *, needs_password: bool) -> tuple[set[str], set[str]]:
    """Return the ways of attack that succeed on a site that permits everything, and all ways."""
    got, every, missing = set[str](), set[str](), set[str]()
    with open_site(attackers.port, needs_password=needs_password) as site:
        attackers.visit()
        for _ in range(3):  # since Chromium gives up all requests when the network changes
            saw = attackers.attack(page, host, only=missing)
            got |= site.changed | {name for name, text in saw.items() if LOOT in text or text not in {"", LATE, "401"}}
            every |= set(saw)
            missing = every - got
        assert {way(name) for name in site.read} >= INVISIBLE
    return {way(name) for name in got}, {way(name) for name in every}


def test_each_way_of_attack_succeeds_on_a_site_that_permits_everything(attackers: Attackers) -> None:
    page = attackers.rebound["evil.example"]
    rebound, every = successful(attackers, page, "evil.example", needs_password=True)
    assert rebound == every - INVISIBLE

    # A page of another origin never sees into these. Chromium sends a password by itself on the same site only.
    unseen = INVISIBLE | {"fetch without cors", "fetch from the cache", "frame", "redirected frame", "window"}
    for host, needs_password in (("evil.example", False), ("127.0.0.1", True)):
        foreign, every = successful(attackers, attackers.foreign[host], "127.0.0.1", needs_password=needs_password)
        assert every - foreign == unseen


OWN_REQUEST = """async ([method, path, body]) => {
  const headers = { Authorization: `Basic ${btoa('username:password')}`, 'Content-Type': 'application/json' };
  return (await fetch(path, { method, headers, body: JSON.stringify(body) })).status;
}"""


ASK_FOR_A_TUNNEL = """async () => {
  const path = '/instances.json';
  const ways = [() => fetch(path, { method: 'CONNECT' }), () => new XMLHttpRequest().open('CONNECT', path)];
  const errors = ways.map(async (ask) => { try { await ask(); return ''; } catch (error) { return error.name; } });
  return Promise.all(errors);
}"""


def test_no_page_can_ask_for_a_tunnel(attackers: Attackers) -> None:
    with attacked_emulator(attackers) as target:
        page = attackers.open(f"{target.api.url}/_rtgmock/health")
        errors = page.evaluate(ASK_FOR_A_TUNNEL)
        page.close()

        assert errors == ["TypeError", "SecurityError"]
        assert not [entry for entry in target.api.log if entry["method"] == "CONNECT"]


def test_the_emulators_own_pages_and_programs_are_let_in(attackers: Attackers) -> None:
    with attacked_emulator(attackers) as target:
        page = attackers.open(f"{target.api.url}/_rtgmock/health")
        created = page.evaluate(OWN_REQUEST, ["POST", "/instances.json", {"plan": "nano"}])
        replaced = page.evaluate(OWN_REQUEST, ["PUT", "/_rtgmock/state", {"instances": [{"plan": "mini"}]}])
        page.close()

        assert (created, replaced) == (201, 200)
        assert [item["instance"]["plan"] for item in target.api.get("/instances.json").json()] == ["mini"]
