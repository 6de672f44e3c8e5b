"""What a signature proves: the vectors, every flipped bit, chains, dates, curves, and certificates that lie."""

from __future__ import annotations

import base64
import re
from datetime import date
from importlib.resources import files

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from cockpit.domain.record import Verification
from cockpit_connectors import fr_2ddoc
from cockpit_connectors.fr_2ddoc.code import Code, CodeUnreadable, read_code
from cockpit_connectors.fr_2ddoc.trust import (
    CertificateUnreadable,
    TrustListUnreadable,
    TrustStore,
    packaged_trust_list,
    read_trust_list,
    trust_list_issued,
    trust_store,
)
from cockpit_connectors.fr_2ddoc.verify import Proof, signature_holds, verify

from .specimens import TEST_CERTIFICATE, TEST_KEY, VECTORS, certificate, pem, signed_code, vector

TODAY = date(2026, 1, 31)
PACKAGED = files(fr_2ddoc).joinpath("trust", "ants_tsl.xml").read_bytes()
IN_TEST_CERTIFICATE_DAYS = (date(2012, 11, 1), date(2015, 11, 1))
CODES = [read_code(payload) for payload in VECTORS]
MUTATED = ["00", "04", "06", "28", "A7", "B1"]
SIGNER_IDS = range(4, 12)
"""Where the header names the authority and the certificate: altered, it names somebody nobody knows."""

KEY, CA_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
CA = certificate("ZZ01", "ZZ01", CA_KEY, CA_KEY, authority=True, first=date(2019, 1, 1), days_valid=2000)
LEAF = certificate("0042", "ZZ01", KEY, CA_KEY, organisation="MAIRIE DE TEST")


def store(*imported: bytes) -> TrustStore:
    return trust_store(packaged_trust_list(), imported)


def proved(payload: bytes, *imported: bytes, today: date = TODAY) -> Proof:
    return verify(read_code(payload), store(*imported), today)


def code_of(signed: date | None, *, emitted: date | None = None, key: ec.EllipticCurvePrivateKey = KEY,
            signer: str = "ZZ010042") -> bytes:  # fmt: skip
    return signed_code("00", "2444000", key=key, signer=signer, emitted=emitted, signed=signed)


@pytest.mark.parametrize("index", range(len(VECTORS)))
def test_every_vector_verifies_with_the_published_certificate(index: int) -> None:
    code = CODES[index]
    (leaf,) = store(TEST_CERTIFICATE).leaves("FR00", "0001")
    assert leaf.authority is None
    assert signature_holds(code, leaf)
    first, last = IN_TEST_CERTIFICATE_DAYS
    assert code.signed_on is not None
    expected = Verification.VALID if first <= code.signed_on <= last else Verification.EXPIRED
    assert verify(code, store(TEST_CERTIFICATE), TODAY) == Proof(expected, "CERTIFICAT DE TEST")


def test_the_vectors_cover_both_sides_of_the_validity() -> None:
    found = [verify(code, store(TEST_CERTIFICATE), TODAY).verification for code in CODES]
    assert found.count(Verification.VALID) == 19
    assert found.count(Verification.EXPIRED) == 12


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.document_type)
def test_without_the_certificate_nothing_is_proved(code: Code) -> None:
    assert verify(code, store(), TODAY) == Proof(Verification.UNKNOWN_CERTIFICATE)


@pytest.mark.parametrize("document_type", MUTATED)
def test_no_flipped_bit_goes_unseen(document_type: str) -> None:
    payload, trusted = vector(document_type), store(TEST_CERTIFICATE)
    found = set()
    for position in range(len(payload)):
        for bit in range(8):
            altered = bytearray(payload)
            altered[position] ^= 1 << bit
            try:
                verification = verify(read_code(bytes(altered)), trusted, TODAY).verification
            except CodeUnreadable:
                continue
            assert verification is not Verification.VALID
            named = position not in SIGNER_IDS
            assert verification is (Verification.INVALID if named else Verification.UNKNOWN_CERTIFICATE)
            found.add(verification)
    assert found == {Verification.INVALID, Verification.UNKNOWN_CERTIFICATE}


