"""The real emulator over sockets, driven by random operations beside a plain model, with restarts and kills."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rtgmock.model.lifecycle import BootDelay
from rtgmock.settings.config import Config
from rtgmock.settings.parsers import Credentials
from tests.conftest import Served
from tests.support.agreement import copy_files, state_on_disk
from tests.support.clock import ManualClock
from tests.support.encodings import ENCODINGS, as_json, decoded
from tests.support.faulty_disk import FAILURES, FaultyDisk
from tests.support.model import ACCOUNTS, CAPACITY, PLANS, PORTS, Model
from tests.support.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from tests.support.model import Instance, Values

PASSWORDS = {"username": "password", "other": "s3cret"}
STATUSES = ("new", "starting", "running", "failed")
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "label": st.sampled_from(["mongrel", "Zürich ☃", "a&b <c>", "x" * 255]),
        "timeout": st.sampled_from([0, 7, 150, 2**31 - 1]),
        "persistence": st.sampled_from(["aof", "snapshot", "none"]),
        "appendfsync": st.sampled_from(["always", "everysec", "no"]),
        "databases": st.sampled_from([1, 2, 10000]),
        "activerehashing": st.booleans(),
        "memory_limit_notification": st.booleans(),
        "hash_max_zipmap_value": st.sampled_from([0, 512]),
        "snapshots": st.sampled_from([[], ["900 1"], ["60 5", "10 1"]]),
        "password": st.sampled_from(["a" * 32, "b" * 32]),
    },
)
WRONG = st.sampled_from(
    [
        {"timeout": -1},
        {"timeout": "soon"},
        {"plan": "huge"},
        {"label": "x" * 256},
        {"label": "a\nb"},
        {"databases": 0},
        {"slave": True},
        {"snapshots": ["900"]},
        {"plan": "mini", "appendfsync": "sometimes"},
    ]
)
PLAN = st.sampled_from(list(PLANS))
ACCOUNT = st.sampled_from(list(ACCOUNTS))
EXTENSION = st.sampled_from(["json", "xml"])
ENCODING = st.sampled_from(ENCODINGS)
CHOICE = st.integers(0, 20)
"""Which of the instances a rule is about."""
FAILURE = st.none() | st.tuples(st.integers(0, 4), st.sampled_from(FAILURES))
"""The system call that fails in a change, if any does."""


class EmulatorMachine(RuleBasedStateMachine):
    """Sends requests of every kind, and expects of each answer what the model says."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.disk = FaultyDisk(self.folder, self.stack.enter_context(pytest.MonkeyPatch.context()))
        self.saved: list[tuple[Any, Model]] = []
        self.kills = 0

    @initialize(boot_reads=st.sampled_from([0, 0, 2]))
    def start(self, boot_reads: int) -> None:
        self.model = Model(boot_reads)
        self.path = self.folder / "state.json"
        self.api = self.started()

    def started(self) -> Served:
        config = Config(
            port=0,
            state=self.path,
            accounts=tuple(Credentials(name, PASSWORDS[name]) for name in ACCOUNTS),
            server_memory=CAPACITY,
            ports=PORTS,
            redis="off",
            boot_delay=BootDelay(reads=self.model.boot_reads),
        )
        served = Served(config, ManualClock())
        self.stack.callback(served.close)
        return served

    def teardown(self) -> None:
        self.stack.close()

    # Requests.

    def send(self, account: str, method: str, path: str, **options: Any) -> requests.Response:
        self.model.journal[account] += 1
        return self.api.call(method, path, auth=(account, PASSWORDS[account]), **options)

    def send_values(
        self, account: str, method: str, path: str, values: Values, encoding: Callable[[Values], tuple[str, bytes]]
    ) -> requests.Response:
        content_type, body = encoding(values)
        return self.send(account, method, path, data=body, headers={"Content-Type": content_type})

    def control(self, method: str, path: str, document: Any = None, status: int = 200) -> Any:
        headers = {"Content-Type": "application/json"}
        answer = self.api.call(method, f"/_rtgmock/{path}", json=document, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def pick(self, choice: int) -> tuple[int, Instance]:
        numbers = sorted(self.model.instances)
        number = numbers[choice % len(numbers)]
        return number, self.model.instances[number]

    @contextlib.contextmanager
    def failing(self, failure: tuple[int, int] | None) -> Iterator[None]:
        with self.disk.failing(*failure) if failure else contextlib.nullcontext():
            yield

    @staticmethod
    def is_made(answer: requests.Response, failure: tuple[int, int] | None) -> bool:
        """Return whether a change was made; if not, a system call must have failed."""
        if answer.status_code != 500:
            return True
        assert failure
        assert "nothing has changed" in answer.text
        return False

    def check_shown(self, shown: Values, instance: Instance) -> None:
        credentials = f"{instance.account}:{instance.shown['password']}"
        url = f"redis://{credentials}@127.0.0.1:{instance.shown['port']}/"
        assert shown == {**instance.shown, "url": url}

    # Rules: the emulated API.

    @rule(account=ACCOUNT, plan=PLAN, values=SETTINGS, encoding=ENCODING, extension=EXTENSION, failure=FAILURE)
    def create(
        self, *, account: str, plan: str, values: Values, encoding: Any, extension: str, failure: tuple[int, int] | None
    ) -> None:
        with self.failing(failure):
            answer = self.send_values(account, "POST", f"/instances.{extension}", {"plan": plan, **values}, encoding)
        if not self.is_made(answer, failure):
            return
        if not self.model.can_create(plan):
            assert answer.status_code == 422, answer.text
            return
        assert answer.status_code == 201, answer.text
        expected = self.model.expected(account, plan, values)
        assert answer.headers["Location"] == f"/instances/{expected['id']}.{extension}"
        shown = decoded(answer.headers["Content-Type"], answer.content)
        assert {name: shown[name] for name in expected} == expected
        self.model.add(account, shown)

    @rule(account=ACCOUNT, values=WRONG, encoding=st.sampled_from([as_json, *ENCODINGS[2:]]))
    def create_with_a_mistake(self, account: str, values: Values, encoding: Any) -> None:
        if encoding is not as_json and "\n" in str(values.get("label")):
            encoding = as_json
        answer = self.send_values(account, "POST", "/instances.json", {"plan": "nano", **values}, encoding)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"]

    @rule(account=ACCOUNT, extension=EXTENSION)
    def list_all(self, account: str, extension: str) -> None:
        answer = self.send(account, "GET", f"/instances.{extension}")
        assert answer.status_code == 200
        own = self.model.of(account)
        for number in own:
            self.model.read(number)
        listed = decoded(answer.headers["Content-Type"], answer.content)
        assert [item["id"] for item in listed] == list(own)
        for item, instance in zip(listed, own.values(), strict=True):
            assert item.items() <= instance.shown.items()

    @precondition(lambda self: self.model.instances)
    @rule(choice=CHOICE, extension=EXTENSION, method=st.sampled_from(["GET", "HEAD"]))
    def show(self, choice: int, extension: str, method: str) -> None:
        number, instance = self.pick(choice)
        answer = self.send(instance.account, method, f"/instances/{number}.{extension}")
        assert answer.status_code == 200
        self.model.read(number)
        if method == "GET":
            self.check_shown(decoded(answer.headers["Content-Type"], answer.content), instance)

    @precondition(lambda self: self.model.instances)
    @rule(choice=CHOICE, values=SETTINGS, encoding=ENCODING, extension=EXTENSION, failure=FAILURE)
    def update(
        self, choice: int, values: Values, encoding: Any, extension: str, failure: tuple[int, int] | None
    ) -> None:
        number, instance = self.pick(choice)
        path = f"/instances/{number}.{extension}"
        with self.failing(failure):
            answer = self.send_values(instance.account, "PUT", path, values, encoding)
        if not self.is_made(answer, failure):
            return
        if not values:
            assert answer.status_code == 422
            return
        assert answer.status_code == 200, answer.text
        self.model.update(number, values)
        self.check_shown(decoded(answer.headers["Content-Type"], answer.content), instance)

    @precondition(lambda self: self.model.instances)
    @rule(choice=CHOICE, plan=PLAN, failure=FAILURE)
    def change_plan(self, choice: int, plan: str, failure: tuple[int, int] | None) -> None:
        number, instance = self.pick(choice)
        with self.failing(failure):
            answer = self.send(instance.account, "PUT", f"/instances/{number}.json?plan={plan}")
        if not self.is_made(answer, failure):
            return
        if not self.model.can_change_plan(number, plan):
            assert answer.status_code == 422, answer.text
            return
        assert answer.status_code == 200, answer.text
        self.model.change_plan(number, plan)
        self.check_shown(answer.json(), instance)

    @precondition(lambda self: self.model.instances)
    @rule(choice=CHOICE, values=WRONG)
    def update_with_a_mistake(self, choice: int, values: Values) -> None:
        number, instance = self.pick(choice)
        answer = self.send_values(instance.account, "PUT", f"/instances/{number}.xml", values, as_json)
        assert answer.status_code == 422, answer.text

    @precondition(lambda self: self.model.instances)
    @rule(choice=CHOICE, by_override=st.booleans(), failure=FAILURE)
    def delete(self, choice: int, by_override: bool, failure: tuple[int, int] | None) -> None:
        number, instance = self.pick(choice)
        path = f"/instances/{number}"
        with self.failing(failure):
            if by_override:
                answer = self.send(instance.account, "POST", path, data={"_method": "delete"})
            else:
                answer = self.send(instance.account, "DELETE", path)
        if not self.is_made(answer, failure):
            return
        assert answer.status_code == 200
        assert answer.content == b""
        del self.model.instances[number]
        assert self.send(instance.account, "GET", path).status_code == 404

    @precondition(lambda self: self.model.instances)
    @rule(choice=CHOICE, method=st.sampled_from(["GET", "HEAD", "PUT", "DELETE"]))
    def another_account_finds_nothing(self, choice: int, method: str) -> None:
        number, instance = self.pick(choice)
        other = next(name for name in ACCOUNTS if name != instance.account)
        options = {"data": {"timeout": 3}} if method == "PUT" else {}
        assert self.send(other, method, f"/instances/{number}.json", **options).status_code == 404

    @rule(path=st.sampled_from(["/instances", "/instances/1.xml"]), method=st.sampled_from(["GET", "HEAD"]))
    def a_wrong_password_is_refused(self, path: str, method: str) -> None:
        self.model.journal[""] += 1
        assert self.api.call(method, path, auth=("other", "password")).status_code == 401

    # Rules: the control API.

    @precondition(lambda self: self.model.instances)
    @rule(choice=CHOICE, status=st.sampled_from(STATUSES), failure=FAILURE)
    def set_status(self, choice: int, status: str, failure: tuple[int, int] | None) -> None:
        number, _ = self.pick(choice)
        path, headers = f"/_rtgmock/instances/{number}/status", {"Content-Type": "application/json"}
        with self.failing(failure):
            answer = self.api.post(path, json={"status": status}, headers=headers)
        if self.is_made(answer, failure):
            assert answer.json() == {"id": number, "status": status}
            self.model.set_status(number, status)

    @precondition(lambda self: self.model.instances)
    @rule(choice=CHOICE, action=st.sampled_from(["stop", "start", "freeze", "drop"]))
    def there_is_no_redis(self, choice: int, action: str) -> None:
        self.control("POST", f"instances/{self.pick(choice)[0]}/redis", {"action": action}, 422)

    @rule(seconds=st.integers(0, 10**6), frozen=st.booleans())
    def change_the_clock(self, seconds: int, frozen: bool) -> None:
        self.model.advance(seconds)
        shown = self.control("POST", "clock", {"advance": seconds, "freeze": frozen})
        assert shown == {"now": self.model.moment, "frozen": frozen}

    @rule(account=ACCOUNT)
    def a_fault_makes_one_request_fail(self, account: str) -> None:
        rule = {"method": "POST", "status": 503, "times": 1, "account": account}
        self.control("POST", "faults", rule, 201)
        self.model.faults[account] += 1
        assert self.send(account, "POST", "/instances", data={"plan": "nano"}).status_code == 503

    @rule()
    def remove_the_faults(self) -> None:
        self.control("DELETE", "faults")
        self.model.faults.clear()

    @rule()
    def empty_the_journal(self) -> None:
        self.control("DELETE", "requests")
        self.model.journal.clear()

    @rule(account=ACCOUNT)
    def empty_the_journal_of_one_account(self, account: str) -> None:
        self.control("DELETE", f"requests?account={account}")
        self.model.journal[account] = 0

    @rule()
    def save(self) -> None:
        self.saved.append((self.control("GET", "state"), self.model.copy_state()))

    @precondition(lambda self: self.saved)
    @rule(choice=CHOICE, failure=FAILURE)
    def load(self, choice: int, failure: tuple[int, int] | None) -> None:
        document, model = self.saved[choice % len(self.saved)]
        with self.failing(failure):
            answer = self.api.put("/_rtgmock/state", json=document, headers={"Content-Type": "application/json"})
        if self.is_made(answer, failure):
            assert answer.json() == document
            self.model.load(model)

    @rule(document=st.sampled_from([{"instances": [{"plan": "huge"}]}, {"accounts": [7]}, {"instances": {}}, {"x": 1}]))
    def load_with_a_mistake(self, document: Any) -> None:
        self.control("PUT", "state", document, 422)

    @rule()
    def reset(self) -> None:
        assert self.control("POST", "reset")["instances"] == []
        self.model.reset()

    @rule(account=ACCOUNT, failure=FAILURE)
    def reset_one_account(self, account: str, failure: tuple[int, int] | None) -> None:
        headers = {"Content-Type": "application/json"}
        with self.failing(failure):
            answer = self.api.post("/_rtgmock/reset", json={"account": account}, headers=headers)
        if self.is_made(answer, failure):
            assert answer.json()["instances"] == []
            self.model.reset_account(account)

    # Rules: the emulator's end and next start.

    @rule()
    def restart(self) -> None:
        self.api.close()
        self.api = self.started()
        self.model.restart()

    @rule()
    def kill(self) -> None:
        """Go on with the files as they are at this moment, without a stop."""
        self.kills += 1
        folder = self.folder / f"kill-{self.kills}"
        folder.mkdir()
        killed, self.path = self.api, copy_files(self.path, folder)
        self.api = self.started()
        killed.close()
        self.model.restart()

    @invariant()
    def the_emulator_shows_and_keeps_what_the_model_has(self) -> None:
        if not hasattr(self, "api"):
            return
        document = self.control("GET", "state")
        assert document["last_instance_id"] == self.model.last_id
        assert {server["id"] for server in document["servers"]} == self.model.servers
        assert [record["id"] for record in document["instances"]] == list(self.model.instances)
        for record, instance in zip(document["instances"], self.model.instances.values(), strict=True):
            assert {name: value for name, value in instance.shown.items() if name in record}.items() <= record.items()
            assert record["boot"] == ({"reads": instance.reads} if instance.reads else None)
        assert state_on_disk(self.path) == document
        assert len(self.control("GET", "faults")["faults"]) == self.model.faults.total()
        assert self.control("GET", "clock")["now"] == self.model.moment
        for account in (*ACCOUNTS, ""):
            requests = self.control("GET", f"requests?account={account}" if account else "requests")
            expected = self.model.journal[account] if account else self.model.journal.total()
            assert len(requests["requests"]) + requests["dropped"] == expected


TestEmulator = EmulatorMachine.TestCase
TestEmulator.settings = settings(
    max_examples=rounds(8, 500, in_ci=40),
    stateful_step_count=rounds(25, 50),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
