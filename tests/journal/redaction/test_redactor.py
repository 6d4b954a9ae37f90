"""No secret is in what is shown of a request, in any format and place."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtgmock.journal.exchange import MAX_BODY_BYTES, Body, Exchange
from rtgmock.journal.journal import Journal
from rtgmock.journal.redaction.redactor import Redactor
from rtgmock.journal.redaction.secrets import MASK
from rtgmock.model.attributes import SECRETS
from tests.support.passwords import passwords
from tests.support.rounds import rounds
from tests.support.secret_bodies import BODIES
from tests.support.secret_requests import NAMES
from tests.support.values import few, soup

SECRET_NAMES = sorted({*SECRETS, *NAMES} - {"url"})
MOMENT = datetime(2010, 12, 20, tzinfo=UTC)
JSON, XML, FORM = "application/json", "application/xml", "application/x-www-form-urlencoded"
TYPES = [JSON, XML, FORM, "text/plain", "", "multipart/form-data; boundary=b", f"{JSON}; charset=latin-1"]


def journalled(exchange: Exchange, *secrets: str) -> str:
    """All that a journal shows of an exchange; ``secrets`` are accounts' passwords."""
    journal = Journal(Redactor(secrets))
    journal.add(exchange)
    [entry] = journal.entries()
    return orjson.dumps(entry.document()).decode()


def posted(body: str, content_type: str = FORM, **more: Any) -> Exchange:
    values = {"status": 422, "body": Body.of(body.encode()), "headers": (("Content-Type", content_type),), **more}
    return Exchange(method="POST", path="/instances", moment=MOMENT, **values)


@pytest.mark.parametrize("form", BODIES)
@settings(few, max_examples=rounds(7, 50))
@given(password=passwords(), name=st.sampled_from(SECRET_NAMES), content_type=st.sampled_from(TYPES))
def test_no_password_is_shown_of_a_body_of_any_format_and_content_type(
    form: str, password: tuple[str, str], name: str, content_type: str
) -> None:
    value, core = password
    body = BODIES[form](name, value)

    assert core not in journalled(posted(body, content_type))
    assert core not in journalled(posted(body + " " * 20_000, content_type))


@pytest.mark.parametrize(
    "body", ["f[0][value]=s3cret-one&f[0][name]=password", "instance%5Bpwd%5D=s3cret-one", '"a%22pwd%22%3As3cret-one']
)
def test_a_secret_is_found_in_a_body_that_is_too_long_to_be_kept_whole(body: str) -> None:
    assert "s3cret" not in journalled(posted(body + " " * MAX_BODY_BYTES))


@few
@given(password=passwords(), form=st.sampled_from(["JSON", "XML", "form", "nested JSON", "typed XML", "multipart"]))
def test_a_secret_that_was_found_by_its_name_is_masked_by_its_value_elsewhere(
    password: tuple[str, str], form: str
) -> None:
    value, core = password
    sentence = f"There is no {value}; nor {json.dumps(value)} or {quote(value)}".encode()
    exchange = posted(BODIES[form]("password", value), "multipart/form-data; boundary=b", answer=Body.of(sentence))
    elsewhere = (("X-Note", f"it is {value}"), ("Referer", f"http://h/{quote(value, safe='')}"))

    assert core not in journalled(replace(exchange, headers=(*exchange.headers, *elsewhere), hint=value))


@pytest.mark.parametrize(("text", "shown", "passes"), [("a", "a", 1), ("a s3cret-one", "a ***", 2)])
def test_a_second_pass_is_made_only_for_a_secret_that_is_elsewhere(text: str, shown: str, passes: int) -> None:
    made: list[list[str]] = []

    def render(redactor: Redactor) -> list[str]:
        made.append([redactor.text(text), redactor.value("password", "s3cret-one")])
        return made[-1]

    assert Redactor().redact(render) == [shown, MASK]
    assert len(made) == passes


@few
@given(password=passwords())
def test_no_password_is_shown_of_a_query_a_path_or_a_header(password: tuple[str, str]) -> None:
    value, core = password
    basic = base64.b64encode(f"username:{value}".encode()).decode()
    headers = (
        ("Authorization", f"Basic {basic}"),
        ("Proxy-Authorization", f"Basic {basic}"),
        ("Cookie", f"session={value}"),
        ("X-Api-Key", value),
        ("X-Password", value),
        ("Referer", f"http://username:{value}@localhost/?password={quote(value)}"),
        ("X-Original", f"Basic {basic}"),
    )
    shown = journalled(
        Exchange(
            method="GET",
            path=f"/instances/password={value}",
            query=f"plan=nano&password={quote_plus(value)}&url={quote_plus(f'redis://x:{value}@h/')}",
            status=200,
            moment=MOMENT,
            headers=headers,
            answer_headers=(("Set-Cookie", value), ("Location", f"//u:{value}@h/")),
        )
    )

    assert core not in shown
    assert basic not in shown