@pytest.mark.parametrize("payload", VECTORS[::5], ids=lambda payload: payload[20:22].decode())
def test_no_missing_or_added_byte_goes_unseen(payload: bytes) -> None:
    trusted = store(TEST_CERTIFICATE)
    altered = [payload[:position] + payload[position + 1 :] for position in range(12, len(payload))]
    altered += [payload[:position] + b"0" + payload[position:] for position in range(12, len(payload))]
    for each in altered:
        if each == payload:
            continue
        try:
            assert verify(read_code(each), trusted, TODAY).verification is Verification.INVALID
        except CodeUnreadable:
            continue


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_the_three_curves(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    leaf = pem(certificate("0042", "ZZ01", key, CA_KEY))
    payload = code_of(date(2020, 6, 1), key=key)
    assert proved(payload, leaf).verification is Verification.VALID
    # The same signature is of no use to a key on another curve.
    assert proved(payload, pem(LEAF)).verification is Verification.INVALID


def test_a_curve_without_a_rule_proves_nothing() -> None:
    key = ec.generate_private_key(ec.SECP256K1())
    payload = code_of(date(2020, 6, 1), key=key)
    assert proved(payload, pem(certificate("0042", "ZZ01", key, CA_KEY))).verification is Verification.INVALID


def test_a_certificate_with_a_key_of_another_kind() -> None:
    other = certificate("0042", "ZZ01", KEY, rsa.generate_private_key(65537, 2048))
    # Its key is ours and only its issuer is odd: trusted for its own sake, it verifies.
    assert proved(code_of(date(2020, 6, 1)), pem(other)).verification is Verification.VALID


def test_a_leaf_is_vouched_for_by_an_imported_authority() -> None:
    assert proved(code_of(date(2020, 6, 1)), pem(CA), pem(LEAF)) == Proof(Verification.VALID, "MAIRIE DE TEST")
    assert proved(code_of(date(2020, 6, 1)), pem(CA) + pem(LEAF)) == Proof(Verification.VALID, "MAIRIE DE TEST")


def test_a_leaf_that_its_known_authority_did_not_sign_counts_for_nothing() -> None:
    forged = certificate("0042", "ZZ01", KEY, KEY, organisation="MAIRIE DE TEST")
    assert proved(code_of(date(2020, 6, 1)), pem(CA), pem(forged)).verification is Verification.UNKNOWN_CERTIFICATE


@pytest.mark.parametrize("listed", ["FR01", "FR03", "FR04", "FR05", "FR06", "FR07"])
def test_nobody_can_speak_for_an_authority_of_the_list(listed: str) -> None:
    forged = certificate("0042", listed, KEY, KEY)
    payload = code_of(date(2025, 1, 10), signer=f"{listed}0042")
    assert proved(payload, pem(forged)).verification is Verification.UNKNOWN_CERTIFICATE


def test_the_operator_may_import_a_renewed_authority_of_the_list() -> None:
    """As the README says: whoever fills the folder of certificates decides what is proved."""
    renewed = certificate("FR05", "FR05", CA_KEY, CA_KEY, authority=True)
    leaf = certificate("0042", "FR05", KEY, CA_KEY)
    payload = code_of(date(2020, 6, 1), signer="FR050042")
    assert proved(payload, pem(leaf)).verification is Verification.UNKNOWN_CERTIFICATE
    assert proved(payload, pem(renewed), pem(leaf)).verification is Verification.VALID


def test_an_authority_may_be_named_by_its_organisation() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    named = certificate("0042", "RACINE", key, CA_KEY)
    payload = signed_code("00", "", key=key, signer="ZZ990042", signed=date(2020, 6, 1))
    assert proved(payload, pem(named)).verification is Verification.UNKNOWN_CERTIFICATE
    # Issuer O is "AUTORITE DE TEST" for these specimens; four characters are too few to be it.
    assert store(pem(named)).leaves("AUTORITE DE TEST", "0042")


def test_another_certificate_of_the_same_authority_does_not_serve() -> None:
    other = certificate("0043", "ZZ01", KEY, CA_KEY)
    assert proved(code_of(date(2020, 6, 1)), pem(other)).verification is Verification.UNKNOWN_CERTIFICATE


def test_of_two_certificates_of_one_name_the_one_that_verifies_counts() -> None:
    renewed = certificate("0042", "ZZ01", TEST_KEY, CA_KEY)
    assert proved(code_of(date(2020, 6, 1)), pem(renewed), pem(LEAF)) == Proof(Verification.VALID, "MAIRIE DE TEST")
    assert proved(code_of(date(2020, 6, 1)), pem(renewed)).verification is Verification.INVALID


@pytest.mark.parametrize(
    ("signed", "emitted", "expected"),
    [
        (date(2019, 12, 31), date(2020, 6, 1), Verification.EXPIRED),
        (date(2020, 1, 1), None, Verification.VALID),
        (date(2022, 9, 27), None, Verification.VALID),
        (date(2022, 9, 28), date(2020, 6, 1), Verification.EXPIRED),
        (None, date(2020, 6, 1), Verification.VALID),
        (None, date(2023, 6, 1), Verification.EXPIRED),
        (None, None, Verification.UNKNOWN_CERTIFICATE),
    ],
)
def test_the_day_that_counts(signed: date | None, emitted: date | None, expected: Verification) -> None:
    assert proved(code_of(signed, emitted=emitted), pem(CA), pem(LEAF)).verification is expected


def test_without_any_day_a_certificate_of_the_future_was_not_in_force() -> None:
    payload = code_of(None)
    assert proved(payload, pem(LEAF), today=date(2019, 6, 1)).verification is Verification.EXPIRED
    assert proved(payload, pem(LEAF), today=date(2020, 1, 1)).verification is Verification.UNKNOWN_CERTIFICATE


def test_an_authority_out_of_force_vouches_for_nobody() -> None:
    short = certificate("ZZ01", "ZZ01", CA_KEY, CA_KEY, authority=True, first=date(2019, 1, 1), days_valid=400)
    assert proved(code_of(date(2020, 1, 20)), pem(short), pem(LEAF)).verification is Verification.VALID
    assert proved(code_of(date(2020, 6, 1)), pem(short), pem(LEAF)).verification is Verification.EXPIRED


def listing(status: str, since: str) -> bytes:
    """The packaged list with our authority in the place of FR05."""
    text = PACKAGED.decode()
    start = text.index("<tsl:TrustServiceProvider>", text.index(">FR04<"))
    end = text.index("</tsl:TrustServiceProvider>", start)
    provider = text[start:end].replace(">FR05<", ">ZZ01<")
    body = base64.b64encode(CA.public_bytes(Encoding.DER)).decode()
    provider = re.sub(r"(<tsl:X509Certificate>)[^<]*", rf"\g<1>{body}", provider)
    provider = provider.replace("Svcstatus/inaccord", f"Svcstatus/{status}")
    provider = re.sub(r"(<tsl:StatusStartingTime>)[^<]*", rf"\g<1>{since}", provider)
    return (text[:start] + provider + text[end:]).encode()


@pytest.mark.parametrize(
    ("status", "since", "expected"),
    [
        ("inaccord", "2020-01-01T00:00:00Z", Verification.VALID),
        ("inaccord", "2020-07-01T00:00:00Z", Verification.EXPIRED),
        ("withdrawn", "2020-07-01T00:00:00Z", Verification.VALID),
        ("withdrawn", "2020-06-01T00:00:00Z", Verification.EXPIRED),
        ("withdrawn", "2020-01-01T00:00:00Z", Verification.EXPIRED),
    ],
)
def test_the_list_grants_and_withdraws(status: str, since: str, expected: Verification) -> None:
    listed = read_trust_list(listing(status, since))
    known = trust_store(listed, [pem(LEAF)])
    assert verify(read_code(code_of(date(2020, 6, 1))), known, TODAY).verification is expected


def test_the_packaged_list() -> None:
    listed = packaged_trust_list()
    assert (trust_list_issued(), listed.issued, listed.next_update) == ("2025-08-25", "2025-08-25", "2026-02-25")
    # The certificate that signs the list itself is no authority of documents.
    assert [each.id for each in listed.authorities] == ["FR01", "FR03", "FR04", "FR05", "FR06", "FR07"]
    assert all(each.granted for each in listed.authorities)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<a/>",
        PACKAGED[:20000],
        PACKAGED.replace(b"2025-08-25T11:00:00Z", b"some day"),
        PACKAGED.replace(b"<tsl:X509Certificate>", b"<tsl:X509Certificate>AAAA"),
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + PACKAGED[PACKAGED.index(b"<tsl:") :],
    ],
)
def test_a_list_that_cannot_be_read_is_refused(document: bytes) -> None:
    with pytest.raises(TrustListUnreadable):
        read_trust_list(document)


@pytest.mark.parametrize("content", [b"", b"PEM", pem(LEAF)[:200], pem(LEAF).replace(b"MII", b"AAA")])
def test_an_imported_certificate_that_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(CertificateUnreadable):
        store(content)
