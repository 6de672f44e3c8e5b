"""HPKE is RFC 9180's: its published vectors, and a second implementation written from its text, agree with ours."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from cockpit.domain.errors import Tampered
from cockpit.sealing.envelope import _HPKE, EnvelopeKind, Place, new_key_pair, open_with, seal_to

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "vectors/hpke-rfc9180.json").read_text())
KEM, KDF = 0x0020, 0x0001
AEADS = {
    1: (16, AESGCM, hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_128_GCM)),
    2: (32, AESGCM, _HPKE),  # the suite in use
    3: (32, ChaCha20Poly1305, hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)),
}

LOW_ORDER = [  # RFC 7748, section 6.1 asks for their refusal; the list is that of Bernstein's "Curve25519" page
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    (2**255 - 20).to_bytes(32, "little"),
    (2**255 - 19).to_bytes(32, "little"),
    (2**255 - 18).to_bytes(32, "little"),
]

PLACE = Place("p" * 32, "fr.bank", EnvelopeKind.INBOX, 1, 0, bytes(16), 1)
WRAPPED = slice(38, 38 + 80)


@dataclass(frozen=True)
class Context:
    """What RFC 9180, section 5.1 derives from a shared secret, for base mode."""

    aead: int
    key_schedule_context: bytes
    secret: bytes
    key: bytes
    base_nonce: bytes
    exporter_secret: bytes

    def nonce(self, seq: int) -> bytes:
        """Section 5.2, ComputeNonce."""
        return (int.from_bytes(self.base_nonce) ^ seq).to_bytes(12)

    def seal(self, seq: int, aad: bytes, plaintext: bytes) -> bytes:
        return AEADS[self.aead][1](self.key).encrypt(self.nonce(seq), plaintext, aad)

    def open(self, seq: int, aad: bytes, ciphertext: bytes) -> bytes:
        return AEADS[self.aead][1](self.key).decrypt(self.nonce(seq), ciphertext, aad)

    def export(self, context: bytes, length: int) -> bytes:
        """Section 5.3."""
        return labeled_expand(suite_id(self.aead), self.exporter_secret, b"sec", context, length)


def suite_id(aead: int) -> bytes:
    return b"HPKE" + KEM.to_bytes(2) + KDF.to_bytes(2) + aead.to_bytes(2)


def labeled_extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    """Section 4."""
    return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, "sha256")


def labeled_expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """Section 4."""
    return HKDFExpand(SHA256(), length, length.to_bytes(2) + b"HPKE-v1" + suite + label + info).derive(prk)


def extract_and_expand(dh: bytes, enc: bytes, recipient: bytes) -> bytes:
    """Section 4.1: the shared secret of DHKEM(X25519, HKDF-SHA256)."""
    suite = b"KEM" + KEM.to_bytes(2)
    return labeled_expand(suite, labeled_extract(suite, b"", b"eae_prk", dh), b"shared_secret", enc + recipient, 32)


def encapsulated(recipient: bytes, ephemeral: bytes) -> tuple[bytes, bytes]:
    """Section 4.1, Encap with a given ephemeral key: the shared secret and ``enc``."""
    private = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = private.public_key().public_bytes_raw()
    return extract_and_expand(private.exchange(X25519PublicKey.from_public_bytes(recipient)), enc, recipient), enc


def decapsulated(enc: bytes, recipient: bytes) -> bytes:
    """Section 4.1, Decap."""
    private = X25519PrivateKey.from_private_bytes(recipient)
    dh = private.exchange(X25519PublicKey.from_public_bytes(enc))
    return extract_and_expand(dh, enc, private.public_key().public_bytes_raw())


def key_schedule(aead: int, shared_secret: bytes, info: bytes) -> Context:
    """Section 5.1, KeySchedule in mode_base: no psk, no psk_id."""
    suite = suite_id(aead)
    context = b"\x00" + labeled_extract(suite, b"", b"psk_id_hash", b"")
    context += labeled_extract(suite, b"", b"info_hash", info)
    secret = labeled_extract(suite, shared_secret, b"secret", b"")
    key = labeled_expand(suite, secret, b"key", context, AEADS[aead][0])
    base_nonce = labeled_expand(suite, secret, b"base_nonce", context, 12)
    return Context(aead, context, secret, key, base_nonce, labeled_expand(suite, secret, b"exp", context, 32))


def derived_key(ikm: bytes) -> bytes:
    """Section 7.1.3, DeriveKeyPair for X25519."""
    suite = b"KEM" + KEM.to_bytes(2)
    return labeled_expand(suite, labeled_extract(suite, b"", b"dkp_prk", ikm), b"sk", b"", 32)


class Vector:
    """One published vector, its values as bytes."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.aead: int = values["aead_id"]
        self.encryptions = [
            {name: bytes.fromhex(value) for name, value in one.items()} for one in values["encryptions"]
        ]
        self.exports = [
            (bytes.fromhex(one["exporter_context"]), int(one["L"]), bytes.fromhex(one["exported_value"]))
            for one in values["exports"]
        ]
        self.values = {name: bytes.fromhex(value) for name, value in values.items() if isinstance(value, str)}
        self.suite = AEADS[self.aead][2]

    def __getitem__(self, name: str) -> bytes:
        return self.values[name]

    @property
    def private(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self["skRm"])

    @property
    def public(self) -> X25519PublicKey:
        return X25519PublicKey.from_public_bytes(self["pkRm"])


