"""Cosignatures: what a witness says, over which text, and when."""

from __future__ import annotations

import base64
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.sealing.signing import SigningKey, VerifyKey
from cockpit.tlog.cosignature import Cosignature, add_signatures, cosign, find_cosignatures, verify_cosignature
from cockpit.tlog.note import COSIGNATURE, Signature, Verifier, open_note, parse_note, parse_vkey, sign_note
from tests.published_log import ORIGIN, grown

NAME = "witness.example/w1"
KEY = SigningKey.from_pem(
    b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
    b"-----END PRIVATE KEY-----\n"
)
WITNESS = Verifier(NAME, KEY.verify_key(), COSIGNATURE)
TEXT = f"{ORIGIN}\n1\n{base64.b64encode(bytes(32)).decode()}\n"


def test_the_bytes_of_a_cosignature_never_change() -> None:
    """C2SP tlog-cosignature: what is signed is two lines and the text; the value is the time and the signature."""
    signature = cosign(TEXT, NAME, KEY, 1679315147)
    assert signature.value[:8] == (1679315147).to_bytes(8, "big")
    message = b"cosignature/v1\ntime 1679315147\n" + TEXT.encode()
    assert signature.value[8:] == KEY.sign(b"", message)
    assert WITNESS.vkey() == "witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    assert verify_cosignature(TEXT, signature, WITNESS) == Cosignature(NAME, 1679315147)


@given(st.integers(0, 2**63 - 1), st.integers(0, 72 * 8 - 1))
def test_no_bit_of_a_cosignature_may_change(at: int, bit: int) -> None:
    signature = cosign(TEXT, NAME, KEY, at)
    changed = bytearray(signature.value)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Tampered):
        verify_cosignature(TEXT, Signature(NAME, signature.key_hash, bytes(changed)), WITNESS)
    with pytest.raises(Tampered):
        verify_cosignature(TEXT + "x\n", signature, WITNESS)


def test_a_logs_signature_is_no_cosignature_nor_the_other_way_round() -> None:
    as_log = Verifier(NAME, KEY.verify_key())
    note = sign_note(TEXT, NAME, KEY)
    assert find_cosignatures(note, [WITNESS, as_log.__class__(NAME, VerifyKey(bytes(32)), COSIGNATURE)]) == {}
    with pytest.raises(Tampered):
        find_cosignatures(note, [as_log])
    (signature,) = parse_note(note)[1]
    with pytest.raises(Tampered):
        verify_cosignature(TEXT, signature, WITNESS)
    cosigned = add_signatures(note, [cosign(TEXT, NAME, KEY, 5)])
    assert open_note(cosigned, NAME, KEY.verify_key()) == TEXT


def test_a_note_with_several_signatures_gives_the_newest_of_each_witness_and_ignores_others() -> None:
    log, other, stranger = grown(3), SigningKey.generate(), SigningKey.generate()
    note = log.note(3)
    text, _ = parse_note(note)
    lines = [cosign(text, NAME, KEY, 7), cosign(text, NAME, KEY, 9), cosign(text, "w2.example", other, 8)]
    # The last is of a type that this version does not check: ML-DSA-44, as long as such a signature is.
    lines += [cosign(text, "w3.example", stranger, 8), Signature("w4.example", b"abcd", bytes(8 + 2420))]
    cosigned = add_signatures(note, lines)
    second = Verifier("w2.example", other.verify_key(), COSIGNATURE)
    found = find_cosignatures(cosigned, [WITNESS, second])
    assert found == {WITNESS: Cosignature(NAME, 9), second: Cosignature("w2.example", 8)}
    assert add_signatures(cosigned, lines) == cosigned
    assert open_note(cosigned, ORIGIN, log.key.verify_key()) == text


def test_one_false_line_of_a_known_witness_spoils_the_note() -> None:
    log = grown(3)
    text, _ = parse_note(log.note(3))
    false = cosign(text.replace("3", "4"), NAME, KEY, 7)
    with pytest.raises(Tampered):
        find_cosignatures(add_signatures(log.note(3), [cosign(text, NAME, KEY, 7), false]), [WITNESS])


@pytest.mark.parametrize(("name", "at"), [("two words", 1), ("", 1), ("a+b", 1), ("w", -1), ("w", 2**63)])
def test_no_cosignature_by_such_a_name_or_at_such_a_time(name: str, at: int) -> None:
    with pytest.raises(ValueError, match="cosignature"):
        cosign(TEXT, name, KEY, at)


def test_a_time_beyond_the_last_is_refused() -> None:
    at = 2**63
    value = at.to_bytes(8, "big") + KEY.sign(f"cosignature/v1\ntime {at}\n".encode(), TEXT.encode())
    signature = Signature(NAME, cosign(TEXT, NAME, KEY, 1).key_hash, value)
    with pytest.raises(Tampered, match="no time"):
        verify_cosignature(TEXT, signature, WITNESS)


@pytest.mark.parametrize("type", [b"\x01", b"\x04"])
def test_a_verifier_key_is_read_back(type: bytes) -> None:
    verifier = Verifier("log.example/a", SigningKey.generate().verify_key(), type)
    assert parse_vkey(verifier.vkey()) == verifier


def test_a_key_of_the_reserved_type_is_refused_by_its_name() -> None:
    text = "w.example+00000000+" + base64.b64encode(b"\x06" + bytes(1312)).decode()
    with pytest.raises(OperatorMustAct, match="ML-DSA-44"):
        parse_vkey(text)


@pytest.mark.parametrize(
    "text",
    ["", "w", "w+", "w+0+", "w+e75f6532+", WITNESS.vkey() + " ", WITNESS.vkey()[:-1], " " + WITNESS.vkey(),
     WITNESS.vkey().replace("e75f", "E75F"), WITNESS.vkey().replace("e75f", "e75e"), "\udcff" + WITNESS.vkey(),
     Verifier("w", VerifyKey(bytes(32)), b"\x02").vkey(), Verifier("w", VerifyKey(bytes(31)), COSIGNATURE).vkey(),
     WITNESS.vkey().replace("w1", "w2"), WITNESS.vkey() + "\n", "+" + WITNESS.vkey().partition("+")[2]],
    ids=count(),
)  # fmt: skip
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(OperatorMustAct):
        parse_vkey(text)
