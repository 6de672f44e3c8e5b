"""Each sample gives exactly the records and faults written beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.domain.record import Basis, Method, Verification

from .layouts import METER, codes, outcomes

HERE = Path(__file__).parent
SAMPLES = sorted((HERE / "samples").glob("*.csv"))


def name_of(sample: Path) -> str:
    """The name a person's file has; the supplier's own holds the meter."""
    return f"mes-puissances-atteintes-30min-{METER}-75011.csv" if sample.stem.startswith("supplier") else sample.name


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_golden(sample: Path) -> None:
    records, faults = outcomes(sample.read_bytes(), name_of(sample))
    found = {
        "records": [
            {
                "kind": record.kind,
                "source_key": record.source_key,
                "day": record.day,
                "until": record.until,
                "place": record.provenance.place,
                "data": record.data,
            }
            for record in records
        ],
        "faults": [{"kind": fault.kind, "code": fault.code, "place": fault.place} for fault in faults],
    }
    assert found == json.loads((HERE / "golden" / f"{sample.stem}.json").read_text())


def test_every_golden_file_has_its_sample() -> None:
    assert {path.stem for path in (HERE / "golden").glob("*.json")} == {path.stem for path in SAMPLES}


def test_provenance_claims_nothing_that_was_not_proved() -> None:
    records, _ = outcomes((HERE / "samples" / "customer_area_excerpt.csv").read_bytes())
    provenance = records[0].provenance
    assert (provenance.connector, provenance.method, provenance.basis) == (
        "fr.enedis.csv",
        Method.PARSED,
        Basis.OBSERVED,
    )
    assert provenance.verification is Verification.UNSIGNED


def test_the_excerpt_of_the_distributor_is_placed_in_time() -> None:
    (record,), faults = outcomes((HERE / "samples" / "customer_area_excerpt.csv").read_bytes())
    values = record.data["values"]
    assert isinstance(values, list)
    assert faults == []
    # 23:40 and 23:50 on 20 August end the intervals that begin at 23:30 and 23:40: the 142nd and 143rd of 144.
    assert {index: value for index, value in enumerate(values) if value is not None} == {
        19 * 144 + 141: 270,
        19 * 144 + 142: 264,
    }
    assert (record.data["start"], record.data["interval"]) == ("2020-07-31T22:00:00Z", "PT10M")


def test_an_index_or_a_maximum_is_said_once_and_gives_nothing() -> None:
    for stem in ("customer_area_index_excerpt", "customer_area_maximum_excerpt"):
        records, faults = outcomes((HERE / "samples" / f"{stem}.csv").read_bytes())
        assert records == []
        assert list(codes(faults)) == [("unsupported-magnitude", "line 2")]