@pytest.fixture(params=VECTORS, ids=["AES-128-GCM", "AES-256-GCM, in use", "ChaCha20-Poly1305"])
def vector(request: pytest.FixtureRequest) -> Vector:
    return Vector(request.param)


def test_the_vectors_are_of_the_suites_we_mean() -> None:
    assert [(v["mode"], v["kem_id"], v["kdf_id"], v["aead_id"]) for v in VECTORS] == [
        (0, KEM, KDF, n) for n in (1, 2, 3)
    ]


def test_the_second_implementation_is_the_rfcs(vector: Vector) -> None:
    """Every intermediate value of the RFC, so that what agrees with this implementation agrees with the RFC."""
    assert derived_key(vector["ikmR"]) == vector["skRm"]
    assert derived_key(vector["ikmE"]) == vector["skEm"]
    assert encapsulated(vector["pkRm"], vector["skEm"]) == (vector["shared_secret"], vector["enc"])
    assert decapsulated(vector["enc"], vector["skRm"]) == vector["shared_secret"]
    context = key_schedule(vector.aead, vector["shared_secret"], vector["info"])
    for name in ("key_schedule_context", "secret", "key", "base_nonce", "exporter_secret"):
        assert getattr(context, name) == vector[name], name
    for one in vector.encryptions:
        seq = int(one["aad"].removeprefix(b"Count-"))
        assert context.nonce(seq) == one["nonce"]
        assert context.seal(seq, one["aad"], one["pt"]) == one["ct"]
        assert context.open(seq, one["aad"], one["ct"]) == one["pt"]
    for exporter_context, length, value in vector.exports:
        assert context.export(exporter_context, length) == value


def test_the_library_opens_the_published_ciphertext(vector: Vector) -> None:
    """Its public function takes no additional data, which the vectors have: this is its own tests' way in."""
    first = vector.encryptions[0]
    opened = openssl.hpke._decrypt_with_aad(
        vector.suite, vector["enc"] + first["ct"], vector.private, vector["info"], first["aad"]
    )
    assert opened == first["pt"]
    with pytest.raises(InvalidTag):
        vector.suite.decrypt(vector["enc"] + first["ct"], vector.private, vector["info"])


def test_the_library_opens_what_the_second_implementation_seals(vector: Vector) -> None:
    context = key_schedule(vector.aead, vector["shared_secret"], vector["info"])
    for plaintext in (vector.encryptions[0]["pt"], b"", bytes(70_000)):
        sealed = vector["enc"] + context.seal(0, b"", plaintext)
        assert vector.suite.decrypt(sealed, vector.private, vector["info"]) == plaintext


def test_the_second_implementation_opens_what_the_library_seals(vector: Vector) -> None:
    for plaintext in (vector.encryptions[0]["pt"], b"", bytes(70_000)):
        sealed = vector.suite.encrypt(plaintext, vector.public, vector["info"])
        shared = decapsulated(sealed[:32], vector["skRm"])
        assert key_schedule(vector.aead, shared, vector["info"]).open(0, b"", sealed[32:]) == plaintext


def test_two_sealings_share_no_ephemeral_key(vector: Vector) -> None:
    encs = {vector.suite.encrypt(b"", vector.public, b"")[:32] for _ in range(64)}
    assert len(encs) == 64


