"""What a state holds, as TinyDB hands it to a storage: the names of the tables and the version of the format."""

from __future__ import annotations

from typing import Any

Tables = dict[str, dict[str, Any]]
"""Tables by name, each with its documents by id. Ids are strings of digits, as JSON's keys are."""

FORMAT = 1
"""The version of the file's format; a file with a higher one is refused."""

HEAD, INSTANCES, SERVERS, ACCOUNTS = "rtgmock", "instances", "servers", "accounts"
"""The tables' names. The head has one document: the format, the state's id and the last instance's id."""

LEFTOVERS = "leftovers"
"""In the head, for each engine that has run on this state: the ids whose Redis or data it still has to destroy.

Null means all that the engine has, since the state was replaced while another engine ran.
"""

ENGINE = "engine"
"""In the head, the engine that has run last on this state, and so has the data of its instances; empty for none."""
