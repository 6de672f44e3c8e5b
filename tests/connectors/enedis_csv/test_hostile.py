"""Damaged and hostile files end in typed faults: no exception, no runaway, no value in a fault."""

from __future__ import annotations

import io
import random
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.sources.port import Fault, FaultKind, Probe
from cockpit_connectors.fr_enedis_csv.connector import connector

from .layouts import LONG_HEADER, METER, codes, outcomes, zipped

SAMPLES = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "samples").glob("*.csv")}
ARCHIVE = zipped(
    index__csv=SAMPLES["customer_area_index_excerpt"], **{"courbe-30min__csv": SAMPLES["supplier_october"]}
)


def check(content: bytes, name: str = "export.csv") -> None:
    """Whatever the bytes, there is an answer, and faults hold no measure and no meter."""
    assert 0.0 <= connector.recognise(Probe(name, content[: 64 * 1024], len(content))) <= 1.0
    records, faults = outcomes(content, name)
    assert records or faults
    for fault in faults:
        assert isinstance(fault.kind, FaultKind)
        assert METER not in fault.message + (fault.place or "")


@pytest.mark.parametrize("stem", sorted(SAMPLES))
def test_every_truncation(stem: str) -> None:
    sample = SAMPLES[stem]
    for size in range(0, len(sample), 1 if len(sample) < 3000 else 7):
        check(sample[:size])


def test_every_truncation_of_an_archive() -> None:
    for size in range(0, len(ARCHIVE), 3):
        check(ARCHIVE[:size], "x.zip")


@pytest.mark.parametrize("stem", [*sorted(SAMPLES), "archive"])
def test_flipped_bits(stem: str) -> None:
    sample = ARCHIVE if stem == "archive" else SAMPLES[stem]
    chance = random.Random(stem)
    for _ in range(250):
        damaged = bytearray(sample)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        check(bytes(damaged))


@given(content=st.binary(max_size=300), header=st.sampled_from([b"", LONG_HEADER.encode() + b"\n", b"PK\x03\x04"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes(content: bytes, header: bytes) -> None:
    check(header + content)


@given(text=st.text(alphabet="0123456789/:-;,. T+\nPWhk", max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_line_under_a_good_header(text: str) -> None:
    check(f"{LONG_HEADER}\n{METER};;;PA;CONS;BRUT;W;{text}".encode())
    check(f"Récapitulatif de mes puissances atteintes en W\n10/01/2024;;\n{text}".encode("latin-1"))


def test_truncated_files_keep_their_good_lines() -> None:
    whole, _ = outcomes(SAMPLES["long_march"])
    half, faults = outcomes(SAMPLES["long_march"][: len(SAMPLES["long_march"]) // 2])
    assert len(faults) <= 1
    kept, complete = half[0].data["values"], whole[0].data["values"]
    assert isinstance(kept, list) and isinstance(complete, list)
    assert 10 < sum(value is not None for value in kept) < sum(value is not None for value in complete)


def archive_of(names: list[str], content: bytes = b"x") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()


def only(content: bytes) -> Fault:
    records, faults = outcomes(content, "x.zip")
    assert records == []
    (fault,) = faults
    return fault


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (archive_of([f"{rank}.csv" for rank in range(51)]), FaultKind.TOO_BIG, "zip-too-many-files"),
        (archive_of(["../../escape.csv"]), FaultKind.UNSUPPORTED, "zip-unsafe-name"),
        (archive_of(["good/..\\..\\escape.csv"]), FaultKind.UNSUPPORTED, "zip-unsafe-name"),
        (archive_of(["/etc/passwd.csv"]), FaultKind.UNSUPPORTED, "zip-unsafe-name"),
        (archive_of(["C:\\curve.csv"]), FaultKind.UNSUPPORTED, "zip-unsafe-name"),
        (archive_of([]), FaultKind.UNSUPPORTED, "empty-zip"),
        (b"PK\x03\x04 and nothing more", FaultKind.UNSUPPORTED, "bad-zip"),
        (archive_of(["inner.csv"], ARCHIVE), FaultKind.UNSUPPORTED, "unsupported-file-in-zip"),
        (archive_of(["inner.zip"], ARCHIVE), FaultKind.UNSUPPORTED, "unsupported-file-in-zip"),
        (archive_of(["photo.png"]), FaultKind.UNSUPPORTED, "unsupported-file-in-zip"),
    ],
)
def test_hostile_archives(content: bytes, kind: FaultKind, code: str) -> None:
    fault = only(content)
    assert (fault.kind, fault.code) == (kind, code)


def test_a_bomb_is_refused_before_it_is_opened() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for rank in range(5):
            archive.writestr(f"{rank}.csv", bytes(13 * 1024 * 1024 + 1024))
    assert only(target.getvalue()).code == "zip-too-big"


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_declared() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.csv", bytes(8 * 1024 * 1024))
    content = bytearray(target.getvalue())
    # The uncompressed size stands 24 bytes into the central directory's entry (APPNOTE 4.3.12).
    struct.pack_into("<I", content, content.rindex(b"PK\x01\x02") + 24, 100)
    assert only(bytes(content)).code in {"bad-zip-entry", "unsupported-file-in-zip"}


def test_an_encrypted_file_is_named() -> None:
    content = bytearray(archive_of(["a.csv"]))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    assert only(bytes(content)).code == "zip-encrypted"


def test_other_files_of_an_archive_are_named_by_rank_and_the_curve_is_read() -> None:
    records, faults = outcomes(ARCHIVE, "mes-donnees-elec.zip")
    assert list(codes(faults)) == [
        ("unsupported-file-in-zip", "file 1"),
        ("outside-intervals", "file 2, line 38"),
    ]
    assert [record.provenance.place for record in records] == ["file 2, line 8"]


def test_one_measure_a_month_for_ever_is_cut_short() -> None:
    lines = (
        f"{meter:014};;;PA;CONS;BRUT;W;20{year:02}-{month:02}-10 00:30:00;6;B;PT5M;0;0"
        for meter in range(3)
        for year in range(100)
        for month in range(1, 13)
    )
    before = time.process_time()
    records, faults = outcomes("\n".join([LONG_HEADER, *lines]))
    assert len(records) == 2000
    assert list(codes(faults)) == [("too-many-months", "line 2002")]
    assert faults[0].kind is FaultKind.TOO_BIG
    assert time.process_time() - before < 30


@pytest.mark.parametrize("line", [";" * 3_000_000, "1" * 3_000_000, "\x00" * 3_000_000, "1;" * 1_500_000])
def test_an_endless_line_costs_little(line: str) -> None:
    before = time.process_time()
    check(f"{LONG_HEADER}\n{line}".encode())
    assert time.process_time() - before < 10
