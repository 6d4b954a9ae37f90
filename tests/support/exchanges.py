"""The exchanges in ``fixtures/exchanges``: a state, a request and the expected response, each with its source.

Each file is TOML:

- ``request`` and ``response`` are written as they go over the wire, except for the line ends of their heads, and for
  ``Host``, which is added. The response must have the headers that are written, and may have others.
- ``[given]`` is the state before the request: the version of the API; accounts, in the order of their ids or by id;
  servers by id; and instances, by the attributes that differ from their plan's defaults. The time is
  2010-12-20T00:35:22Z.
- ``compare`` says how the response's body is compared: ``bytes``, or ``data`` for its parsed content, including the
  order of keys and elements.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, fromstring

from rtgmock.model.attributes import ASSIGNED, DOCUMENTED
from rtgmock.model.instances import new_instance
from rtgmock.model.plans import PLANS
from rtgmock.settings.parsers import parse_account
from rtgmock.storage.tables import HEAD
from tests.support.raw import Answer

if TYPE_CHECKING:
    from rtgmock.storage.store import Store

FOLDER = Path(__file__).parents[2] / "fixtures" / "exchanges"


@dataclass(frozen=True)
class Exchange:
    name: str
    source: str
    compare: str
    request: str
    response: str
    given: dict[str, Any]

    def settings(self) -> dict[str, Any]:
        """Return the settings with which the emulator must be started."""
        accounts = {"accounts": tuple(map(parse_account, self._accounts()))}
        others = ("api", "hostname", "random_seed")
        return accounts | {name: self.given[name] for name in others if name in self.given}

    def _accounts(self) -> list[str]:
        """Return the accounts in the order of their ids; ids that are not given belong to other accounts."""
        given = self.given.get("accounts", ["username:password"])
        if isinstance(given, list):
            return given
        return [given.get(f"{number}", f"other-{number}:password") for number in range(1, max(map(int, given)) + 1)]

    def fill(self, store: Store) -> None:
        """Store the given servers and instances."""
        with store.transaction() as change:
            for number, name in self.given.get("servers", {"1": "ray"}).items():
                change.add_server(int(number), name)
            for given in self.given.get("instances", []):
                _count_up(store, given["id"])
                change.put_instance(_record(given))

    def wire_request(self, host: str) -> bytes:
        head, _, body = self.request.partition("\n\n")
        lines = [*head.split("\n"), f"Host: {host}", "Connection: close"]
        return "\r\n".join([*lines, "", body]).encode()

    def wanted(self) -> Answer:
        head, _, body = self.response.partition("\n\n")
        status_line, *fields = head.rstrip("\n").split("\n")
        _, status, reason = status_line.split(" ", 2)
        headers = dict(field.split(": ", 1) for field in fields)
        return Answer(int(status), reason, headers, body.encode())


def _record(given: dict[str, Any]) -> dict[str, Any]:
    nulls = dict.fromkeys(given.get("nulls", []))
    values = {name: value for name, value in given.items() if name != "nulls"}
    values = {"config_command": "0" * 32} | values
    assigned = {attribute.name: values[attribute.name] for attribute in ASSIGNED}
    return new_instance(PLANS[given["plan"]], DOCUMENTED, assigned) | values | nulls


def _count_up(store: Store, instance_id: int) -> None:
    """Let an id be the last one given, at once: counting up to a recorded one would take its time."""
    head = store._storage.read()[HEAD]["1"]
    store._database.named(HEAD).put(1, {**head, "last_instance_id": instance_id})


def load() -> list[Exchange]:
    return [_load(path) for path in sorted(FOLDER.glob("*.toml"))]


def _load(path: Path) -> Exchange:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Exchange(
        path.stem,
        data["source"],
        data.get("compare", "bytes"),
        data["request"],
        data["response"],
        data.get("given", {}),
    )


def meaning(body: bytes) -> Any:
    """Parse a body into nested data that keeps the order of keys and elements, without the white space between them."""
    if body.lstrip().startswith(b"<"):
        return _element(fromstring(body))
    return json.loads(body, object_pairs_hook=lambda pairs: pairs)


def _element(element: Element) -> Any:
    children = [_element(child) for child in element]
    return element.tag, element.attrib, children or (element.text or "")
