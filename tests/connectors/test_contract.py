"""The standard suite: what every connector of the house owes, whatever its source.

Samples lie in ``tests/connectors/<source>/samples``; those under ``bad/`` or named ``*.fail.*`` give faults only.
"""

from __future__ import annotations

import importlib
import random
import re
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cockpit.domain.ids import ConnectorId
from cockpit.domain.record import Json, Record
from cockpit.sources.manifest import Manifest
from cockpit.sources.port import PROBE_BYTES, Checkpoint, Fault, FileConnector, Outcome, Probe, PullContext, SourceFile
from cockpit.sources.sandbox import pull_file
from cockpit.sources.shelf import GROUP, Shelf

ROOT = Path(__file__).parents[2]
HOME = ROOT / "connectors" / "cockpit_connectors"
CONTEXT = PullContext(today="2026-01-31")
SOURCES = {
    "fr.enedis.csv": "enedis_csv",
    "intl.ofx": "ofx",
    "fr.2ddoc": "two_d_doc",
    "eu.facturx": "facturx",
}
"""Where the samples of each connector lie, under tests/connectors."""

SECONDS_FOR_MUTANTS = 8.0
"""At most so long is spent breaking one sample; small samples are broken many times, pages of images a few."""

SHELF = Shelf.from_packages(f"cockpit_connectors.{path.parent.name}" for path in HOME.glob("*/manifest.toml"))
MANIFESTS = {manifest.id: manifest for manifest in SHELF.manifests()}


@dataclass(frozen=True)
class Sample:
    """One sample file and whose it is; ``bad`` ones hold nothing that can be read."""

    owner: ConnectorId
    path: Path

    @property
    def bad(self) -> bool:
        return "bad" in self.path.parts or ".fail." in self.path.name

    @property
    def file(self) -> SourceFile:
        return SourceFile(self.path.name, self.path.read_bytes())


def _samples() -> Iterator[Sample]:
    for connector, manifest in MANIFESTS.items():
        for path in sorted((ROOT / "tests" / "connectors" / SOURCES[connector] / "samples").rglob("*")):
            if path.is_file() and manifest.matches(path.name):
                yield Sample(connector, path)


SAMPLES = list(_samples())
each_connector = pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=lambda manifest: manifest.id)
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.owner}:{sample.path.name}")
good_sample = pytest.mark.parametrize(
    "sample",
    [sample for sample in SAMPLES if not sample.bad],
    ids=lambda sample: f"{sample.owner}:{sample.path.name}",
)


@cache
def connector_of(connector: ConnectorId) -> FileConnector:
    module = importlib.import_module(f"{SHELF.package(connector)}.connector")
    found: FileConnector = module.connector
    return found


@cache
def declared_fields() -> dict[str, frozenset[str]]:
    """The fields of every kind of the vocabulary."""
    kinds: dict[str, frozenset[str]] = {}
    for path in (ROOT / "policies" / "cockpit_policies" / "kinds").glob("*.toml"):
        for kind in tomllib.loads(path.read_text())["kind"]:
            kinds[kind["id"]] = frozenset(kind["fields"])
    return kinds


def pulled(connector: ConnectorId, file: SourceFile) -> list[Outcome]:
    return list(connector_of(connector).pull(file, CONTEXT))


def is_exact(value: Json) -> bool:
    """Whether the value is JSON without a float, all the way down."""
    if isinstance(value, dict):
        return all(type(key) is str and is_exact(item) for key, item in value.items())
    if isinstance(value, list):
        return all(is_exact(item) for item in value)
    return value is None or type(value) in {bool, int, str}


def check(outcome: Any, manifest: Manifest) -> None:
    """One outcome keeps the contract of ``cockpit.sources.port``."""
    match outcome:
        case Record():
            assert outcome.kind in manifest.produces
            assert outcome.source_key
            assert outcome.data.keys() <= declared_fields()[outcome.kind]
            assert is_exact(outcome.data)
            assert date.fromisoformat(outcome.day).isoformat() == outcome.day
            assert outcome.until is None or outcome.day <= date.fromisoformat(outcome.until).isoformat()
            assert outcome.provenance.connector == manifest.id
            assert outcome.provenance.connector_version == manifest.version
            assert 0 <= outcome.provenance.confidence <= 100
        case Fault():
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", outcome.code)
            assert outcome.message.endswith((".", "?", "!"))
            # A long number in a message would be an account, a meter or a reference of the file.
            assert not re.search(r"\d{7,}", outcome.message + (outcome.place or ""))
        case _:
            assert isinstance(outcome, Checkpoint)


