"""Each sample gives exactly the records and faults written beside it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from cockpit.domain.record import Basis, Method, Verification
from cockpit.sources.port import Probe
from cockpit_connectors.intl_ofx.connector import ID, VERSION, connector

from .statements import outcomes

HERE = Path(__file__).parent
SAMPLES = sorted((HERE / "samples").glob("*.ofx"))
REPOSITORY = HERE.parents[2]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_golden(sample: Path) -> None:
    records, faults = outcomes(sample.read_bytes())
    found = {
        "records": [
            {
                "kind": record.kind,
                "source_key": record.source_key,
                "day": record.day,
                "place": record.provenance.place,
                "data": record.data,
            }
            for record in records
        ],
        "faults": [{"kind": fault.kind, "code": fault.code, "place": fault.place} for fault in faults],
    }
    assert found == json.loads((HERE / "golden" / f"{sample.stem}.json").read_text(encoding="utf-8"))


def test_every_golden_file_has_its_sample() -> None:
    assert {path.stem for path in (HERE / "golden").glob("*.json")} == {path.stem for path in SAMPLES}


def test_records_have_the_fields_of_their_kind_and_claim_no_proof() -> None:
    kinds = tomllib.loads((REPOSITORY / "policies/cockpit_policies/kinds/bank.toml").read_text(encoding="utf-8"))
    fields = {kind["id"]: set(kind["fields"]) for kind in kinds["kind"]}
    records, _ = outcomes((HERE / "samples" / "french_sgml_comma.ofx").read_bytes())
    assert len(records) == 8
    for record in records:
        assert set(record.data) == fields[record.kind]
        provenance = record.provenance
        assert (provenance.method, provenance.basis) == (Method.PARSED, Basis.OBSERVED)
        assert (provenance.connector, provenance.verification) == ("intl.ofx", Verification.UNSIGNED)


def test_the_manifest_names_this_code() -> None:
    folder = REPOSITORY / "connectors" / "cockpit_connectors" / "intl_ofx"
    manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    assert (manifest["id"], manifest["version"]) == (ID, VERSION)


def test_recognises_its_own_and_nothing_else() -> None:
    for path in SAMPLES:
        content = path.read_bytes()
        assert connector.recognise(Probe("export.txt", content, len(content))) == 1.0, path.name
    for other in (b"", b"\xff\x00" * 99, b"Date;Montant\n", b"%PDF-1.7", b"PK\x03\x04", b"<html><OFXX></html>", b"OFX"):
        assert connector.recognise(Probe("releve.ofx", other, len(other))) == 0.0
