"""A file is given whole or in part, as RFC 9110 section 14 says, and its picture beside the record."""

from __future__ import annotations

import io
import os

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.ids import ConnectorId, Kind
from cockpit.domain.moment import instant
from cockpit.domain.record import Basis, Method, Provenance, Record
from cockpit.sources.preview import preview
from cockpit_web.ranges import Span, Unsatisfiable, span_asked

KIND = Kind("invoice.document")
CONTENT = os.urandom(2_500_000)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "green").save(out, "PNG")
    return out.getvalue()


def brought(cockpit: Cockpit, visit: Visit, content: bytes, name: str, media_type: str) -> str:
    """The address of a record read from a file."""
    origin = Provenance(ConnectorId("eu.facturx"), "1.0.0", Method.PARSED, Basis.OBSERVED)
    record = Record(KIND, name, "2026-10-01", {"number": "F-1"}, origin)
    with cockpit.spaces.write(visit.person) as writer:
        blob = writer.keep_file(content, media_type, preview(content))
        writer.deposit(ConnectorId("eu.facturx"), [record], instant(cockpit.clock()), blob, name)
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        (stored,) = (each for each in reader.records(KIND) if each.file_name == name)
    return f"/donnees/{KIND}/{stored.uid}"


@pytest.fixture
def address(cockpit: Cockpit, visit: Visit) -> str:
    return brought(cockpit, visit, CONTENT, "facture.bin", "application/octet-stream") + "/fichier"


def test_the_whole_file_says_that_parts_may_be_asked_for(camille: TestClient, address: str) -> None:
    answer = camille.get(address)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(CONTENT))


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=1048570-1048590", 1_048_570, 1_048_591),
        ("bytes=2000000-", 2_000_000, 2_500_000),
        ("bytes=-100", 2_499_900, 2_500_000),
        ("bytes=2499999-9999999", 2_499_999, 2_500_000),
        ("bytes=-9999999", 0, 2_500_000),
    ],
)
def test_a_part_is_given(camille: TestClient, address: str, asked: str, start: int, stop: int) -> None:
    answer = camille.get(address, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/2500000"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''facture.bin"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("asked", ["bytes=2500000-", "bytes=-0"])
def test_nothing_in_the_range_is_said(camille: TestClient, address: str, asked: str) -> None:
    answer = camille.get(address, headers={"Range": asked})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */2500000")
    assert answer.content == b""


@pytest.mark.parametrize("asked", ["bytes=5-2", "lines=1-2", "bytes=0-1,5-6", "bytes=a-b", "bytes=-", "bytes=٣-"])
def test_what_is_not_understood_is_ignored(asked: str) -> None:
    assert span_asked(asked, 100) is None


@given(st.integers(0, 50), st.one_of(st.none(), st.integers(0, 60)), st.integers(0, 50))
def test_a_span_stays_within_the_file(first: int, last: int | None, length: int) -> None:
    try:
        span = span_asked(f"bytes={first}-{'' if last is None else last}", length)
    except Unsatisfiable:
        assert first >= length
        return
    if span is None:
        assert last is not None and last < first
        return
    assert span == Span(first, length if last is None else min(last + 1, length))
    assert 0 <= span.start < span.stop <= length


def test_a_file_away_is_explained_and_not_half_given(camille: TestClient, cockpit: Cockpit, address: str) -> None:
    objects = cockpit.settings.data / "objects"
    for path in objects.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-1])
    answer = camille.get(address)
    assert answer.status_code == 500
    assert "ne correspond plus à son sceau" in answer.text


def test_a_record_shows_the_picture_of_its_file(camille: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    page = brought(cockpit, visit, picture(), "scan.png", "image/png")
    text = camille.get(page).text
    assert f'<img src="{page}/apercu" alt="Aperçu de la première page de scan.png"' in text
    answer = camille.get(page + "/apercu")
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert Image.open(io.BytesIO(answer.content)).size == (300, 200)


def test_a_file_without_a_picture_shows_its_type_and_size(camille: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    page = brought(cockpit, visit, b"Date;Montant\n", "releve.csv", "text/plain")
    text = camille.get(page).text
    assert "Fichier texte" in text
    assert "/apercu" not in text
    assert camille.get(page + "/apercu").status_code == 404


def test_nobody_else_sees_the_picture(cockpit: Cockpit, visit: Visit, stranger: TestClient) -> None:
    page = brought(cockpit, visit, picture(), "scan.png", "image/png")
    answer = stranger.get(page + "/apercu")
    assert answer.status_code == 303


def test_the_room_that_is_left_is_said(camille: TestClient, address: str) -> None:
    text = camille.get("/reglages").text
    assert "Place de mes fichiers" in text
