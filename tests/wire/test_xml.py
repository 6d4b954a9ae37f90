"""XML: Rails's types in both directions."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.errors import BadRequest, UnsupportedMedia
from rtgmock.model.attributes import APIS, BY_NAME, changeable
from rtgmock.model.payloads import Payload, layout
from rtgmock.wire import parameters, xml
from tests.support.values import few, record, settable, soup, texts

if TYPE_CHECKING:
    from rtgmock.model.types import Value

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
TOKENS = (
    b"<a>", b"</a>", b"<a-b>", b"</a-b>", b"<snapshots type='array'>", b"<snapshots>", b"</snapshots>", b"<snapshot>",
    b"</snapshot>", b"<b/>", b"<b nil='true'/>", b"<?xml version='1.0' encoding='", b"utf-8", b"utf-16", b"latin-1",
    b"'?>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&amp;", b"&#x", b"41;", b"<!DOCTYPE", b"<!ENTITY", b"\x00",
    b"\xff\xfe", b" ", b"text", b"<a type='integer'>",
)  # fmt: skip


def inside(element: str) -> Any:
    """Return what an element in an instance is decoded to."""
    tree = xml.decode(f"<instance>{element}</instance>".encode(), "utf-8")
    assert list(tree) == ["instance"]
    return tree["instance"]


def written(name: str, value: Value) -> str:
    """Return the lines between the tags of an instance that has one attribute."""
    lines = xml.encode_instance([(BY_NAME[name], value)]).decode()
    assert lines.startswith(f"{HEAD}<instance>\n  ")
    assert lines.endswith("\n</instance>\n")
    return lines.removeprefix(f"{HEAD}<instance>\n").removesuffix("\n</instance>\n")


@pytest.mark.parametrize(
    ("element", "tree"),
    [
        ("<plan>nano</plan>", {"plan": "nano"}),
        ("<plan type='string'>nano</plan>", {"plan": "nano"}),
        ("<plan other='x'>nano</plan>", {"plan": "nano"}),
        ("<master-host>a</master-host>", {"master_host": "a"}),
        ("<master_host>a</master_host>", {"master_host": "a"}),
        ("<timeout type='integer'>150</timeout>", {"timeout": "150"}),
        ("<timeout type='integer'> 150\n</timeout>", {"timeout": "150"}),
        ("<slave type='boolean'>true</slave>", {"slave": "true"}),
        ("<created-at type='datetime'>2010-12-20T00:35:22Z</created-at>", {"created_at": "2010-12-20T00:35:22Z"}),
        ("<created-at type='dateTime'>2010-12-20T00:35:22Z</created-at>", {"created_at": "2010-12-20T00:35:22Z"}),
        ("<label> a  b </label>", {"label": " a  b "}),
        ("<label type='string'> </label>", {"label": " "}),
        ("<label>a&amp;&lt;&gt;&quot;&apos;&#233;&#x1F600;</label>", {"label": "a&<>\"'é\U0001f600"}),
        ("<label><![CDATA[<a>&amp;]]></label>", {"label": "<a>&amp;"}),
        ("<label>mon<!-- horse -->grel</label>", {"label": "mongrel"}),
        ("<label>mon<?pi?>grel</label>", {"label": "mongrel"}),
        ("<label>a&#9;&#10;&#13;</label>", {"label": "a\t\n\r"}),
        ("<label>one</label><label>two</label>", {"label": "two"}),
        ("\n  <plan>nano</plan>\n  <slave>1</slave>\n", {"plan": "nano", "slave": "1"}),
    ],
)
def test_an_element_is_read_as_its_text(element: str, tree: Any) -> None:
    assert inside(element) == tree


@pytest.mark.parametrize(
    "element",
    [
        "<master-host nil='true'/>",
        "<master-host nil='true'></master-host>",
        "<master-host nil='true'>ignored</master-host>",
        "<master-host type='string' nil='true'/>",
        "<master-host type='datetime' nil='true'/>",
        "<master-host type='dateTime' nil='true'/>",
        "<master-host type='array' nil='true'/>",
        "<master-host type='integer'/>",
        "<master-host type='integer'></master-host>",
        "<master-host type='boolean'> \n</master-host>",
    ],
)
def test_a_nil_is_none_with_or_without_a_type_and_so_is_a_typed_blank(element: str) -> None:
    assert inside(element) == {"master_host": None}


@pytest.mark.parametrize(
    "element",
    [
        "<master-host/>",
        "<master-host></master-host>",
        "<master-host type='string'/>",
        "<master-host nil='false'/>",
        "<master-host nil='false'></master-host>",
        "<master-host><!-- nothing --></master-host>",
    ],
)
def test_an_empty_string_is_not_nil(element: str) -> None:
    assert inside(element) == {"master_host": ""}


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("<snapshots type='array'/>", []),
        ("<snapshots type='array'></snapshots>", []),
        ("<snapshots type='array'>\n  </snapshots>", []),
        ("<snapshots type='array'><snapshot>900 1</snapshot></snapshots>", ["900 1"]),
        ("<snapshots type='array'><snapshot>900 1</snapshot><snapshot>60 9</snapshot></snapshots>", ["900 1", "60 9"]),
        (
            "<snapshots type='array'>\n <snapshot>900 1</snapshot>\n <snapshot>60 9</snapshot>\n</snapshots>",
            ["900 1", "60 9"],
        ),
        ("<snapshots type='array'><value>900 1</value></snapshots>", ["900 1"]),
        ("<snapshots type='array'><snapshot type='string'>900 1</snapshot></snapshots>", ["900 1"]),
        ("<snapshots type='array'><snapshot nil='true'/><snapshot/></snapshots>", [None, ""]),
        ("<snapshots><snapshot>900 1</snapshot></snapshots>", ["900 1"]),
        ("<snapshots><snapshot>900 1</snapshot><snapshot>60 9</snapshot></snapshots>", ["900 1", "60 9"]),
        ("<snapshots>\n <snapshot>900 1</snapshot>\n</snapshots>", ["900 1"]),
        ("<snapshots></snapshots>", ""),
        ("<snapshots><value>900 1</value></snapshots>", {"value": "900 1"}),
    ],
)
def test_an_array_has_as_many_values_as_children(element: str, value: Any) -> None:
    assert inside(element) == {"snapshots": value}


@pytest.mark.parametrize(
    ("body", "tree"),
    [
        (b"", {}),
        (b" \r\n\t", {}),
        (b"\xef\xbb\xbf", {}),
        (b"<instance/>", {"instance": ""}),
        (b"<instance nil='true'/>", {"instance": None}),
        (b"<plan>nano</plan>", {"plan": "nano"}),
        (b"<instance>before<plan>nano</plan>after</instance>", {"instance": {"plan": "nano"}}),
        (b"<instance xmlns='urn:x' xml:lang='en'><plan>nano</plan></instance>", {"instance": {"plan": "nano"}}),
        (
            b"<instances type='array'><instance><plan>nano</plan></instance></instances>",
            {"instances": [{"plan": "nano"}]},
        ),
        (b"<?xml version='1.0'?>\n<!-- c --><instance><plan>nano</plan></instance>\n", {"instance": {"plan": "nano"}}),
    ],
)
def test_a_document_is_read_as_rails_did(body: bytes, tree: dict[str, Any]) -> None:
    assert xml.decode(body, "utf-8") == tree


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<plan>é</plan>".encode(), "utf-8"),
        ("\ufeff<plan>é</plan>".encode(), "utf-8"),
        ("<?xml version='1.0' encoding='utf-8'?><plan>é</plan>".encode(), "utf-8"),
        ("\ufeff<?xml version='1.0' encoding='UTF-8'?><plan>é</plan>".encode(), "utf-8"),
        ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?><plan>é</plan>'.encode(), "iso-8859-1"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><plan>é</plan>".encode("latin-1"), "utf-8"),
        ("<?xml version='1.0' encoding='windows-1252'?><plan>é</plan>".encode("cp1252"), "utf-8"),
        ("<?xml version='1.0' encoding='us-ascii'?><plan>&#233;</plan>".encode("ascii"), "utf-8"),
        ("<?xml version='1.0' encoding='UTF-16'?><plan>é</plan>".encode("utf-16"), "utf-8"),
        ("\ufeff<?xml version='1.0' encoding='UTF-16'?><plan>é</plan>".encode("utf-16-be"), "utf-8"),
        ("<plan>é</plan>".encode("utf-16"), "utf-8"),
        ("<plan>é</plan>".encode("utf-16"), "utf-16"),
        ("<plan>é</plan>".encode("latin-1"), "iso-8859-1"),
        ("<?xml version='1.0'?><plan>é</plan>".encode("latin-1"), "ISO-8859-1"),
    ],
)
def test_a_document_is_read_in_the_encoding_that_it_declares_or_is_labelled_with(body: bytes, charset: str) -> None:
    assert xml.decode(body, charset) == {"plan": "é"}


@pytest.mark.parametrize("name", ["utf-7", "ebcdic-cp-us", "shift_jis", "utf-32", "idna", "nonsense"])
def test_other_encodings_are_not_read(name: str) -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        xml.decode(f"<?xml version='1.0' encoding='{name}'?><plan>nano</plan>".encode(), "utf-8")

    assert str(refused.value) == f"The charset {name!r} is not read; send the XML body as UTF-8."


@pytest.mark.parametrize(
    ("name", "value", "lines"),
    [
        ("label", "mongrel", "<label>mongrel</label>"),
        ("label", "é\U0001f600", "<label>é\U0001f600</label>"),
        ("label", "a&b<c>d", "<label>a&amp;b&lt;c&gt;d</label>"),
        ("master_host", None, '<master-host nil="true"/>'),
        ("master_port", None, '<master-port nil="true"/>'),
        ("master_port", "6379", "<master-port>6379</master-port>"),
        ("timeout", 150, '<timeout type="integer">150</timeout>'),
        ("vm_size", 0, '<vm-size type="integer">0</vm-size>'),
        ("slave", False, '<slave type="boolean">false</slave>'),
        ("activerehashing", True, '<activerehashing type="boolean">true</activerehashing>'),
        ("created_at", "2010-12-20T00:35:22Z", '<created-at type="datetime">2010-12-20T00:35:22Z</created-at>'),
        ("last_backup_at", None, '<last-backup-at type="datetime" nil="true"/>'),
        ("hash_max_zipmap_value", 512, '<hash-max-zipmap-value type="integer">512</hash-max-zipmap-value>'),
        ("snapshots", [], '<snapshots type="array"/>'),
        ("snapshots", ["60 1"], '<snapshots type="array">\n    <snapshot>60 1</snapshot>\n  </snapshots>'),
        (
            "snapshots",
            ["900 1", "60 1"],
            '<snapshots type="array">\n    <snapshot>900 1</snapshot>\n    <snapshot>60 1</snapshot>\n  </snapshots>',
        ),
    ],
)
def test_a_value_is_written_as_rails_did(name: str, value: Value, lines: str) -> None:
    assert written(name, value) == f"  {lines}"


@pytest.mark.parametrize(
    "value", ["", " ", "  a ", "\"quoted\" & 'single'", "]]>", "<!DOCTYPE a>", "&amp;", "\u2028\ufeff"]
)
def test_a_string_means_the_same_to_another_parser(value: str) -> None:
    (element,) = fromstring(xml.encode_instance([(BY_NAME["master_password"], value)]))

    assert element.attrib == {}
    assert (element.text or "") == value


def test_a_list_is_typed_also_when_it_is_empty() -> None:
    assert xml.XML.encode_list([]).decode() == f'{HEAD}<instances type="array"/>\n'
    assert xml.XML.encode_list([[(BY_NAME["id"], number)] for number in (1, 2)]).decode() == (
        f'{HEAD}<instances type="array">\n'
        '  <instance>\n    <id type="integer">1</id>\n  </instance>\n'
        '  <instance>\n    <id type="integer">2</id>\n  </instance>\n'
        "</instances>\n"
    )


@pytest.mark.parametrize("number", [1, 3])
def test_errors_have_no_type(number: int) -> None:
    errors = xml.encode_errors(iter(["Label can't be <b>"] * number)).decode()

    assert errors == f"{HEAD}<errors>\n" + "  <error>Label can't be &lt;b&gt;</error>\n" * number + "</errors>\n"


@pytest.mark.parametrize("api", APIS)
@few
@given(data=st.data())
def test_what_is_written_is_read_back(data: st.DataObject, api: int) -> None:
    values = data.draw(settable(api))
    stored = record(**values)
    shown = layout(Payload.SHOW_XML, api)
    body = xml.encode_instance([(a, stored[a.name]) for a in shown if a.name in stored])

    read = parameters.parse_parameters(xml.decode(body, "utf-8"), api)
    assert read.values == values
    assert read.unknown == ()
    assert set(read.read_only) == {a.name for a in shown if a.name in stored and a not in changeable(api)}
    assert all(BY_NAME[name].equals(raw, stored[name]) for name, raw in read.read_only.items())


@few
@given(texts(blank=True), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_any_text_is_read_in_any_unicode_encoding(text: str, encoding: str) -> None:
    body = xml.encode_instance([(BY_NAME["master_password"], text)]).decode()
    declared = body.replace("UTF-8", "UTF-16") if encoding == "utf-16" else body

    if "<!DOCTYPE" not in text:
        assert xml.decode(declared.encode(encoding), "utf-8") == {"instance": {"master_password": text}}


@few
@given(soup(TOKENS), st.sampled_from(["utf-8", "utf-16", "windows-1252", "x"]))
def test_no_bytes_cause_an_internal_error(body: bytes, charset: str) -> None:
    with suppress(BadRequest, UnsupportedMedia):
        assert isinstance(xml.decode(body, charset), dict)
