"""The access log: one bounded line for each request, without any secret."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.journal.redaction.redactor import Redactor
from rtgmock.model.attributes import SECRETS
from rtgmock.settings.parsers import Credentials
from rtgmock.web.access_log import AccessLog, as_json, as_text
from tests.support import raw
from tests.support.clock import START
from tests.support.passwords import passwords
from tests.support.values import few

if TYPE_CHECKING:
    from rtgmock.web.access_log import Entry
    from tests.conftest import Serve

SECRET = "s3cret-one"


def logged(path: str = "/instances", query: str = "", *secrets: str, **more: Any) -> Entry:
    """The entry of one request; ``secrets`` are accounts' passwords."""
    entries: list[Entry] = []
    AccessLog(entries.append, Redactor(secrets)).add(
        START, more.pop("method", "GET"), path, query, more.pop("status", 200), **more
    )
    [entry] = entries
    return entry


def lines(entry: Entry) -> str:
    return as_text(entry) + as_json(entry)


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/instances/1.json", "/instances/1.json"),
        ("/instances?plan=nano&label=a+b%26", "/instances?plan=nano&label=a+b%26"),
        (f"/instances?password={SECRET}", "/instances?password=***"),
        (f"/instances?instance%5Bpassword%5D={SECRET}&label=x", "/instances?instance%5Bpassword%5D=***&label=x"),
        (f"/instances?PASSWORD={SECRET}", "/instances?PASSWORD=***"),
        (f"/instances?p%61ssword={SECRET}", "/instances?p%61ssword=***"),
        (f"/instances?pasword={SECRET}", "/instances?pasword=***"),
        (f"/instances?master-password={SECRET}", "/instances?master-password=***"),
        (f"/instances?config_command={SECRET}", "/instances?config_command=***"),
        (f"/instances?password=a&{SECRET}", "/instances?password=***&***"),
        (f"/instances?password=a;{SECRET}", "/instances?password=***"),
        (f"/instances?a=1;password={SECRET}", "/instances?a=1%3Bpassword%3D***"),
        (f"/instances?+password={SECRET}", "/instances?+password***"),
        (f"/password={SECRET}", "/password=***"),
        (f"/{SECRET}?password={SECRET}", "/***?password=***"),
        (f"/instances?label=s3cret%2Done&password={SECRET}", "/instances?label=***&password=***"),
        (f"/x?url=redis%3A%2F%2Fusername%3A{SECRET}%40h%3A1", "/x?url=redis://***@h:1"),
        (f"/x?url=redis://username:{SECRET}", "/x?url=***"),
        (f"http://username:{SECRET}@h/instances", "http://***@h/instances"),
        ("/x?token=Basic%20dXNlcm5hbWU6cGFzc3dvcmQ=", "/x?token=***"),
        ("/x?q=Basic%20dXNlcm5hbWU6cGFzc3dvcmQ=", "/x?q=Basic%20***"),
    ],
)
def test_a_secret_in_a_target_is_masked_and_the_rest_is_as_it_was_written(target: str, shown: str) -> None:
    path, _, query = target.partition("?")
    assert logged(path, query)["path"] == shown


@few
@given(password=passwords(), name=st.sampled_from(sorted(SECRETS - {"url"})))
def test_no_password_is_in_a_line(password: tuple[str, str], name: str) -> None:
    value, core = password
    basic = base64.b64encode(f"username:{value}".encode()).decode()
    for path, query in (
        (f"/instances/{name}={value}", ""),
        ("/instances", f"plan=nano&{name}={quote_plus(value)}"),
        ("/instances", f"instance%5B{name}%5D={quote(value)}"),
        ("/instances", f"{name}={value}"),
        ("/instances", f"url={quote_plus(f'redis://x:{value}@h/')}"),
        (f"/{value}", f"{name}={quote(value, safe='')}"),
        ("/instances", f"q=Basic+{basic}"),
    ):
        shown = lines(logged(path, query))
        assert core not in shown
        assert basic not in shown


@few
@given(password=passwords())
def test_no_configured_password_is_in_a_line_wherever_it_came(password: tuple[str, str]) -> None:
    value, core = password
    entry = logged(f"/{value}", quote(value), value, method=value, status=404, hint=f"not {value}", ignored=value)
    assert core not in lines(entry)


def test_a_password_of_an_account_is_masked_in_the_log_of_an_emulator(serve: Serve) -> None:
    api = serve(accounts=(Credentials("username", SECRET), Credentials("other", "another-secret")))
    api.get(f"/instances?label={SECRET}")
    api.get("/another-secret")
    raw.send(api.url, raw.head(f"GET /{SECRET} HTTP/1.1\nTransfer-Encoding: gzip"))

    assert [entry["path"] for entry in api.log] == ["/instances?label=***", "/***", "/***"]


def test_an_account_is_named_even_if_its_name_is_a_password_as_well(serve: Serve) -> None:
    api = serve(accounts=(Credentials("username", "username"),))
    api.get("/instances?label=username")

    assert (api.log[0]["account"], api.log[0]["path"]) == ("username", "/instances?label=username")


@pytest.mark.parametrize("field", ["path", "query", "method"])
@pytest.mark.parametrize("text", ["x" * 60_000, "x\ny\r\x1b[31m\x85\u2028", "\udcff\0"])
def test_an_entry_is_one_bounded_line_of_ascii(field: str, text: str) -> None:
    entry = logged(**{field: text})

    for line in (as_text(entry), as_json(entry)):
        assert len(line) < 600
        assert line.isascii()
        assert line.isprintable()


def test_the_method_is_bounded_on_the_wire_too(serve: Serve) -> None:
    api = serve()
    raw.send(api.url, raw.head(f"{'A' * 500} /instances HTTP/1.1\nHost: localhost"))

    assert api.log[0]["method"] == "A" * 17 + "..."


@pytest.mark.parametrize(
    "hostile", ["/" * 60_000, "password " * 7000, "a=&" * 20_000, "//u:p@" * 10_000, "basic" + "+" * 60_000 + " ="]
)
def test_a_hostile_target_is_logged_in_linear_time(hostile: str) -> None:
    start = time.process_time()
    logged(hostile, hostile)
    assert time.process_time() - start < 3


def test_remarks_are_on_the_line() -> None:
    entry = logged(status=404, ms=1.5, account="username", ignored="port", hint="did you mean plan?", fault="1")

    assert as_text(entry) == (
        "2010-12-20T00:35:22Z GET /instances 404 1.5 ms username ignored: port hint: did you mean plan? fault: 1"
    )
    assert as_text(logged()) == "2010-12-20T00:35:22Z GET /instances 200 0.0 ms -"
    assert as_json(logged()) == (
        '{"time":"2010-12-20T00:35:22Z","method":"GET","path":"/instances","status":200,"ms":0.0}'
    )
