"""Pages of an attacker in a real browser, and an emulator whose user uses the same browser."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from rtgmock.settings.config import Config
from tests.conftest import Served
from tests.support.clock import ManualClock
from tests.support.command import DEADLINE, until
from tests.support.ports import free_ports
from tests.support.sites import attacker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from playwright.sync_api import BrowserContext, Page, Response

    from rtgmock.web.access_log import Entry
    from tests.support.sites import Site

FOREIGN = ("evil.example", "127.0.0.1", "localhost", "api.test")
"""Hosts of pages on another port: of another site, and of the same one."""
REBOUND = ("evil.example", "redistogo.com", "www.redistogo.com", "rtgmock")
"""Hosts of pages on the attacked port, whose names lead to the emulator once the page is loaded."""
LOCAL = ("127.0.0.1", "localhost")
VISITED = (*LOCAL, "api.test")
"""Hosts by which the browser's user visits the emulator."""
NETWORK_CHANGED = "ERR_NETWORK_CHANGED"
TRIES = 10
LATE = "(late)"
"""What a page has seen of an attack that had no end in time, as in attacks.js."""


@dataclass
class Attackers:
    """Pages of an attacker, of which some are on a port where the attacked server starts afterwards."""

    browser: BrowserContext
    home: Site
    port: int
    foreign: dict[str, Page] = field(default_factory=dict)
    rebound: dict[str, Page] = field(default_factory=dict)

    @classmethod
    @contextlib.contextmanager
    def loaded(cls, browser: BrowserContext) -> Iterator[Attackers]:
        """Load the pages; the attacker's own site runs as long as the context."""
        with attacker() as home:
            made = cls(browser, home, free_ports(1)[0])
            made.foreign = {host: made.open(f"http://{host}:{home.port}/") for host in FOREIGN}
            with attacker(made.port):
                made.rebound = {host: made.open(f"http://{host}:{made.port}/") for host in REBOUND}
            yield made

    def open(self, url: str) -> Page:
        page = self.browser.new_page()
        answer = until(lambda: _go(page, url))
        assert answer is not None
        assert answer.status == 200
        return page

    def visit(self) -> None:
        """Let the user visit the server and give the password, which the browser sends by itself from then on."""
        for host in VISITED:
            for account in ("username:password@", ""):
                self.open(f"http://{account}{host}:{self.port}/instances.json").close()

    def attack(
        self, page: Page, host: str, *, only: Iterable[str] = (), function: str = "run", patience: float = DEADLINE
    ) -> dict[str, str]:
        """Send every attack from a page to a host of the server; return what the page saw of the answers, by attack.

        ``only`` are the names of the attacks to send, by default all. ``patience`` is how many seconds to wait for an
        attack that neither succeeds nor fails.
        """
        origins = [f"http://{host}:{self.port}", f"http://127.0.0.1:{self.home.port}"]
        parameters = [*origins, patience * 1000, list(only) or None]
        saw: dict[str, str] = page.evaluate(f"(parameters) => {function}(...parameters)", parameters)
        return saw


def _go(page: Page, url: str) -> Response | None:
    """Load a page; return None where the network changed meanwhile, as for each container that another test starts."""
    try:
        return page.goto(url)
    except Exception as error:
        if NETWORK_CHANGED not in str(error):
            raise
        return None


@dataclass
class Outcome:
    """What has become of one page's attacks on an emulator."""

    saw: dict[str, str]
    """What the page saw of the answers, by attack."""
    log: list[Entry]

    @property
    def seen(self) -> dict[str, str]:
        """What the page saw, without the attacks by which it saw nothing."""
        return {name: text for name, text in self.saw.items() if text}

    @property
    def arrived(self) -> set[str]:
        """The names of the attacks that have reached the emulator."""
        return {_attack(entry) for entry in self.log}

    @property
    def obeyed(self) -> set[str]:
        """The names of the attacks that the emulator has not refused."""
        return {_attack(entry) for entry in self.log if entry["status"] != 403}


class Target:
    """An emulator with an instance, on the attacked port."""

    def __init__(self, api: Served, attackers: Attackers) -> None:
        self.api = api
        self._attackers = attackers

    def attack(self, page: Page, host: str, *, arrives: Callable[[str], bool] = bool, **options: Any) -> Outcome:
        """Send every attack from a page. ``arrives`` tells of a way of attack whether the browser sends it at all.

        Attacks that have not arrived are sent again, since Chromium gives up all requests when the network changes.
        """
        start = len(self.api.log)
        outcome = Outcome(self._attackers.attack(page, host, **options), [])
        expected = {name for name in outcome.saw if arrives(way(name))}
        for _ in range(TRIES):
            outcome.log = [entry for entry in self.api.log[start:] if "attack=" in entry["path"]]
            if not (missing := expected - outcome.arrived):
                break
            outcome.saw.update(self._attackers.attack(page, host, only=missing, **options))
        return outcome

    def everything(self) -> dict[str, Any]:
        """Return all that a client can change."""
        return {path: self.api.get(f"/_rtgmock/{path}").json() for path in ("state", "faults", "clock")}


def way(attack: str) -> str:
    """Return the way of an attack, which its name has before the path."""
    return attack.rpartition(" ")[0]


def _attack(entry: Entry) -> str:
    name: str = parse_qs(entry["path"].partition("?")[2])["attack"][0]
    return name


@contextlib.contextmanager
def attacked_emulator(attackers: Attackers) -> Iterator[Target]:
    """Run an emulator on the attacked port, and let the browser's user visit it."""
    served = Served(Config(port=attackers.port, state=None, random_seed=7, redis="off"), ManualClock())
    try:
        served.create(label="precious")
        attackers.visit()
        yield Target(served, attackers)
    finally:
        served.close()
