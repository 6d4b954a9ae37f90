"""What the image and CI install is pinned with hashes and fits pyproject.toml; checked without the network."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import noxfile

ROOT = Path(__file__).parents[1]
FILES = list(noxfile.requirements())
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def pinned(name: str) -> dict[str, tuple[Requirement, str]]:
    """Return what a file of pins contains: each package's requirement and its options, which are hashes."""
    text = (ROOT / ".pins" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line.partition("--hash") for line in text.splitlines() if re.match(r"\w", line)]
    requirements = [(Requirement(package), mark + hashes) for package, mark, hashes in lines]
    return {canonicalize_name(requirement.name): (requirement, hashes) for requirement, hashes in requirements}


def versions(name: str) -> dict[str, str]:
    return {package: str(requirement.specifier) for package, (requirement, _) in pinned(name).items()}


def misfit(line: str, pins: dict[str, tuple[Requirement, str]]) -> str | None:
    """Return what is wrong with the pin of a requirement in pyproject.toml."""
    wanted = Requirement(line)
    name = canonicalize_name(wanted.name)
    if name not in pins:
        return f"{line} is not pinned"
    [version] = pins[name][0].specifier
    return None if wanted.specifier.contains(version.version) else f"{line} is pinned to {version.version}"


@pytest.mark.parametrize("name", FILES)
def test_each_package_is_pinned_to_one_version_with_hashes(name: str) -> None:
    pins = pinned(name)

    assert pins
    for requirement, hashes in pins.values():
        assert [one.operator for one in requirement.specifier] == ["=="], requirement
        assert not requirement.url
        assert HASH.findall(hashes) == hashes.split()


@pytest.mark.parametrize("name", FILES)
def test_each_requirement_of_the_project_is_pinned_to_a_version_that_it_allows(name: str) -> None:
    pins = pinned(name)
    wrong = [misfit(line, pins) for line in noxfile.requirements()[name]]

    assert not list(filter(None, wrong)), "nox -s pins -- --no-upgrade"


@pytest.mark.parametrize("name", FILES)
def test_no_package_is_built_from_its_sources(name: str) -> None:
    """A build would fetch what the package is built with, which has no hash here."""
    assert "\n--only-binary :all:\n" in (ROOT / ".pins" / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["image", "build"])
def test_the_image_contains_and_is_built_with_what_ci_tests(name: str) -> None:
    assert versions(name).items() <= versions("ci").items()


@pytest.mark.parametrize("path", ["Dockerfile", ".ci/run", ".ci/redis-versions"])
def test_pip_takes_no_file_of_an_index_without_its_hash(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8").partition("\nexport PIP_NO_INDEX=1")[0]
    commands = re.findall(r"pip(?: --python \S+)? (?:install|download|wheel) [^\n&]*", text)

    assert commands
    assert not [command for command in commands if not {"--require-hashes", "--no-index"} & set(command.split())]


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("tests/clients/*/package-lock.json")), ids=lambda path: path.parent.name
)
def test_each_npm_package_is_locked_with_a_hash(path: Path) -> None:
    packages = json.loads(path.read_bytes())["packages"]
    del packages[""]  # the folder itself

    assert packages
    assert not [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")]


CLEAN = {"name": "flask", "version": "3.1.3", "vulns": []}
UNANSWERED = {"name": "idna", "skip_reason": "Dependency not found on PyPI and could not be audited: idna (3.20)"}
KNOWN = {"id": "PYSEC-2018-28", "fix_versions": ["2.20.0"], "aliases": ["CVE-2018-18074"], "description": "..."}
VULNERABLE = {"name": "requests", "version": "2.19.0", "vulns": [KNOWN, {**KNOWN, "id": "X-1", "fix_versions": []}]}
"""Parts of reports that pip-audit 2.10 has written."""


def test_a_package_without_an_answer_does_not_count_as_safe() -> None:
    assert noxfile.verdict({"dependencies": [CLEAN], "fixes": []}) == ([], [])
    assert noxfile.verdict({"dependencies": [CLEAN, UNANSWERED], "fixes": []}) == ([], ["idna"])


def test_each_known_vulnerability_is_told_with_the_version_that_mends_it() -> None:
    found, unanswered = noxfile.verdict({"dependencies": [VULNERABLE, CLEAN, UNANSWERED], "fixes": []})

    assert found == [
        "requests 2.19.0: PYSEC-2018-28, mended in 2.20.0",
        "requests 2.19.0: X-1, not mended yet",
    ]
    assert unanswered == ["idna"]