def test_no_info_is_the_empty_info(vector: Vector) -> None:
    assert vector.suite.decrypt(vector.suite.encrypt(b"x", vector.public), vector.private, b"") == b"x"


@given(plaintext=st.binary(max_size=300), info=st.binary(max_size=300), ikm=st.binary(min_size=32, max_size=32))
def test_both_agree_on_any_text_and_info(plaintext: bytes, info: bytes, ikm: bytes) -> None:
    private = X25519PrivateKey.from_private_bytes(derived_key(ikm))
    public = private.public_key()
    sealed = _HPKE.encrypt(plaintext, public, info)
    context = key_schedule(2, decapsulated(sealed[:32], private.private_bytes_raw()), info)
    assert context.open(0, b"", sealed[32:]) == plaintext
    shared, enc = encapsulated(public.public_bytes_raw(), derived_key(ikm[::-1] + b"e"))
    again = enc + key_schedule(2, shared, info).seal(0, b"", plaintext)
    assert _HPKE.decrypt(again, private, info) == plaintext


@pytest.mark.parametrize("point", LOW_ORDER, ids=lambda point: point.hex()[:8])
def test_a_public_key_of_low_order_is_refused(vector: Vector, point: bytes) -> None:
    """Its shared secret would be zero, known to everybody (RFC 9180, section 7.1.4)."""
    with pytest.raises(ValueError, match="shared key"):
        vector.private.exchange(X25519PublicKey.from_public_bytes(point))
    with pytest.raises(ValueError, match="shared key"):
        vector.suite.encrypt(b"dek", X25519PublicKey.from_public_bytes(point), vector["info"])
    known = extract_and_expand(bytes(32), point, vector["pkRm"])
    forged = point + key_schedule(vector.aead, known, vector["info"]).seal(0, b"", b"dek")
    with pytest.raises(InvalidTag):
        vector.suite.decrypt(forged, vector.private, vector["info"])


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 32 + 15])
def test_a_truncated_sealing_is_refused(vector: Vector, length: int) -> None:
    sealed = vector.suite.encrypt(b"", vector.public, vector["info"])
    with pytest.raises(InvalidTag):
        vector.suite.decrypt(sealed[:length], vector.private, vector["info"])


def test_any_flipped_bit_is_refused(vector: Vector) -> None:
    sealed = vector.suite.encrypt(b"dek", vector.public, vector["info"])
    # The highest bit of enc is masked by X25519, yet enc itself is in the key schedule: it may not change either.
    for bit in range(8 * len(sealed)):
        bent = bytearray(sealed)
        bent[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidTag):
            vector.suite.decrypt(bytes(bent), vector.private, vector["info"])


def test_another_info_key_or_suite_is_refused(vector: Vector) -> None:
    sealed = vector.suite.encrypt(b"dek", vector.public, vector["info"])
    for info in (None, b"", vector["info"][:-1], vector["info"] + b"\x00"):
        with pytest.raises(InvalidTag):
            vector.suite.decrypt(sealed, vector.private, info)
    with pytest.raises(InvalidTag):
        vector.suite.decrypt(sealed, X25519PrivateKey.generate(), vector["info"])
    for number, (_, _, other) in AEADS.items():
        if number != vector.aead:
            with pytest.raises(InvalidTag):
                other.decrypt(sealed, vector.private, vector["info"])


def test_an_envelopes_key_is_wrapped_as_the_rfc_says() -> None:
    """The real envelope, opened up to its DEK by the second implementation."""
    private, public = new_key_pair()
    envelope = seal_to(public, b"body", PLACE)
    wrapped = envelope[WRAPPED]
    bound = b"\x00".join((PLACE.person.encode(), PLACE.stream.encode(), envelope[:38]))
    dek = key_schedule(2, decapsulated(wrapped[:32], private), bound).open(0, b"", wrapped[32:])
    assert len(dek) == 32
    assert dek == _HPKE.decrypt(wrapped, X25519PrivateKey.from_private_bytes(private), bound)


@pytest.mark.parametrize("point", LOW_ORDER, ids=lambda point: point.hex()[:8])
def test_an_envelope_with_an_ephemeral_key_of_low_order_is_tampered(point: bytes) -> None:
    """Whoever may append to an inbox may write anything there: it must be one clear error."""
    private, public = new_key_pair()
    envelope = seal_to(public, b"body", PLACE)
    with pytest.raises(Tampered):
        open_with(private, envelope[:38] + point + envelope[70:], PLACE)
