"""The text of a 2D-Doc: every published vector, the laws of the message, and what is refused by name."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit_connectors.fr_2ddoc.code import (
    MOST_BYTES,
    CodeUnreadable,
    CodeUnsupported,
    looks_like_code,
    read_code,
)
from cockpit_connectors.fr_2ddoc.fields import FieldSheet, Format, field_sheets
from cockpit_connectors.fr_2ddoc.types import DOCUMENT_TYPES, document_type

from .specimens import GS, RS, US, VECTORS, encode_message, signature_text, signed_code, vector

SHEETS = sorted(field_sheets().values(), key=lambda sheet: sheet.id)
REASONS = {
    "bad-code",
    "binary-code",
    "unsupported-code-version",
    "unsupported-perimeter",
    "no-signature-in-code",
    "unknown-field",
    "short-field",
    "repeated-field",
    "bad-signature-text",
}
LETTERS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 /,-", min_size=1, max_size=80)


@st.composite
def message_fields(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Fields in any order, each value of a length its sheet allows."""
    chosen: list[FieldSheet] = draw(st.lists(st.sampled_from(SHEETS), max_size=12, unique_by=lambda sheet: sheet.id))
    written = []
    for sheet in chosen:
        value = draw(LETTERS)
        length = sheet.length or min(len(value), sheet.longest or len(value))
        written.append((sheet.id, value[:length].ljust(length, "X")))
    return written


def header(text: bytes) -> bytes:
    """The signed part of a code."""
    return text.partition(US.encode())[0]


def replaced(payload: bytes, before: str, after: str) -> bytes:
    assert before.encode() in payload
    return payload.replace(before.encode(), after.encode(), 1)


@pytest.mark.parametrize("payload", VECTORS, ids=lambda payload: payload[:26].decode())
def test_every_vector_is_read(payload: bytes) -> None:
    code = read_code(payload)
    assert (code.version, code.document_type) == (payload[2:4].decode(), payload[20:22].decode())
    assert (code.authority_id, code.certificate_id) == ("FR00", "0001")
    assert code.signed == header(payload)
    assert len(code.signature) == 64
    assert code.fields
    assert code.document_type in DOCUMENT_TYPES


def test_a_vector_says_what_the_specification_prints_beside_it() -> None:
    code = read_code(vector("00"))
    assert code.emitted_on == date(2012, 10, 15)
    assert code.signed_on == date(2015, 7, 27)
    assert {field.sheet.id: field.value for field in code.fields} == {
        "10": "MLLE/SAMPLE/ANGELA",
        "20": "",
        "21": "BAT 2 ETG 3",
        "22": "7 PLACE DES SPECIMENS",
        "23": "",
        "24": "57000",
        "25": "METZ",
        "26": "FR",
    }


def test_a_field_at_its_longest_needs_no_separator() -> None:
    """As the specification's examples of types 16 and C4 have it."""
    asylum = {field.sheet.id: field.value for field in read_code(vector("16")).fields}
    assert asylum["6Q"] == "7503120521"
    assert asylum["6O"] == "30072021"
    weapons = {field.sheet.id: field.value for field in read_code(vector("C4")).fields}
    assert weapons["DH"] == "FR123456789012345"
    assert weapons["DI"] == "Z12345678901234567890123"


def test_no_emission_date_is_none() -> None:
    code = read_code(vector("04"))
    assert code.emitted_on is None
    assert code.signed_on == date(2022, 3, 24)
    assert read_code(signed_code("04", "", emitted=None, signed=None)).signed_on is None


@given(message_fields())
@settings(max_examples=300, deadline=None)
def test_what_is_encoded_is_read_back(fields: list[tuple[str, str]]) -> None:
    # A code of two separators and sixty-four zero bytes of signature: reading does not verify.
    covered = f"DC04FR000001FFFF18EAA501FR{encode_message(fields)}"
    code = read_code(f"{covered}{US}{'A' * 103}".encode("ascii"))
    assert [(field.sheet.id, field.value) for field in code.fields] == fields
    assert not any(field.cut for field in code.fields)


@given(st.binary(max_size=300), st.sampled_from([b"", b"DC0", b"DC02FR000001", vector("04")[:40], vector("10")]))
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes, start: bytes) -> None:
    reason, code = "", None
    try:
        code = read_code(start + content)
    except CodeUnreadable as error:
        reason = error.reason
    assert (reason in REASONS) is (code is None)
    assert code is None or (start + content).startswith(code.signed + US.encode())


def test_a_truncated_value_says_so() -> None:
    fields = read_code(signed_code("00", f"22145 AVENUE DE LA{RS}25NANTES{GS}")).fields
    assert [(field.value, field.cut) for field in fields] == [("145 AVENUE DE LA", True), ("NANTES", False)]


