from pathlib import Path

import nox

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
    """Write the README's tables from the tables in the code."""
    session.install("-e", ".[test]")
    session.run("cog", "-r", "-I", ".", "README.md")


@nox.session
def pins(session: nox.Session) -> None:
    """Update the versions that the image is built with."""
    session.install("uv")
    header = "# The version of each dependency that the image is built with. Written by: nox -s pins"
    options = ("--universal", "--python-version", "3.11", "--upgrade", "--no-annotate", "--no-header", "--quiet")
    pinned = session.run("uv", "pip", "compile", *options, "pyproject.toml", silent=True)
    Path(".docker/constraints.txt").write_text(f"{header}\n{pinned}", encoding="utf-8")
