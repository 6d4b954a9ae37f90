"""Which names are those of secrets."""

from __future__ import annotations

import pytest

from rtgmock.journal.redaction.secrets import is_secret, is_url
from rtgmock.model.attributes import ATTRIBUTES, SECRETS


def test_the_tables_secrets_are_secret_and_its_other_attributes_are_not() -> None:
    for name in ("password", "master-password", "instance[password]", "Config_Command", "pasword", "newPassword"):
        assert is_secret(name), name
    for name in ("plan", "label", "url", "master_host", "instance[master_port]", "port", "persistence", "Accept"):
        assert not is_secret(name), name


def test_the_column_of_the_attribute_table_decides() -> None:
    assert {attribute.name for attribute in ATTRIBUTES if is_secret(attribute.name)} == SECRETS - {"url"}


@pytest.mark.parametrize(("name", "expected"), [("url", True), ("instance[url]", True), ("URL", True), ("urls", False)])
def test_the_name_of_a_url_is_recognized(name: str, expected: bool) -> None:
    assert is_url(name) is expected
