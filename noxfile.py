"""Sessions that CI runs, each also by hand: nox -s lint types arch tests wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "arch", "tests", "wheel"]


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: rules and format."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict."""
    session.run("mypy")


@nox.session
def arch(session: nox.Session) -> None:
    """The floors of the house: who may import whom."""
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """The default suite, browser included."""
    session.run("pytest", *session.posargs)


@nox.session
def long(session: nox.Session) -> None:
    """Further examples of what the default suite tries on some: some two minutes."""
    session.run("pytest", "-m", "long", *session.posargs)


@nox.session
def engines(session: nox.Session) -> None:
    """Every test of the store, the acts, the walks and the laws on PostgreSQL too."""
    rooms = ("tests/acts", "tests/laws", "tests/store", "tests/walks")
    session.run("pytest", "--every-engine", "-k", "postgresql", *rooms, *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """The long runs of kills and power cuts: some ten minutes."""
    session.run("pytest", "-m", "faults", "-n", "0", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Mutation testing of one room of pyproject.toml's, by its name: nox -s mutants -- tree."""
    rooms = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["cockpit"]["mutants"]
    room = rooms[session.posargs[0]]
    copy = Path(session.create_tmp())
    session.run(
        "sh", "-c", f"rm -rf '{copy}' && mkdir -p '{copy}' && git archive HEAD | tar -x -C '{copy}'", external=True
    )
    project = copy / "pyproject.toml"
    # What an error says is for a person; that it is raised, and when, is for the tests.
    settings = f"""
[tool.mutmut]
source_paths = ["cockpit"]
only_mutate = {room["modules"]}
do_not_mutate_patterns = ['^\\s*raise ']
also_copy = ["benchmarks", "connectors", "docs", "examples", "policies", "web"]
pytest_add_cli_args = ["-n0", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib", "-m", "not long"]
pytest_add_cli_args_test_selection = {room["tests"]}
timeout_multiplier = 10.0
"""
    project.write_text(project.read_text("utf-8") + settings, "utf-8")
    session.chdir(copy)
    session.run("mutmut", "run", *session.posargs[1:])
    session.run("mutmut", "results")


@nox.session
def wheel(session: nox.Session) -> None:
    """The wheel, built and installed into a clean environment that serves a page."""
    session.run("pytest", "-m", "packaging", "-n", "0", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Every benchmark; docs/reference/performance.md then says what was found, when and on which machine."""
    session.run("python", "-m", "benchmarks.performance", *session.posargs)
