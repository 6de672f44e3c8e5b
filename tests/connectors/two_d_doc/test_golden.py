"""Each published vector and each sample gives exactly the records and faults written beside it."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cockpit.domain.record import Basis, Method, Record, Verification
from cockpit.sources.port import Fault, Probe
from cockpit_connectors.fr_2ddoc.code import read_code
from cockpit_connectors.fr_2ddoc.connector import ID, VERSION, connector
from cockpit_connectors.fr_2ddoc.records import record
from cockpit_connectors.fr_2ddoc.trust import packaged_trust_list, trust_store
from cockpit_connectors.fr_2ddoc.verify import verify

from .specimens import HERE, TEST_CERTIFICATE, TODAY, VECTORS, picture, pulled, signed_code, vector

REPOSITORY = HERE.parents[2]
SAMPLES = sorted(path for path in (HERE / "samples").rglob("*") if path.is_file() and path.suffix != ".txt")


def told(found: Record) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "source_key": found.source_key,
        "day": found.day,
        "place": found.provenance.place,
        "verification": found.provenance.verification,
        "issuer": found.provenance.issuer,
        "data": found.data,
    }


def complained(fault: Fault) -> dict[str, Any]:
    return {"kind": fault.kind, "code": fault.code, "place": fault.place}


def golden(name: str) -> Any:
    return json.loads((HERE / "golden" / f"{name}.json").read_text(encoding="utf-8"))


def vector_records() -> list[dict[str, Any]]:
    store = trust_store(packaged_trust_list(), [TEST_CERTIFICATE])
    codes = [read_code(payload) for payload in VECTORS]
    return [told(record(code, verify(code, store, date.fromisoformat(TODAY)), "page 1", TODAY)) for code in codes]


def test_the_records_of_the_vectors() -> None:
    assert vector_records() == golden("vectors")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_the_samples(sample: Path) -> None:
    records, faults = pulled(sample.read_bytes(), TEST_CERTIFICATE)
    said = {"records": [told(each) for each in records], "faults": [complained(each) for each in faults]}
    assert said == golden(sample.stem)


def test_every_golden_file_has_its_sample() -> None:
    assert {path.stem for path in (HERE / "golden").glob("*.json")} == {"vectors", *(path.stem for path in SAMPLES)}


def test_records_have_fields_of_their_kind_and_say_how_they_were_read() -> None:
    written = tomllib.loads((REPOSITORY / "policies/cockpit_policies/kinds/papers.toml").read_text(encoding="utf-8"))
    fields = {kind["id"]: set(kind["fields"]) for kind in written["kind"]}
    for sample in SAMPLES:
        for found in pulled(sample.read_bytes(), TEST_CERTIFICATE)[0]:
            assert set(found.data) <= fields[found.kind]
            assert (found.provenance.method, found.provenance.basis) == (Method.SIGNED, Basis.DECLARED)
            assert (found.provenance.connector, found.provenance.connector_version) == (ID, VERSION)


def test_the_manifest_names_this_code() -> None:
    folder = REPOSITORY / "connectors" / "cockpit_connectors" / "fr_2ddoc"
    manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    assert (manifest["id"], manifest["version"]) == (ID, VERSION)


def one(payload: bytes) -> Record:
    ((found,), _) = pulled(picture(payload, "PNG"), TEST_CERTIFICATE)
    return found


def test_the_day_is_that_of_collection_then_of_emission_then_of_signature_then_today() -> None:
    for collected, day in (("31072013", "2013-07-31"), ("00072013", "2014-05-01"), ("99999999", "2014-05-01")):
        dated = signed_code("04", f"4A{collected}", emitted=date(2014, 5, 1), signed=date(2014, 5, 2))
        assert one(dated).day == day
    assert one(signed_code("04", "452013", emitted=None, signed=date(2014, 5, 2))).day == "2014-05-02"
    undated = one(signed_code("04", "452013", emitted=None, signed=None))
    assert undated.day == TODAY
    assert undated.provenance.verification is Verification.UNKNOWN_CERTIFICATE


def test_a_holder_in_three_parts_and_an_address_in_five() -> None:
    message = "11MME\x1d12CAMILLE\x1d13EXEMPLE\x1d20APT 4\x1d21BAT C\x1d23LE BOURG\x1d244400026FR"
    data = one(signed_code("00", message)).data
    assert data["holder"] == "MME CAMILLE EXEMPLE"
    assert data["complement"] == "APT 4, BAT C, LE BOURG"
    assert data["issuer"] == "CERTIFICAT DE TEST"
    assert "street" not in data


def test_the_issuer_is_named_only_when_its_signature_verifies() -> None:
    sound = vector("01")
    for payload, certificates in ((sound, ()), (sound.replace(b"SPECIMEN/", b"SPECIMAN/"), (TEST_CERTIFICATE,))):
        ((found,), _) = pulled(picture(payload, "PNG"), *certificates)
        assert found.provenance.issuer is None
        assert "issuer" not in found.data


def test_a_cut_value_says_so_in_a_signed_document() -> None:
    fields = one(signed_code("03", "30M/EXEMPLE/HEN\x1e34FR")).data["fields"]
    assert fields == {
        "30": {
            "label_fr": "Qualité, nom et prénom",
            "label_en": "Title, last name and first name",
            "value": "M HEN EXEMPLE",
            "truncated": True,
        },
        "34": {"label_fr": "Pays de localisation du compte", "label_en": "Country of the account", "value": "FR"},
    }


def test_recognition_is_a_hint() -> None:
    for sample in SAMPLES:
        content = sample.read_bytes()
        assert connector.recognise(Probe("download", content, len(content))) == 0.3
    invoice = b"%PDF-1.7\n<< /F (Factur-X.xml) >>"
    assert connector.recognise(Probe("facture.pdf", invoice, len(invoice))) == 0.1
    for other in (b"", b"OFXHEADER:100", b"<xml/>", b"GIF89a", b"RIFF\x00\x00\x00\x00WAVE"):
        assert connector.recognise(Probe("x.pdf", other, len(other))) == 0.0