def test_the_installed_shelf_is_this_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    written = project["entry-points"][GROUP]
    assert written == {connector: SHELF.package(connector) for connector in MANIFESTS}
    assert written.keys() == SOURCES.keys()


@each_connector
def test_a_manifest_keeps_its_word(manifest: Manifest) -> None:
    folder = HOME / SHELF.package(manifest.id).rpartition(".")[2]
    assert set(manifest.produces) <= declared_fields().keys()
    assert manifest.title.fr != manifest.title.en
    assert len((folder / "README.md").read_text().split()) > 80
    tests = ROOT / "tests" / "connectors" / SOURCES[manifest.id]
    if manifest.quality.golden == "done":
        assert any((tests / "golden").glob("*.json"))
    assert any(sample.owner == manifest.id and not sample.bad for sample in SAMPLES)


@each_sample
def test_the_owner_of_a_sample_and_nobody_else_reads_it(sample: Sample) -> None:
    """The diagonal of the confusion matrix, through the child process that will really be used."""
    with pull_file(SHELF, sample.file, CONTEXT) as run:
        outcomes = list(run)
    faults = {outcome.code for outcome in outcomes if isinstance(outcome, Fault)}
    assert not faults & {"reader-crashed", "limit-exceeded"}
    for outcome in outcomes:
        check(outcome, MANIFESTS[run.connector or sample.owner])
    if sample.bad:
        assert faults
        assert not any(isinstance(outcome, Record) for outcome in outcomes)
    else:
        # A sample may hold something its owner knows and does not read: it is still for the owner to say so.
        assert run.connector == sample.owner
        assert outcomes


@good_sample
def test_a_renamed_sample_is_still_recognised(sample: Sample) -> None:
    """A name is a hint; the content decides."""
    with pull_file(SHELF, SourceFile("download", sample.file.content), CONTEXT) as run:
        assert list(run)
        assert run.connector == sample.owner


SCRAPS = [b"", b"\x00", b"%PDF-1.7", b"\xff\xd8\xff", b"PK\x03\x04", b"<", b";;;\n" * 9, b"\n"]


@each_connector
@pytest.mark.parametrize("content", SCRAPS)
def test_scraps_are_neither_recognised_for_sure_nor_fatal(manifest: Manifest, content: bytes) -> None:
    score = connector_of(manifest.id).recognise(Probe("scrap", content, len(content)))
    assert 0.0 <= score < 0.9
    outcomes = pulled(manifest.id, SourceFile("scrap", content))
    assert outcomes
    assert all(isinstance(outcome, Fault) for outcome in outcomes)
    for outcome in outcomes:
        check(outcome, manifest)


@good_sample
def test_pulling_twice_gives_the_same(sample: Sample) -> None:
    first, second = pulled(sample.owner, sample.file), pulled(sample.owner, sample.file)
    assert first == second
    keys = [(outcome.kind, outcome.source_key) for outcome in first if isinstance(outcome, Record)]
    assert len(set(keys)) == len(keys)


def mutants(content: bytes) -> Iterator[bytes]:
    """Truncations and bit flips, seeded: the same for everybody, for ever."""
    dice = random.Random(len(content))
    while True:
        yield content[: dice.randrange(len(content))]
        broken = bytearray(content)
        for _ in range(dice.choice((1, 1, 8, 64))):
            broken[dice.randrange(len(broken))] ^= 1 << dice.randrange(8)
        yield bytes(broken)


@each_sample
def test_broken_samples_end_in_typed_outcomes(sample: Sample) -> None:
    manifest = MANIFESTS[sample.owner]
    connector = connector_of(sample.owner)
    until = time.monotonic() + SECONDS_FOR_MUTANTS
    for count, content in enumerate(mutants(sample.file.content)):
        assert 0.0 <= connector.recognise(Probe(sample.path.name, content[:PROBE_BYTES], len(content))) <= 1.0
        began = time.monotonic()
        for outcome in connector.pull(SourceFile(sample.path.name, content), CONTEXT):
            check(outcome, manifest)
        assert time.monotonic() - began < 20
        if count >= 100 or (count >= 5 and time.monotonic() > until):
            return
