"""A receipt holds a signed record and its opened leaf; a flipped byte anywhere in it is refused."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.consent.record.build import last_version, short_record
from cockpit.consent.record.form import record_bytes, record_sha256
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.consent_record import ConsentRecord
from cockpit.domain.errors import Tampered
from cockpit.receipts.receipt import (
    LogPlace,
    OpenedLeaf,
    Opening,
    Receipt,
    check_receipt,
    make_receipt,
    receipt_bytes,
)
from cockpit.receipts.signed_records import (
    RECORD_CONTEXT,
    RecordSignature,
    SignatureType,
    check_record,
    decode,
    encode,
    sign_record,
)
from cockpit.sealing.canonical import canonical
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.leaf import Leaf, commit
from tests.consent.records import record, transition

ORIGIN = "cockpit.example/log"
KEY, OTHER = SigningKey.generate(), SigningKey.generate()
GIVEN = record()
WITHDRAWN = short_record(
    transition(ConsentStatus.WITHDRAWN, last=last_version(GIVEN)), GIVEN.service, GIVEN.use, GIVEN.clause_sha256
)
REFUSED = record(step=transition(ConsentStatus.REFUSED))


def opened(made: ConsentRecord, **subject: Any) -> tuple[LogPlace, OpenedLeaf]:
    audit = Opening("a1" * 32, {"service": made.service, "use": made.use})
    part = Opening("b2" * 32, {"record_sha256": record_sha256(made)} | subject)
    committed = [commit(bytes.fromhex(opening.salt), opening.part) for opening in (audit, part)]
    leaf = Leaf(f"consent.{made.state}", "2026-11-23T09:30Z", made.policy_sha256, *committed, "0" * 32).to_bytes()
    place = LogPlace(ORIGIN, 41, hashlib.sha256(leaf).hexdigest())
    return place, OpenedLeaf(base64.b64encode(leaf).decode(), audit, part)


def receipt(made: ConsentRecord = GIVEN) -> Receipt:
    return make_receipt(sign_record(made, KEY, ORIGIN), *opened(made), KEY)


@pytest.mark.parametrize("made", [GIVEN, REFUSED, WITHDRAWN], ids=["consent", "refusal", "withdrawal"])
def test_a_receipt_is_read_again(made: ConsentRecord) -> None:
    data = receipt_bytes(receipt(made))
    assert check_receipt(data, KEY.verify_key(), ORIGIN) == receipt(made)


BYTES = {made.state: receipt_bytes(receipt(made)) for made in (GIVEN, REFUSED, WITHDRAWN)}


@given(st.sampled_from(sorted(BYTES)), st.data(), st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_refused(state: ConsentStatus, data: st.DataObject, bit: int) -> None:
    whole = BYTES[state]
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
    with pytest.raises(Tampered):
        check_receipt(broken, KEY.verify_key(), ORIGIN)


@pytest.mark.long
def test_every_flipped_byte_is_refused() -> None:
    whole = BYTES[ConsentStatus.GIVEN]
    for at in range(len(whole)):
        with pytest.raises(Tampered):
            check_receipt(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], KEY.verify_key(), ORIGIN)


@given(st.data())
def test_cut_short_or_with_more_behind_is_refused(data: st.DataObject) -> None:
    whole = BYTES[ConsentStatus.GIVEN]
    with pytest.raises(Tampered):
        check_receipt(whole[: data.draw(st.integers(0, len(whole) - 1))], KEY.verify_key(), ORIGIN)
    with pytest.raises(Tampered):
        check_receipt(whole + data.draw(st.binary(min_size=1, max_size=4)), KEY.verify_key(), ORIGIN)


def _set(name: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda body: body.__setitem__(name, value)


@pytest.mark.parametrize(
    "change",
    [
        _set("unknown", 1),
        lambda body: body["record"].__setitem__("unknown", 1),
        lambda body: body["log"].__setitem__("unknown", 1),
        lambda body: body["opened"]["audit"]["part"].__setitem__("unknown", 1),
        lambda body: body["log"].__setitem__("index", 40),
        lambda body: body["signatures"].append(body["signatures"][0]),
        lambda body: body["signatures"].clear(),
        lambda body: body.pop("proof"),
        _set("schema", "mesinfos-cockpit receipt v1"),
    ],
)
def test_unknown_missing_and_altered_fields_are_refused(change: Callable[[dict[str, Any]], object]) -> None:
    body = json.loads(BYTES[ConsentStatus.GIVEN])
    change(body)
    with pytest.raises(Tampered):
        check_receipt(canonical(body), KEY.verify_key(), ORIGIN)


def test_another_key_and_another_cockpit_are_refused() -> None:
    with pytest.raises(Tampered):
        check_receipt(BYTES[ConsentStatus.GIVEN], OTHER.verify_key(), ORIGIN)
    with pytest.raises(Tampered):
        check_receipt(BYTES[ConsentStatus.GIVEN], KEY.verify_key(), "other.example/log")


def test_a_signature_made_in_another_context_is_refused() -> None:
    signed = sign_record(GIVEN, KEY, ORIGIN)
    for context in (b"", b"mesinfos-cockpit receipt v1\n", b"mesinfos-cockpit receipt v2\n"):
        value = encode(KEY.sign(context, record_bytes(GIVEN)))
        false = replace(signed, signatures=(replace(signed.signatures[0], value=value),))
        with pytest.raises(Tampered):
            check_record(false, KEY.verify_key(), ORIGIN)
    KEY.verify_key().verify(RECORD_CONTEXT, record_bytes(GIVEN), decode(signed.signatures[0].value))


def test_a_leaf_about_another_record_makes_no_receipt() -> None:
    signed = sign_record(GIVEN, KEY, ORIGIN)
    with pytest.raises(Tampered, match="another record"):
        make_receipt(signed, *opened(WITHDRAWN), KEY)
    place, leaf = opened(GIVEN)
    with pytest.raises(Tampered, match="not the one"):
        make_receipt(signed, replace(place, leaf_sha256="0" * 64), leaf, KEY)
    with pytest.raises(Tampered, match="not that of the leaf"):
        make_receipt(signed, place, replace(leaf, audit=replace(leaf.audit, salt="c3" * 32)), KEY)


def test_there_is_room_for_the_persons_passkey_and_it_cannot_be_taken_out() -> None:
    signed = sign_record(GIVEN, KEY, ORIGIN)
    passkey = RecordSignature(SignatureType.WEBAUTHN, "Y3JlZA==", "c2ln", "YXV0aA==", "Y2xpZW50")
    both = replace(signed, signatures=(*signed.signatures, passkey))
    whole = make_receipt(both, *opened(GIVEN), KEY)
    assert check_receipt(receipt_bytes(whole), KEY.verify_key(), ORIGIN).signatures[1] == passkey
    without = replace(whole, signatures=signed.signatures)
    with pytest.raises(Tampered):
        check_receipt(receipt_bytes(without), KEY.verify_key(), ORIGIN)


def test_the_proof_and_the_acknowledgement_come_later() -> None:
    later = replace(receipt(), proof="c2sp.org/tlog-proof@v1\n", acknowledgement="a.b.c")
    read = check_receipt(receipt_bytes(later), KEY.verify_key(), ORIGIN)
    assert (read.proof, read.acknowledgement) == (later.proof, "a.b.c")


def test_base64_has_one_form() -> None:
    assert decode("AAE=") == b"\x00\x01"
    for text in ("AAF=", "AAE", "AA E=", "AAE=\n"):
        with pytest.raises(Tampered):
            decode(text)
