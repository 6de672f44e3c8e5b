"""Tiny connectors written on the spot: each test says in a few lines how its connector behaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from cockpit.sources.shelf import Shelf

MANIFEST = """
id = "{id}"
version = "1.0.0"
shape = "file"
produces = ["bank.transaction"]
auth = "none"
hosts = []
sensitivity = "high"
verification = "self-declared"
[title]
fr = "Lecteur {id}"
en = "Reader {id}"
[file]
globs = ["{glob}"]
media_types = ["text/plain"]
max_bytes = 1048576
[legal]
basis = "portability (GDPR art. 20)"
contract = false
[quality]
golden = "done"
hostile = "done"
localised = "done"
"""

CONNECTOR = """
from cockpit.domain.record import Basis, Method, Provenance, Record
from cockpit.sources.port import Checkpoint, Fault, FaultKind

def record(key, connector="{id}", kind="bank.transaction", **data):
    return Record(kind, key, "2026-01-31", data, Provenance(connector, "1.0.0", Method.PARSED, Basis.OBSERVED))

class Reader:
    def recognise(self, probe):
        return {score}

    def pull(self, file, context):
{body}

connector = Reader()
"""

MakeReader = Callable[..., str]


@pytest.fixture
def make_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeReader:
    """Write one importable connector package and give its name; ``body`` is the body of ``pull``."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name: str, body: str = "yield record('a')", score: str = "1.0", glob: str = "*.txt") -> str:
        package = tmp_path / f"tiny_{name}"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "manifest.toml").write_text(MANIFEST.format(id=f"xx.{name}", glob=glob))
        written = CONNECTOR.format(id=f"xx.{name}", score=score, body=indent(dedent(body), " " * 8))
        (package / "connector.py").write_text(written)
        return package.name

    return make


@pytest.fixture
def shelf_of(make_reader: MakeReader) -> Callable[..., Shelf]:
    """A shelf of one connector called ``xx.lone``, whose ``pull`` has the given body."""

    def build(body: str, score: str = "1.0") -> Shelf:
        return Shelf.from_packages([make_reader("lone", body, score)])

    return build
