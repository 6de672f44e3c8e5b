"""The page of a receipt: what it says of a consent, a refusal and a withdrawal, and the files it gives."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import jsonschema
import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.receipts import Format
from cockpit.acts.shares import shares
from cockpit.consent.record.form import record_bytes
from cockpit.domain.consent import ConsentStatus
from cockpit.grants.record_jws import record_from_jws
from cockpit.receipts.receipt import check_receipt
from cockpit.receipts.signed_records import decode
from cockpit.sealing.canonical import canonical
from cockpit.tlog.logs import CONSENT, origin_of
from cockpit.tlog.note import Verifier
from cockpit.tlog.proof_file import verify_proof_file
from cockpit.tlog.quorum import Quorum
from cockpit_web.visitor import reading
from tests.web.screen import TestClient, check_page, spaced


def addresses(cockpit: Cockpit, visit: Visit) -> dict[ConsentStatus, str]:
    """Where the newest receipt of a share in each state is."""
    with reading(cockpit, visit) as reader:
        return {share.status: f"/partages/{share.consent}/recu" for share in shares(cockpit, reader)}


SAID = {
    ConsentStatus.GIVEN: ("Reçu de votre accord", "Receipt of your consent"),
    ConsentStatus.REFUSED: ("Reçu de votre refus", "Receipt of your refusal"),
    ConsentStatus.WITHDRAWN: ("Reçu de votre retrait", "Receipt of your withdrawal"),
}


@pytest.mark.parametrize("state", SAID)
def test_each_decision_has_its_receipt_in_words(
    furnished: TestClient, cockpit: Cockpit, visit: Visit, state: ConsentStatus
) -> None:
    address = addresses(cockpit, visit)[state]
    for number, language in enumerate(("fr", "en")):
        furnished.cookies.set("langue", language)
        page = furnished.get(address).text
        check_page(page, language)
        assert f'<h1 id="titre">{SAID[state][number]}</h1>' in page
        assert "Coach énergie" in page
        # Also where the withdrawal names its terms by their hash alone: the page says them again.
        assert spaced(page).count("<dt>") >= 9


@pytest.fixture
def given(furnished: TestClient, cockpit: Cockpit, visit: Visit) -> str:
    return addresses(cockpit, visit)[ConsentStatus.GIVEN] + "/1"


def test_the_receipt_and_its_proof_verify(furnished: TestClient, cockpit: Cockpit, given: str) -> None:
    answer = furnished.get(f"{given}/receipt")
    assert re.fullmatch(r'attachment; filename="recu-[0-9a-f]{8}-1\.json"', answer.headers["content-disposition"])
    origin = origin_of(cockpit.ledger.origin, CONSENT)
    receipt = check_receipt(answer.content, cockpit.operator.receipts.verify_key(), origin)
    log = Verifier(origin, cockpit.operator.log.verify_key())
    proof = furnished.get(f"{given}/proof").content
    assert proof.decode() == receipt.proof
    verify_proof_file(proof, decode(receipt.opened.leaf), Quorum("none"), log)


def test_the_other_formats_say_the_same_record(furnished: TestClient, cockpit: Cockpit, given: str) -> None:
    record = json.loads(furnished.get(f"{given}/receipt").content)["record"]
    dpv, odrl = (json.loads(furnished.get(f"{given}/{name}").content) for name in ("dpv", "odrl"))
    assert dpv["dct:identifier"] == record["id"]
    assert (odrl["type"], odrl["dct:isVersionOf"]["@id"]) == ("Agreement", f"urn:uuid:{record['id']}")
    kantara = json.loads(furnished.get(f"{given}/kantara").content)
    vectors = Path(__file__).parents[1] / "vectors" / "kantara-cr-1.1" / "consent-receipt.schema.json"
    jsonschema.validate(kantara, json.loads(vectors.read_text()))
    assert kantara["publicKey"] == json.loads(furnished.get("/log/keys").content)["receipts"]
    raw = cockpit.operator.receipts.verify_key().raw
    public = {"kty": "OKP", "crv": "Ed25519", "x": _base64url(raw)}
    read = record_from_jws(furnished.get(f"{given}/jws").text, public)
    assert record_bytes(read) == canonical(record)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_withdrawal_offers_no_kantara_receipt(furnished: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    address = addresses(cockpit, visit)[ConsentStatus.WITHDRAWN]
    page = furnished.get(address).text
    offered = {one for one in Format if f'/recu/2/{one.value}"' in page}
    assert offered == set(Format) - {Format.KANTARA}
    assert furnished.get(f"{address}/2/kantara").status_code == 404


@pytest.mark.parametrize("end", ["0", "3", "-1", "x", "1/xml", "1/receipt/x", "9" * 20])
def test_what_there_is_not_is_not_found(furnished: TestClient, cockpit: Cockpit, visit: Visit, end: str) -> None:
    address = addresses(cockpit, visit)[ConsentStatus.WITHDRAWN]
    assert furnished.get(f"{address}/{end}").status_code == 404
    assert furnished.get(f"/partages/{'0' * 32}/recu").status_code == 404
