"""Bodies with a secret in them, in every form in which a client may send one, well-formed or not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Callable


def _multipart(name: str, secret: str) -> str:
    parts = [("plan", "nano"), (name, secret), ("label", "x")]
    fields = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{value}\r\n' for n, value in parts)
    return f"{fields}--b--\r\n"


def _fully_escaped(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


BODIES: dict[str, Callable[[str, str], str]] = {
    "JSON": lambda n, s: json.dumps({"plan": "nano", n: s}),
    "nested JSON": lambda n, s: json.dumps({"instance": {n: s}}),
    "JSON in JSON": lambda n, s: json.dumps({"label": json.dumps({n: s})}),
    "broken JSON": lambda n, s: f'{{"plan": "nano", "{n}": {json.dumps(s)},}}',
    "JSON in Unicode": lambda n, s: json.dumps({n: s, "x": 1}, ensure_ascii=False),
    "indented JSON": lambda n, s: json.dumps({"instance": {"plan": "nano", n: s}}, indent=2),
    "a list in JSON": lambda n, s: json.dumps([{"instance": {n: [s, {"a": s}]}}]),
    "unfinished JSON": lambda n, s: json.dumps({n: s})[:-2],
    "single quotes": lambda n, s: f"{{'{n}': '{s}'}}",
    "a pair in JSON": lambda n, s: json.dumps([n, s]),
    "name and value in JSON": lambda n, s: json.dumps({"fields": [{"name": n, "value": s}]}),
    "value and name in JSON": lambda n, s: json.dumps({"fields": [{"value": s, "key": n}]}),
    "a pair in JSON in JSON": lambda n, s: json.dumps({"label": json.dumps({"name": n, "value": s})}),
    "XML": lambda n, s: f"<instance><{n}>{escape(s)}</{n}></instance>",
    "XML with CDATA": lambda n, s: f"<instance><{n}><![CDATA[{s}]]></{n}></instance>",
    "text before CDATA": lambda n, s: f"<a><{n}>x<![CDATA[{s.replace(']]>', '')}]]></{n}></a>",
    "dashed XML": lambda n, s: f"<a><{n.replace('_', '-')}  >{escape(s)}</{n.replace('_', '-')}></a>",
    "typed XML": lambda n, s: f'<a><{n} type="string"><b>{escape(s)}</b></{n}></a>',
    "XML references": lambda n, s: f"<a><{n}>{''.join(f'&#{ord(c)};' for c in s)}</{n}></a>",
    "an XML comment": lambda n, s: f"<a><!-- {n}: {s.replace('-', '')} --></a>",
    "XML with a namespace": lambda n, s: f'<i xmlns:a="b"><a:{n}>{escape(s)}</a:{n}></i>',
    "an attribute of XML": lambda n, s: f"<instance {n}={quoteattr(s)}/>",
    "name and value in XML": lambda n, s: f"<i><name>{n}</name><value>{escape(s)}</value></i>",
    "value and name in XML": lambda n, s: f"<i><value>{escape(s)}</value><name>{n}</name></i>",
    "XML-RPC": lambda n, s: f"<member><name>{n}</name><value><string>{escape(s)}</string></value></member>",
    "a parameter in XML": lambda n, s: f'<i><param name="{n}">{escape(s)}</param></i>',
    "attributes of a parameter": lambda n, s: f"<i><param value={quoteattr(s)} name='{n}'/></i>",
    "broken XML": lambda n, s: f"<instance><{n}>{s}</instance>",
    "broken pairs in XML": lambda n, s: f"<instance><name>{n}</name><value>{s}</instance>",
    "form": lambda n, s: f"plan=nano&{quote(n)}={quote_plus(s)}",
    "nested form": lambda n, s: f"instance%5B{n}%5D={quote(s, safe='')}&label=x",
    "form in full escapes": lambda n, s: f"{_fully_escaped(n)}={_fully_escaped(s)}",
    "array in a form": lambda n, s: f"instance[{n}][]={quote(s, safe='')}&plan=nano",
    "careless form": lambda n, s: f"plan=nano&{n}={s.replace('&', '')}",
    "name and value in a form": lambda n, s: f"name={n}&value={quote_plus(s)}",
    "numbered names in a form": lambda n, s: f"f[0][value]={quote(s, safe='')}&f[0][name]={n}",
    "multipart": lambda n, s: f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{s}\r\n--b--\r\n',
    "multipart of three": _multipart,
    "nested multipart": lambda n, s: _multipart(f"instance[{n}]", s),
    "multipart of three without an end": lambda n, s: _multipart(n, s).replace("--b--", ""),
    "multipart with bare LF": lambda n, s: f'--b\nContent-Disposition: form-data; name="{n}"\n\n{s}\n--b--\n',
    "multipart without quotes": lambda n, s: f"--b\nContent-Disposition: form-data; name={n}\n\n{s}\n--b--\n",
    "pairs in multipart": lambda n, s: (
        f"--b\r\nContent-Disposition: form-data; name=name\r\n\r\n{n}\r\n"
        f"--b\r\nContent-Disposition: form-data; name=value\r\n\r\n{s}\r\n--b--\r\n"
    ),
    "another boundary": lambda n, s: f'--x\nContent-Disposition: form-data; name="{n}"\n\n{s}\n--x--\n',
    "multipart without an end": lambda n, s: f'--b\nContent-Disposition: form-data; name="{n}"\n\n{s}\n',
    "YAML": lambda n, s: f"plan: nano\n{n}: {s}\n",
    "a line": lambda n, s: f"{n} {s}",
    "a URL": lambda _, s: f"see redis://x:{quote(s, safe='')}@host:1/",
    "a URL in JSON": lambda _, s: json.dumps({"label": f"redis://x:{s}@host:1/"}),
    "an encoded URL in JSON": lambda _, s: json.dumps({"url": f"redis://x:{quote(s, safe='')}@h:1/"}),
    "a URL in XML": lambda _, s: f"<a><url>redis://x:{escape(s)}@h/</url></a>",
    "a URL with escaped slashes": lambda _, s: f"see redis:\\/\\/x:{s}@h/ for it",
    "a URL in a form": lambda _, s: f"plan=nano&callback={quote_plus(f'redis://x:{s}@host/')}",
    "a command line": lambda _, s: f"curl -u username:{s} http://localhost/instances",
    "AUTH": lambda _, s: f"AUTH {s}\r\nPING\r\n",
    "AUTH with a user": lambda _, s: f"AUTH username {s}\r\n",
    "RESP": lambda _, s: f"*2\r\n$4\r\nAUTH\r\n${len(s.encode())}\r\n{s}\r\n",
}
