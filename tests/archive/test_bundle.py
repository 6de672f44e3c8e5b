"""The archive's writer: safe names, honest tables, one commitment, and a plain zip that any program opens."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.archive.bundle import MEDIA_TYPE, ArchiveWriter, is_safe, safe_name
from cockpit.sealing.canonical import canonical
from cockpit.verifier import verify as verifier
from tests.verifier.specimen import Specimen, living, row

UNSAFE = ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a\\b", "C:a", "a\x00b", "a\nb", "a\u202eb", "a?b"]


@pytest.mark.parametrize("path", UNSAFE)
def test_a_path_that_could_leave_the_archive_is_refused(path: str) -> None:
    assert not is_safe(path)
    with pytest.raises(ValueError, match="unsafe"):
        ArchiveWriter(io.BytesIO()).add(path, b"")


@given(st.text())
def test_any_name_of_a_file_becomes_a_safe_one(name: str) -> None:
    safe = safe_name(name)
    assert is_safe(safe)
    assert verifier.is_safe(safe)
    assert 1 <= len(safe.encode()) <= 120
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relevé d'octobre.ofx", "relevé d'octobre.ofx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Documents\\facture.pdf", "facture.pdf"),
        ("..", "file"),
        ("", "file"),
        ("a\x00b\n.pdf", "a_b_.pdf"),
        ("e\u0301.pdf", "é.pdf"),
        ("\ud800.pdf", "_.pdf"),
    ],
)
def test_a_name_keeps_what_is_safe_of_it(name: str, expected: str) -> None:
    assert safe_name(name) == expected


def test_a_long_name_keeps_its_extension() -> None:
    assert safe_name("漢" * 300 + ".pdf").endswith("漢.pdf")


def test_no_path_is_taken_twice_whatever_its_case() -> None:
    archive = ArchiveWriter(io.BytesIO())
    archive.add("files/A.txt", b"")
    for path in ("files/A.txt", "files/a.TXT", "manifest.json", "MIMETYPE"):
        with pytest.raises(ValueError, match="taken"):
            archive.add(path, b"")


def test_contents_are_closed_once_their_digest_is_logged() -> None:
    archive = ArchiveWriter(io.BytesIO())
    archive.add_json("consents/a.json", {})
    listed = [{"path": "consents/a.json", "size": 2, "sha256": hashlib.sha256(b"{}").hexdigest()}]
    assert archive.contents_sha256() == hashlib.sha256(canonical(listed)).hexdigest()
    archive.add("README.txt", b"")
    with pytest.raises(ValueError, match="digest"):
        archive.add_original(1, "late.pdf", [b""])
    assert archive.contents_sha256() == hashlib.sha256(canonical(listed)).hexdigest()


def table(rows: list[dict[str, object]]) -> list[dict[str, str]]:
    archive = Specimen(rows=[row("01"), *rows]).taken()
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        content = opened.read("records/bank.transaction.csv")
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == len(rows) + 2
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "＝1", "-", "+33 6"])
def test_no_spreadsheet_runs_a_label(text: str) -> None:
    (read,) = table([row("02", data={"label": text})])
    assert read["data.label"] == "'" + text


@pytest.mark.parametrize("text", ["-12.34", "+5", "-1234,50", "12.00", "CAFÉ", "l'été", "a=b"])
def test_numbers_and_plain_texts_are_left_as_they_are(text: str) -> None:
    (read,) = table([row("02", data={"label": text})])
    assert read["data.label"] == text


def test_a_cell_holds_commas_quotes_lines_and_lists() -> None:
    (read,) = table([row("02", data={"label": 'a,"b"\r\n=c', "values": [1, None, {"x": "é"}], "ok": True, "no": None})])
    assert read["data.label"] == 'a,"b"  =c'
    assert json.loads(read["data.values"]) == [1, None, {"x": "é"}]
    assert (read["data.ok"], read["data.no"], read["until"]) == ("true", "", "")


def test_the_first_bytes_say_what_the_file_is() -> None:
    assert living()[30 : 30 + 8 + len(MEDIA_TYPE)] == b"mimetype" + MEDIA_TYPE


def test_any_zip_program_opens_it_and_the_same_contents_give_the_same_members() -> None:
    with zipfile.ZipFile(io.BytesIO(living())) as opened:
        assert opened.testzip() is None
        for member in opened.infolist():
            assert member.date_time == (1980, 1, 1, 0, 0, 0)
            assert not member.is_dir()
            assert member.external_attr >> 16 == 0o600
        manifest = opened.read("manifest.json")
    assert json.loads(manifest)["format"] == "mesinfos-cockpit-archive"
    assert canonical(json.loads(manifest)) == manifest


def test_floats_never_enter_an_archive() -> None:
    with pytest.raises(TypeError):
        ArchiveWriter(io.BytesIO()).add_records("bank.transaction", lambda: [row("01", data={"amount": 1.5})])
