"""One receipt, checked alone: what it proves with the log's key, what without, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.answer_consent import give, refuse
from cockpit.acts.ask_consent import pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.receipts import receipts
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.narrowing import Narrowing
from cockpit.domain.ids import ConsentId
from cockpit.receipts.receipt import receipt_bytes
from cockpit.receipts.signed_records import receipts_name
from cockpit.sealing.canonical import canonical
from cockpit.store.lines import newest
from cockpit.store.space import CONSENTS
from cockpit.tlog.logs import CONSENT, origin_of
from cockpit.tlog.note import vkey
from cockpit.verifier.verify import PROVED, REFUTED, UNREADABLE, main, verify_file, verify_receipt
from tests.web.furnished import ask, furnish


@pytest.fixture
def kept(cockpit: Cockpit, visit: Visit) -> list[bytes]:
    """The receipts of a refusal, of a consent, and of its withdrawal."""
    furnish(cockpit, visit)
    refuse(cockpit, visit, pending(cockpit, "c_coach", ask(cockpit)))
    give(cockpit, visit, pending(cockpit, "c_coach", ask(cockpit)), Narrowing(months=3))
    with cockpit.spaces.read(unlocked(visit)) as reader:
        refused, given = [ConsentId(uid) for uid in newest(reader.lines(CONSENTS))][-2:]
    withdraw_consent(cockpit, visit.person, given)
    with cockpit.spaces.read(unlocked(visit)) as reader:
        issued = [*receipts(cockpit, reader, refused), *receipts(cockpit, reader, given)]
    return [receipt_bytes(one.receipt) for one in issued]


@pytest.fixture
def keys(cockpit: Cockpit) -> tuple[str, str]:
    log = vkey(origin_of(cockpit.ledger.origin, CONSENT), cockpit.operator.log.verify_key())
    return log, vkey(receipts_name(cockpit.ledger.origin), cockpit.operator.receipts.verify_key())


def test_refusal_consent_and_withdrawal_are_proved_with_both_keys(kept: list[bytes], keys: tuple[str, str]) -> None:
    assert [json.loads(one)["record"]["state"] for one in kept] == ["refused", "given", "withdrawn"]
    for one in kept:
        report = verify_receipt(one, keys)
        assert report.outcome == PROVED, report.checks
        assert [name for name, _ in report.checks] == ["receipt", "in-log"]
        assert not {"keys", "in-log"} & set(report.not_proved)


def test_without_the_logs_key_it_says_that_the_log_was_not_looked_at(kept: list[bytes], keys: tuple[str, str]) -> None:
    report = verify_receipt(kept[0], keys[1:])
    assert report.outcome == PROVED
    assert "in-log" in report.not_proved
    unsigned = json.loads(kept[0]) | {"proof": ""}
    assert "in-log" in verify_receipt(canonical(unsigned), keys).not_proved
    assert {"keys", "in-log"} <= set(verify_receipt(kept[0]).not_proved)


BENDS: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "a back-dated withdrawal": (lambda one: one["record"].update(at="2020-01-01T00:00:00Z"), "receipt", "signature"),
    "another state": (lambda one: one["record"].update(state="given"), "receipt", "signature"),
    "another place": (lambda one: one["log"].update(index=0), "receipt", "signature"),
    "something more": (lambda one: one.update(more=1), "receipt", "other-format"),
    "a proof of another place": (
        lambda one: one.update(proof=one["proof"].replace("\nindex ", "\nindex 1")), "in-log", "receipt-disagrees"
    ),
    "a proof with a hash less": (
        lambda one: one.update(proof="\n".join(one["proof"].split("\n")[:2] + one["proof"].split("\n")[3:])),
        "in-log", "proof-form",
    ),
    "a checkpoint of another size": (
        lambda one: one.update(proof=one["proof"].replace("/log/consent\n", "/log/consent\n1")), "in-log", "signature"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BENDS)
def test_whatever_was_changed_is_refuted(kept: list[bytes], keys: tuple[str, str], name: str) -> None:
    change, check, fault = BENDS[name]
    bent = json.loads(kept[-1])
    change(bent)
    report = verify_receipt(canonical(bent), keys)
    assert report.outcome == REFUTED
    (found,) = [(where, refusal.fault) for where, refusal in report.checks if refusal]
    assert found == (check, fault)


def test_another_key_and_what_is_no_receipt(kept: list[bytes], keys: tuple[str, str]) -> None:
    assert verify_receipt(kept[0], keys[:1]).outcome == REFUTED
    assert verify_receipt(b"{}", keys).outcome == UNREADABLE
    assert verify_receipt(kept[0] + b" ", keys).outcome == REFUTED


def test_the_command_takes_a_receipt(kept: list[bytes], keys: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "recu.json"
    path.write_bytes(kept[0])
    assert main([str(path), "--vkey", keys[0], "--vkey", keys[1], "--lang", "fr"]) == PROVED
    path.write_bytes(kept[0].replace(b'"refused"', b'"given"'))
    assert verify_file(path, keys).outcome == REFUTED
