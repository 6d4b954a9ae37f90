"""The representation: what a payload shows of an instance, and the URL that it derives."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given

from rtgmock.model.payloads import Payload, layout
from rtgmock.wire.representation import ViewContext, represent
from tests.support.values import few, record, texts

HERE = ViewContext("username", "127.0.0.1", {1: "ray"})
SECRET = "cc3da5b7aaaad5b4895d243239beed97"


@pytest.mark.parametrize("payload", Payload)
def test_a_payload_shows_its_attributes_in_its_order(payload: Payload) -> None:
    fields = represent(record(boot=None), payload, HERE)

    assert tuple(attribute for attribute, _ in fields) == layout(payload)


@pytest.mark.parametrize("payload", Payload)
def test_what_is_stored_is_shown_as_it_is(payload: Payload) -> None:
    stored = record(label="a&b", snapshots=[], master_host="", timeout=0)
    shown = {attribute.name: value for attribute, value in represent(stored, payload, HERE)}

    assert {name: value for name, value in shown.items() if name in stored} == {
        name: stored[name] for name in shown if name in stored
    }


@pytest.mark.parametrize("payload", [Payload.LIST_JSON, Payload.LIST_XML])
def test_a_list_derives_nothing(payload: Payload) -> None:
    assert {"url", "hostname"}.isdisjoint(attribute.name for attribute, _ in represent(record(), payload, HERE))


@pytest.mark.parametrize("payload", [Payload.SHOW_JSON, Payload.SHOW_XML])
@pytest.mark.parametrize(
    ("view_context", "hostname", "url"),
    [
        (HERE, "127.0.0.1", f"redis://username:{SECRET}@127.0.0.1:9001/"),
        (
            ViewContext("waratuman", "{server}.example.org", {1: "ray", 2: "cod"}),
            "ray.example.org",
            f"redis://waratuman:{SECRET}@ray.example.org:9001/",
        ),
        (ViewContext("a", "{server}-{server}", {1: "ray"}), "ray-ray", f"redis://a:{SECRET}@ray-ray:9001/"),
        (ViewContext("a", "{server}.example.org", {}), ".example.org", f"redis://a:{SECRET}@.example.org:9001/"),
        (ViewContext("a", "::1", {}), "::1", f"redis://a:{SECRET}@[::1]:9001/"),
        (
            ViewContext("a@b:c/é ", "localhost", {}),
            "localhost",
            f"redis://a%40b%3Ac%2F%C3%A9%20:{SECRET}@localhost:9001/",
        ),
    ],
)
def test_the_url_has_the_account_and_the_host_of_the_client(
    payload: Payload, view_context: ViewContext, hostname: str, url: str
) -> None:
    shown = {attribute.name: value for attribute, value in represent(record(), payload, view_context)}

    assert (shown["hostname"], shown["url"]) == (hostname, url)


def test_a_password_is_escaped_whole() -> None:
    fields = represent(record(password="a/b:c@d?e#f%g h"), Payload.SHOW_JSON, HERE)

    assert {attribute.name: value for attribute, value in fields}["url"] == (
        "redis://username:a%2Fb%3Ac%40d%3Fe%23f%25g%20h@127.0.0.1:9001/"
    )


@few
@given(texts(), texts())
def test_the_url_gives_back_any_name_and_password(username: str, password: str) -> None:
    fields = represent(record(password=password), Payload.SHOW_JSON, ViewContext(username, "localhost", {}))
    url = urlsplit(next(str(value) for attribute, value in fields if attribute.name == "url"))

    assert (unquote(url.username or ""), unquote(url.password or "")) == (username, password)
    assert (url.scheme, url.hostname, url.port, url.path, url.query) == ("redis", "localhost", 9001, "/", "")