@few
@given(password=passwords())
def test_no_configured_password_is_shown_wherever_it_is(password: tuple[str, str]) -> None:
    value, core = password
    exchange = Exchange(
        method="POST",
        path=f"/{value}",
        query=quote(value),
        status=404,
        moment=MOMENT,
        headers=(("X", value),),
        body=Body.of(json.dumps({"label": value}).encode()),
        answer=Body.of(f"There is no {value}".encode()),
        hint=value,
        ignored=(value,),
    )

    assert core not in journalled(exchange, value)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"plan": "nano",  "timeout":30}', '{"plan": "nano",  "timeout":30}'),
        ('{"plan": "nano", "password": "s3cr\\"et"}', '{"plan": "nano", "password": "***"}'),
        ('{"master_password":null,"password":""}', '{"master_password":null,"password":""}'),
        ('{"instance": {"url": "redis://a:b@h:1/"}}', '{"instance": {"url": "redis://***@h:1/"}}'),
        ('{"plan": "nano", "password": "s3cret",}', '{"plan": "nano", "password***'),
        ("<a><plan>nano</plan><password>s3cret</password></a>", "<a><plan>nano</plan><password>***</password></a>"),
        ('<a><master-password nil="true"/></a>', '<a><master-password nil="true"/></a>'),
        ("plan=nano&instance%5Bpassword%5D=s3cret&label=x", "plan=nano&instance%5Bpassword%5D=***&label=x"),
        ("plan=nano&password=&label=x", "plan=nano&password=&label=x"),
        ("label=a+%26+b", "label=a+%26+b"),
        ("url=redis%3A%2F%2Fh%3A1%2F&callback_url=/a&url=h:1", "url=redis%3A%2F%2Fh%3A1%2F&callback_url=/a&url=h:1"),
        ("url=redis%3A%2F%2Fusername%3As3cret", "url=***"),
        ("url=s3cret:s3cret", "url=***"),
        ("plan", "plan"),
    ],
)
def test_everything_but_secrets_is_shown_as_it_was_written(body: str, shown: str) -> None:
    assert Redactor().body(body) == shown


def test_a_password_in_a_url_is_masked_though_a_word_in_it_is_like_the_name_of_a_secret() -> None:
    url = quote("redis://:s3cret<pasword@h:1/", safe="")
    assert Redactor().unparsed(f"url={url}") == "url=redis%3A%2F%2F***"
    assert Redactor().text("see //x:s3cret&password=@h and more") == "see //***"


@pytest.mark.parametrize(
    "sentence",
    [
        "Password can't be blank",
        "HTTP Basic: Access denied.",
        "Master password is too long (maximum is 255 characters)",
        'Basic realm="Application"',
        "http://127.0.0.1:8080/instances",
        "password, master_password, label",
    ],
)
def test_a_sentence_about_a_password_is_no_secret(sentence: str) -> None:
    assert Redactor().text(sentence) == sentence


@pytest.mark.parametrize("extension", ["json", "xml"])
def test_the_kept_beginning_of_a_long_answer_is_shown(extension: str) -> None:
    one = '{"instance":{"label":"x","password":"%s"}},' % ("5ecre7" * 5)
    if extension == "xml":
        one = f"<instance><label>x</label><password>{'5ecre7' * 5}</password></instance>"
    text = f"[{one * 1000}" if extension == "json" else f"<instances>{one * 1000}"
    shown = json.loads(
        journalled(
            posted(
                "",
                status=200,
                answer=Body.of(text.encode()),
                answer_headers=(("Content-Type", f"application/{extension}"),),
            )
        )
    )["response"]["body"]

    assert "5ecre7" not in shown
    assert shown.count("label") > 100
    assert shown.count(MASK) > 100
    assert shown.endswith(f"... (cut: {len(text)} bytes in all)")
    assert len(shown) < MAX_BODY_BYTES + 100


@pytest.mark.parametrize("data", [b"\x1f\x8b\0\0", "plan".encode("utf-16-le"), b"\0"])
def test_a_body_that_is_no_text_is_not_shown(data: bytes) -> None:
    shown = json.loads(journalled(Exchange("POST", "/instances", 400, MOMENT, body=Body.of(data))))
    assert shown["request"]["body"] == f"({len(data)} bytes that are no text)"


@pytest.mark.parametrize(
    "hostile",
    [
        "/" * MAX_BODY_BYTES,
        '"' * MAX_BODY_BYTES,
        "[" * MAX_BODY_BYTES,
        "<a>" * 5000,
        "password " * 1800,
        "a=&" * 5000,
        "basic" + "+" * 16_000 + " =",
    ],
    ids=lambda text: text[:6],
)
def test_a_hostile_text_is_redacted_in_linear_time(hostile: str) -> None:
    start = time.process_time()
    journalled(posted(hostile))
    assert time.process_time() - start < 1


TOKENS = [
    *(b'{"password":', b'"', b"\\ud800", b"\\", b"}", b"[", b"null", b"password=", b"&", b"%", b"//u:p@", b"\xff\xfe"),
    *(b"<password>", b"</password>", b"<!--", b"<![CDATA[", b"<?xml encoding='utf-16'?>", b"--b", b"\r\n\r\n"),
]
LABELS = st.sampled_from(
    ["charset=*", "text/xml; charset=\xff", 'multipart/form-data; boundary="b', "a; charset*=x''y"]
)


@few
@given(
    body=soup(TOKENS),
    content_type=st.sampled_from(TYPES) | LABELS | st.text(max_size=20),
    path=st.text(max_size=20) | soup([b"/", b".", b"1", b"instances", b"json"]).map(lambda raw: raw.decode("latin-1")),
    text=st.text(max_size=20),
    status=st.sampled_from([200, 400, 404, 405, 415, 422]),
)
def test_any_exchange_can_be_shown(body: bytes, content_type: str, path: str, text: str, status: int) -> None:
    headers = (("Content-Type", content_type), ("Authorization", text), ("X", text))
    whole = Body.of(body)
    exchange = Exchange(text, path, status, MOMENT, query=text, headers=headers, body=whole, answer=whole)
    cut = Body(body, len(body) + 1)

    assert journalled(exchange, text)
    assert journalled(Exchange("GET", path, 200, MOMENT, headers=headers, body=cut, answer=cut, answer_headers=headers))


def test_a_secret_with_half_a_surrogate_pair_is_masked() -> None:
    assert "core" not in journalled(posted('{"password": "core-core\\ud800", "x": 1}'))
