"""``--api 2012``: the payloads of the recorded response, and one state for both versions."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import fromstring

import pytest

from rtgmock.model.attributes import APIS, ATTRIBUTES, DOCUMENTED, RECORDED, known
from rtgmock.model.payloads import Payload, layout
from tests.support.samples import sample_values

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve, Served

NAMES = [attribute.name for attribute in layout(Payload.SHOW_JSON, RECORDED)]


@pytest.fixture
def api(serve: Serve) -> Served:
    return serve(api=RECORDED)


def test_every_payload_shows_the_same_attributes_in_the_recorded_order(api: Served) -> None:
    created = api.create()
    shown = api.get("/instances/1.json").json()
    [listed] = api.get("/instances.json").json()
    [element] = fromstring(api.get("/instances.xml").content)

    assert list(created) == list(shown) == list(listed["instance"]) == NAMES
    assert listed == {"instance": shown}
    in_xml = [child.tag.replace("-", "_") for child in fromstring(api.get("/instances/1.xml").content)]
    assert in_xml == [child.tag.replace("-", "_") for child in element] == NAMES


def test_a_new_instance_has_what_the_recorded_one_had(api: Served) -> None:
    made = api.create()

    assert made["version"] == "2.4.11"
    assert made["config_command"] != made["password"]
    assert len(made["config_command"]) == 32
    sample = sample_values(RECORDED)
    only_2012 = [attribute.name for attribute in ATTRIBUTES if attribute.since == RECORDED]
    assert {name: made[name] for name in only_2012 if name != "config_command"} == {
        name: sample[name] for name in only_2012 if name != "config_command"
    }


@pytest.mark.parametrize("extension", ["json", "xml"])
def test_a_save_of_everything_changes_nothing(api: Served, extension: str) -> None:
    api.create()
    before = api.get(f"/instances/1.{extension}")
    headers = {"Content-Type": before.headers["Content-Type"]}

    answer = api.put(f"/instances/1.{extension}", data=before.content, headers=headers)

    assert answer.status_code == 200
    assert answer.content == before.content
    assert "X-Rtgmock-Ignored" not in answer.headers


def test_an_upgrade_leaves_the_settings(api: Served) -> None:
    api.create(maxmemory_policy="allkeys-lru")
    before = api.get("/instances/1.json").json()
    after = api.put("/instances/1.json", data={"plan": "small"}).json()

    assert {name for name in NAMES if after[name] != before[name]} == {"plan", "memory", "connections", "vm_max_memory"}


def test_a_config_command_stays_out_of_the_log(api: Served) -> None:
    api.create()
    api.put("/instances/1.json?timeout=3&config_command=hunter2")

    assert "hunter2" not in str(api.log)


@pytest.mark.parametrize(("first", "second"), [APIS, APIS[::-1]])
def test_one_state_serves_both_versions(serve: Serve, tmp_path: Path, first: int, second: int) -> None:
    file = tmp_path / "state.json"
    earlier = serve(state=file, api=first)
    earlier.create()
    before = earlier.get("/instances/1.json").json()
    earlier.emulator.stop()

    later = serve(state=file, api=second)
    after = later.get("/instances/1.json").json()
    common = known(DOCUMENTED)
    assert set(after) == set(known(second))
    assert {name: after[name] for name in common if name != "url"} == {
        name: before[name] for name in common if name != "url"
    }
    assert later.put("/instances/1.json", json={"timeout": 7}).status_code == 200
    assert later.create()["version"] == {DOCUMENTED: "v2.0.4-stable", RECORDED: "2.4.11"}[second]


def test_a_setting_of_2012_is_kept_while_2010_is_served(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    for version, body in ((RECORDED, {"log_level": "debug"}), (DOCUMENTED, {"timeout": 7})):
        api = serve(state=file, api=version)
        if version == RECORDED:
            api.create()
        assert api.put("/instances/1.json", json=body).status_code == 200
        api.emulator.stop()

    shown = serve(state=file, api=RECORDED).get("/instances/1.json").json()
    assert (shown["log_level"], shown["timeout"]) == ("debug", 7)
