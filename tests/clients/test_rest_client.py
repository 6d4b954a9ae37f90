"""Ruby's rest-client, which the service's own documentation uses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from rtgmock.model.plans import PLANS
from tests.support.requirements import skip_or_fail
from tests.support.scripts import MISSING, printed, run
from tests.support.sentences import TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Served


DOCUMENTED = "RestClient.get('https://username:password@redistogo.com/instances.json')"
RUBY = f"""
begin
  require "json"
  require "rest-client"
rescue LoadError
  exit {MISSING}
end
API = ENV.fetch("API")

def refused
  yield
rescue RestClient::ExceptionWithResponse => error
  [error.class.name, error.response.body]
end
"""


@pytest.fixture
def ruby(api: Served, program: Callable[[str, str], str]) -> Callable[..., Any]:
    """Evaluate Ruby code, in which ``API`` is the address with the credentials."""
    path = program("ruby", "ruby")
    host = urlsplit(api.url).netloc

    def evaluate(code: str) -> Any:
        script = f"{RUBY}\nputs JSON.generate(begin\n{code}\nend)"
        finished = run([path, "-e", script], {"API": f"http://username:password@{host}"})
        return (
            skip_or_fail("ruby", "rest-client is not installed")
            if finished.returncode == MISSING
            else printed(finished)
        )

    return evaluate


def test_the_example_of_the_documentation_works(api: Served, ruby: Callable[..., Any]) -> None:
    made = api.create()

    line = DOCUMENTED.replace("https://", "http://").replace("redistogo.com", urlsplit(api.url).netloc)

    [item] = json.loads(ruby(f"{line}.body"))
    assert item["instance"]["password"] == made["password"]
    assert api.log[-1]["account"] == "username"


def test_rest_client_creates_upgrades_and_deletes(api: Served, ruby: Callable[..., Any]) -> None:
    bare, nested, upgraded, changed, deleted = ruby("""
        bare = RestClient.post(API + "/instances.json", plan: "nano")
        nested = RestClient.post(API + "/instances.json", instance: {plan: "nano", snapshots: ["60 1", "30 2"]})
        upgraded = RestClient.put(API + bare.headers[:location], plan: "mini")
        changed = RestClient.put(API + nested.headers[:location], {timeout: 30}.to_json, content_type: :json)
        deleted = RestClient.delete(API + bare.headers[:location])
        [bare, nested, upgraded, changed, deleted].map { |answer| [answer.code, answer.body] }
    """)

    assert (bare[0], json.loads(bare[1])["plan"]) == (201, "nano")
    assert (nested[0], json.loads(nested[1])["snapshots"]) == (201, ["60 1", "30 2"])
    assert (upgraded[0], json.loads(upgraded[1])["plan"]) == (200, "mini")
    assert (changed[0], json.loads(changed[1])["timeout"]) == (200, 30)
    assert deleted == [200, ""]
    assert [item["instance"]["id"] for item in api.get("/instances").json()] == [2]


def test_rest_client_gets_xml_when_it_asks_for_it(api: Served, ruby: Callable[..., Any]) -> None:
    api.create()

    text = ruby("""RestClient::Resource.new(API)["instances/1"].get(accept: :xml).body""")

    assert text == api.get("/instances/1.xml").text


def test_rest_client_raises_the_exceptions_of_the_statuses(ruby: Callable[..., Any]) -> None:
    unknown, stranger, missing, unreadable, large = ruby("""
        [
          refused { RestClient.post(API + "/instances.json", plan: "nona") },
          refused { RestClient.get(API.sub(":password@", ":wrong@") + "/instances.json") },
          refused { RestClient.get(API + "/instances/7.json") },
          refused { RestClient.post(API + "/instances.json", "{", content_type: :json) },
          refused { RestClient.post(API + "/instances.json", "x" * 2**21) },
        ]
    """)

    assert unknown[0] == "RestClient::UnprocessableEntity"
    assert json.loads(unknown[1]) == {"errors": [f"Plan is not included in the list: it is one of {', '.join(PLANS)}"]}
    assert stranger == ["RestClient::Unauthorized", "HTTP Basic: Access denied.\n"]
    assert missing[0] == "RestClient::NotFound"
    assert missing[1].startswith("There is no instance 7")
    assert unreadable[0] == "RestClient::BadRequest"
    assert unreadable[1].startswith("The JSON body cannot be read at line 1")
    assert large == ["RestClient::PayloadTooLarge", TOO_LARGE]
