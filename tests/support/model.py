"""What an emulator should do, as simply as it can be said: the model beside which the real one is driven."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.support.clock import START

MB = 2**20
CAPACITY = 30 * MB
"""The memory of each server: room for six nanos, or for a mini and two nanos."""
PORTS = range(10001, 10010)
ACCOUNTS = {"username": 1, "other": 2}
PLANS = {"nano": (5 * MB, 10), "mini": (20 * MB, 50), "small": (100 * MB, 256)}
"""The memory and the connections of each plan; the last is too large for any server."""
Values = dict[str, Any]


@dataclass
class Instance:
    """An instance: its owner, its server, what a show shows of it, and the reads after which it is running."""

    account: str
    server_id: int
    shown: Values
    reads: int = 0


@dataclass
class Model:
    """The state of an emulator whose instances boot during ``boot_reads`` reads."""

    boot_reads: int
    instances: dict[int, Instance] = field(default_factory=dict)
    servers: set[int] = field(default_factory=set)
    last_id: int = 0
    now: datetime = START
    faults: Counter[str] = field(default_factory=Counter)
    """How many there are for each account."""
    journal: Counter[str] = field(default_factory=Counter)
    """The requests of each account since the journal was emptied."""

    def copy_state(self) -> Model:
        """Return a copy, to go back to."""
        return copy.deepcopy(self)

    def restart(self) -> None:
        """Forget what is not in the state file."""
        self.now, self.faults, self.journal = START, Counter(), Counter()

    def reset(self) -> None:
        """Return to the state in which there was nothing."""
        self.restart()
        self.instances, self.servers, self.last_id = {}, set(), 0

    def reset_account(self, account: str) -> None:
        """Forget what there is of one account."""
        self.instances = {number: each for number, each in self.instances.items() if each.account != account}
        self.faults[account] = self.journal[account] = 0

    def load(self, other: Model) -> None:
        """Take over the state of another model."""
        state = copy.deepcopy(other)
        self.instances, self.servers, self.last_id = state.instances, state.servers, state.last_id

    @property
    def moment(self) -> str:
        return self.now.isoformat()[:19] + "Z"

    def advance(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def of(self, account: str) -> dict[int, Instance]:
        return {number: each for number, each in self.instances.items() if each.account == account}

    def free_port(self) -> int | None:
        taken = {each.shown["port"] for each in self.instances.values()}
        return next((port for port in PORTS if port not in taken), None)

    def used(self, server_id: int) -> int:
        return sum(each.shown["memory"] for each in self.instances.values() if each.server_id == server_id)

    def server_for(self, memory: int) -> int:
        """Return the first server with room, which may be a new one."""
        fitting = [number for number in sorted(self.servers) if self.used(number) + memory <= CAPACITY]
        return fitting[0] if fitting else max(self.servers, default=0) + 1

    def can_create(self, plan: str) -> bool:
        return PLANS[plan][0] <= CAPACITY and self.free_port() is not None

    def expected(self, account: str, plan: str, settings: Values) -> Values:
        """Return what must be in the answer to a create that there is room for."""
        memory, connections = PLANS[plan]
        port = self.free_port()
        return {
            "id": self.last_id + 1,
            "plan": plan,
            "port": port,
            "user_id": ACCOUNTS[account],
            "server_id": self.server_for(memory),
            "memory": memory,
            "connections": connections,
            "vm_max_memory": memory * 9 // 10,
            "persistence": "snapshot" if plan == "nano" else "aof",
            "created_at": self.moment,
            "updated_at": self.moment,
            "status": "new",
            **settings,
        }

    def add(self, account: str, shown: Values) -> None:
        """Take over a new instance as it was shown; its status is that after the create."""
        status = "starting" if self.boot_reads else "running"
        self.last_id = shown["id"]
        self.servers.add(shown["server_id"])
        self.instances[shown["id"]] = Instance(
            account, shown["server_id"], {**shown, "status": status}, self.boot_reads
        )

    def update(self, number: int, settings: Values) -> None:
        instance = self.instances[number]
        if any(instance.shown[name] != value for name, value in settings.items()):
            instance.shown |= {**settings, "updated_at": self.moment}

    def can_change_plan(self, number: int, plan: str) -> bool:
        instance, memory = self.instances[number], PLANS[plan][0]
        needed = memory - instance.shown["memory"]
        return bool(needed <= 0 or self.used(instance.server_id) + needed <= CAPACITY)

    def change_plan(self, number: int, plan: str) -> None:
        memory, connections = PLANS[plan]
        if self.instances[number].shown["plan"] != plan:
            follows = {"memory": memory, "connections": connections, "vm_max_memory": memory * 9 // 10}
            self.instances[number].shown |= {"plan": plan, **follows, "updated_at": self.moment}

    def set_status(self, number: int, status: str) -> None:
        self.instances[number].shown["status"] = status
        self.instances[number].reads = 0

    def read(self, number: int) -> None:
        """Count a read, which may be the one that finds the instance running."""
        instance = self.instances[number]
        if instance.reads:
            instance.reads -= 1
            if not instance.reads:
                instance.shown["status"] = "running"
