"""Requests with a secret in them, in every form in which a client may send one, well-formed or not."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

from tests.support.secret_bodies import BODIES

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

AUTHORIZED = b"Host: localhost\r\nAuthorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ=\r\n"
NAMES = (
    *("password", "master_password", "config_command", "Password", "master-password", "masterPassword"),
    *("pasword", "pwd", "passwd", "passwrd", "paswd", "PWD", "pswd", "psw", "pass", "new_pasword", "masterauth"),
    *("requirepass", "passphrase", "token", "secret", "api_key", "auth"),
)
"""Names of secrets as the API has them, as clients misspell them, and as other services have them."""
_CORE = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_AROUND = ("", "", "", "é", "&", "<", '"', "'", "+", "%", "=", ";", "/", "@", ":", " ", "\\", "#x", "?", "}", "]")


class Secret(NamedTuple):
    """A password; its ``core`` is what no other text has, however it is escaped."""

    text: str
    core: str


def draw_secret(random: random.Random) -> Secret:
    core = f"9{''.join(random.choices(_CORE, k=random.randint(10, 30)))}9"
    return Secret(f"{random.choice(_AROUND)}{core}{random.choice(_AROUND)}", core)


def request(line: str, headers: str = "", body: str = "") -> bytes:
    """Return a request with the default account; ``headers`` are whole lines."""
    data = body.encode(errors="replace")
    length = f"Content-Length: {len(data)}\r\n" if data else ""
    fields = "".join(f"{header}\r\n" for header in headers.splitlines())
    return b"".join([f"{line} HTTP/1.1\r\n".encode(), AUTHORIZED, f"{fields}{length}\r\n".encode(), data])


def _field_value(text: str) -> str:
    """Return a text as it can be in a header or a request line: ASCII."""
    return text.encode("ascii", "ignore").decode()


def _target(text: str) -> str:
    """Return a text as a careless client writes it in a target, but without what ends a target or a field."""
    return re.sub("[ #&]", "", _field_value(text))


JSON, XML = "Content-Type: application/json", "Content-Type: application/xml"
FORM, PARTS = "Content-Type: application/x-www-form-urlencoded", "Content-Type: multipart/form-data; boundary=b"
_VALUES: dict[str, Callable[[str, str], str]] = {
    "alone": lambda n, s: f"{n}={s}",
    "with a colon": lambda n, s: f"{n}: {s}",
    "JSON": lambda n, s: json.dumps({n: s}),
    "nested JSON": lambda n, s: json.dumps({"a": [{"b": {n: s}}]}),
    "XML": lambda n, s: f"<a><{n}>{escape(s)}</{n}></a>",
    "typed XML": lambda n, s: f'<a><{n} type="string">{escape(s)}</{n}></a>',
    "an attribute": lambda n, s: f"<a {n}={quoteattr(s)}/>",
    "name and value": lambda n, s: f"<name>{n}</name><value>{escape(s)}</value>",
    "a pair": lambda n, s: json.dumps([n, s]),
    "a form": lambda n, s: f"plan=nano&{n}={quote_plus(s)}",
    "name and value in a form": lambda n, s: f"name={n}&value={quote_plus(s)}",
    "a URL": lambda _, s: f"redis://username:{quote(s, safe='')}@localhost:9001/",
    "a raw URL": lambda _, s: f"redis://username:{s}@localhost:9001/",
    "a URL without slashes": lambda _, s: f"username:{quote(s, safe='')}@localhost:9001",
    "a URL without a host": lambda _, s: f"redis://username:{quote(s, safe='')}",
    "an encoded URL": lambda _, s: quote(f"redis://username:{s}@localhost:9001/", safe=""),
    "the path of a URL": lambda n, s: f"http://localhost/instances/1/{n}/{quote(s, safe='')}",
    "the query of a URL": lambda n, s: f"http://localhost/instances?a=1&{n}={quote(s, safe='')}",
    "curl": lambda _, s: f"curl -u username:{s} http://localhost/",
    "curl without a blank": lambda _, s: f"curl -uusername:{s} http://localhost/",
    "curl with a long option": lambda _, s: f"curl --user username:{s} http://localhost/",
    "curl with a quote": lambda _, s: f"curl -u 'username:{s}' http://localhost/",
    "redis-cli": lambda _, s: f"redis-cli -p 9001 -a {s} PING",
    "redis-cli with a long option": lambda _, s: f"redis-cli --pass {s}",
    "an option": lambda n, s: f"tool --{n} {s}",
    "AUTH": lambda _, s: f"AUTH {s}",
    "AUTH with a user": lambda _, s: f"AUTH username {s}",
    "HELLO": lambda _, s: f"HELLO 3 AUTH username {s}",
    "CONFIG": lambda _, s: f"CONFIG SET requirepass {s}",
    "Basic": lambda _, s: f"Basic {base64.b64encode(f'username:{s}'.encode()).decode()}",
    "Bearer": lambda _, s: f"Bearer {base64.urlsafe_b64encode(s.encode()).decode()}",
}  # fmt: skip
_TARGETS: dict[str, Callable[[str, str], str]] = {
    "a path": lambda n, s: f"/instances/1/{n}/{quote(s, safe='')}",
    "an encoded path": lambda n, s: f"/instances/1/{n}%2F{quote(s, safe='')}",
    "an encoded name": lambda n, s: f"/instances/1/{''.join(f'%{ord(c):02x}' for c in n)}/{quote(s, safe='')}",
    "a path with extension": lambda n, s: f"/instances/1/{n}/{quote(s, safe='')}.json",
    "a path with a sign": lambda n, s: f"/instances/1/{n}={quote(s, safe='')}",
    "a path with a colon": lambda n, s: f"/instances/{n}:{quote(s, safe='')}/1",
    "a path with a blank": lambda n, s: f"/instances/1/{n}%20{quote(s, safe='')}",
    "a path with a semicolon": lambda n, s: f"/instances/1;{n}={quote(s, safe='')}",
    "a question mark in a path": lambda n, s: f"/instances%3F{n}={quote(s, safe='')}",
    "a path of the control API": lambda n, s: f"/_rtgmock/{n}/{quote(s, safe='')}",
    "a careless query": lambda n, s: f"/instances?{n}={_target(s)}",
    "a query with semicolons": lambda n, s: f"/instances?a=1;{n}={_target(s)}",
    "a query without a sign": lambda n, s: f"/instances?{n}:{_target(s)}",
    "raw JSON": lambda n, s: f"/instances?{_target(json.dumps({n: s}))}",
    "raw JSON under a name": lambda n, s: f"/instances?data={_target(json.dumps({'x': 1, n: s}))}",
    "the query of the control API": lambda n, s: f"/_rtgmock/requests?{n}={quote(s, safe='')}",
    "a fragment": lambda n, s: f"/instances?a=1#{n}={quote(s, safe='')}",
    "an address": lambda _, s: f"http://username:{quote(s, safe='')}@localhost/instances",
    "a URL in a path": lambda _, s: f"/redis%3A%2F%2Fusername%3A{quote(s, safe='')}%40localhost",
    "twice encoded": lambda n, s: f"/instances?q={quote(quote(f'{n}={s}', safe=''), safe='')}",
}
_LINES: dict[str, Callable[[str, str], str]] = {
    "AUTH": lambda _, s: f"AUTH {s}\r\n\r\n",
    "AUTH with a user": lambda _, s: f"AUTH username {s}\r\n\r\n",
    "auth": lambda _, s: f"auth {s}\r\n\r\n",
    "HELLO": lambda _, s: f"HELLO 3 AUTH username {s}\r\n\r\n",
    "CONFIG": lambda _, s: f"CONFIG SET requirepass {s}\r\n\r\n",
    "RESP": lambda _, s: f"*2\r\n$4\r\nAUTH\r\n${len(s)}\r\n{s}\r\n\r\n",
    "the method is the name": lambda n, s: f"{n} {s} HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no HTTP": lambda n, s: f"{n}={s}\r\n\r\n",
    "a header without a colon": lambda n, s: f"GET /instances HTTP/1.1\r\n{n} {s}\r\n\r\n",
    "a folded header": lambda n, s: f"GET /instances HTTP/1.1\r\n {n}: {s}\r\n\r\n",
    "refused for its encoding": lambda n, s: (
        f"GET /instances?{n}={_target(s)} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: x\r\n\r\n"
    ),
    "refused for its length": lambda n, s: (
        f"PUT /instances/1/{n}/{_target(s)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n"
    ),
    "a user in Host": lambda _, s: f"GET /instances HTTP/1.1\r\nHost: username:{s.replace(' ', '')}@localhost\r\n\r\n",
    "a user in Origin": lambda _, s: (
        f"GET /instances HTTP/1.1\r\nHost: localhost\r\nOrigin: http://username:{s}@localhost\r\n\r\n"
    ),
    "a tunnel": lambda _, s: f"CONNECT username:{_target(s)}@localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
}
_HEADERS: dict[str, Callable[[str, str], str]] = {
    "its name": lambda n, s: f"X-{n.replace('_', '-')}: {s}",
    "Basic": lambda _, s: f"X-Auth: Basic {base64.b64encode(f'username:{s}'.encode()).decode()}",
    "proxy": lambda _, s: f"Proxy-Authorization: Basic {base64.b64encode(f'username:{s}'.encode()).decode()}",
    "cookie": lambda n, s: f"Cookie: a=1; {n}={s}",
}


def _body_request(write: Callable[[str, str], str], content_type: str) -> Callable[[str, str], bytes]:
    return lambda name, secret: request("POST /instances.json", content_type, write(name, secret))


def _value_in_query(write: Callable[[str, str], str]) -> Callable[[str, str], bytes]:
    return lambda name, secret: request(f"PUT /instances/1.json?q={quote(write(name, secret), safe='')}")


def _value_in_header(write: Callable[[str, str], str]) -> Callable[[str, str], bytes]:
    return lambda name, secret: request("GET /instances.json", f"X-Note: {_field_value(write(name, secret))}")


def _value_in_json(write: Callable[[str, str], str]) -> Callable[[str, str], bytes]:
    return lambda name, secret: request("PUT /instances/1.json", JSON, json.dumps({"label": write(name, secret)}))


def _target_request(write: Callable[[str, str], str]) -> Callable[[str, str], bytes]:
    return lambda name, secret: request(f"GET {write(name, secret)}")


def _line(write: Callable[[str, str], str]) -> Callable[[str, str], bytes]:
    return lambda name, secret: _field_value(write(name, secret)).encode()


def _header(write: Callable[[str, str], str]) -> Callable[[str, str], bytes]:
    return lambda name, secret: request("GET /instances.json", _field_value(write(name, secret)))


FORMS: dict[str, Callable[[str, str], bytes]] = {
    **{
        f"body: {name}, {content_type or 'without a type'}": _body_request(write, content_type)
        for name, write in BODIES.items()
        for content_type in ("", JSON, XML, FORM, PARTS, "Content-Type: text/plain")
    },
    **{f"query: {name}": _value_in_query(write) for name, write in _VALUES.items()},
    **{f"header: {name}": _value_in_header(write) for name, write in _VALUES.items()},
    **{f"string: {name}": _value_in_json(write) for name, write in _VALUES.items()},
    **{f"target: {name}": _target_request(write) for name, write in _TARGETS.items()},
    **{f"line: {name}": _line(write) for name, write in _LINES.items()},
    **{f"header itself: {name}": _header(write) for name, write in _HEADERS.items()},
}
"""By what it is: makes the bytes of a request from the name of a secret and the secret."""