def test_a_separator_after_a_fixed_field_is_let_pass() -> None:
    fields = read_code(signed_code("00", f"2444000{GS}25NANTES{GS}")).fields
    assert [field.value for field in fields] == ["44000", "NANTES"]


def test_the_last_field_may_end_with_the_message() -> None:
    assert [field.value for field in read_code(signed_code("00", "2444000" + "25NANTES")).fields] == ["44000", "NANTES"]


def test_an_annex_is_noticed_and_never_read() -> None:
    code = read_code(vector("00") + f"{GS}25PARIS{GS}".encode())
    assert code.annex
    assert code.value("25") == "METZ"
    assert code.signature == read_code(vector("00")).signature
    assert not read_code(vector("00")).annex


def test_latin_1_is_kept_byte_for_byte() -> None:
    covered = "DC04FR000001FFFF18EA0001FR10MLLE/MÜLLER/ANAÏS".encode("latin-1")
    code = read_code(covered + US.encode() + signature_text(covered).encode())
    assert code.signed == covered
    assert code.value("10") == "MLLE/MÜLLER/ANAÏS"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "bad-code"),
        (b"DC", "bad-code"),
        (b"DC0", "bad-code"),
        (b"DC04", "bad-code"),
        (b"DC04FR0000011A5E1A5EB1", "bad-code"),
        (b"dc04fr0000011a5e1a5eb101fr" + b"\x1f" + b"A" * 103, "bad-code"),
        (replaced(vector("B1"), "1A5E", "1a5E"), "bad-code"),
        (b"\x00" * (MOST_BYTES + 1), "bad-code"),
        (vector("B1")[:60], "no-signature-in-code"),
        (b"DC04FR000001" + US.encode() + vector("B1")[12:], "bad-code"),
        (replaced(vector("B1"), US, f"ZZ{US}"), "unknown-field"),
        (replaced(vector("B1"), "BK18", "ZK18"), "unknown-field"),
        (replaced(vector("04"), "45202146", f"4520{GS}46"), "short-field"),
        (replaced(vector("04"), US, f"49{US}"), "short-field"),
        (signed_code("04", "47300112345"), "short-field"),
        (signed_code("04", f"46A{GS}46B{GS}"), "repeated-field"),
        (vector("B1") + b"=", "bad-signature-text"),
        (vector("B1")[:-1] + b"B", "bad-signature-text"),
        (header(vector("B1")) + US.encode(), "bad-signature-text"),
        (header(vector("B1")) + US.encode() + b"\xe9" * 103, "bad-signature-text"),
    ],
)
def test_what_cannot_be_read_says_why(payload: bytes, reason: str) -> None:
    with pytest.raises(CodeUnreadable) as caught:
        read_code(payload)
    assert caught.value.reason == reason
    assert not isinstance(caught.value, CodeUnsupported)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xdc\x04" + bytes(80), "binary-code"),
        (b"DC01" + vector("B1")[4:], "unsupported-code-version"),
        (b"DC05" + vector("B1")[4:], "unsupported-code-version"),
        (replaced(vector("B1"), "B101FR", "B102FR"), "unsupported-perimeter"),
        (replaced(vector("A6"), "A601", "A6B0"), "unsupported-perimeter"),
    ],
)
def test_what_we_do_not_know_is_refused_by_name(payload: bytes, reason: str) -> None:
    with pytest.raises(CodeUnsupported) as caught:
        read_code(payload)
    assert caught.value.reason == reason
    assert looks_like_code(payload)


def test_other_barcodes_do_not_look_like_codes() -> None:
    for other in (b"", b"DC", b"DCXX", b"HTTPS://EXAMPLE.ORG", b"\xdc\x00", b"010345312000001117120508"):
        assert not looks_like_code(other)


def test_the_table_of_fields_is_sound() -> None:
    assert len(SHEETS) > 380
    for sheet in SHEETS:
        assert len(sheet.id) == 2
        assert sheet.label_fr
        assert sheet.label_en
        assert sheet.length is None or (sheet.length > 0 and sheet.longest is None)
    fixed = {Format.DAYS: {4}, Format.DATE: {8}, Format.DATETIME: {12, 14}, Format.TIME: {4, 6}, Format.FLAG: {1}}
    for sheet in SHEETS:
        assert sheet.format not in fixed or sheet.length in fixed[sheet.format], sheet.id


def test_types_have_names_even_when_new() -> None:
    assert document_type("28").kind == "tax.notice"
    assert document_type("02").kind == "home.dwelling"
    assert document_type("06").kind == "attestation.signed"
    assert document_type("ZZ").kind == "attestation.signed"
    assert "ZZ" in document_type("ZZ").label_fr
    assert all(each.label_fr and each.label_en for each in DOCUMENT_TYPES.values())
