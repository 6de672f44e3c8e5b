"""One case: two auditors together, the person told, and what each of them alone cannot do."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.acts.erase_space import erase_space
from cockpit.acts.export_space import export_space
from cockpit.acts.give_audit_mandate import end_audit_mandate
from cockpit.acts.histories import HistoryLine, Verb, history
from cockpit.acts.receipts import receipts
from cockpit.audit.cases import checked_receipt, life
from cockpit.audit.faults import HouseError, NotAnswered, Refuted
from cockpit.audit.sync import sync
from cockpit.audit.wire import Case, CaseAsked, CaseFile
from cockpit.domain.audit_mandate import Scope
from cockpit.receipts.receipt import receipt_bytes
from cockpit.verifier.verify import verify
from cockpit_web.history_words import Teller
from tests.audit.houses import Audited, Auditor, auditor

REASON = "Plainte 2026-117 : lecture après un arrêt"


@pytest.fixture
def bob(audited: Audited, tmp_path: Path) -> Auditor:
    return auditor(audited.running, tmp_path / "bob", "Bob Bilan", (Scope.USES, Scope.CASES))


def ask(who: Auditor, consent: str, reason: str = REASON) -> Case:
    with who.line() as line:
        return line.post("cases", Case, CaseAsked(consent, reason))


def agree(who: Auditor, case: str) -> Case:
    with who.line() as line:
        return line.post(f"cases/{case}/agree", Case)


def file_of(who: Auditor, case: str) -> CaseFile:
    with who.line() as line:
        return line.get(f"cases/{case}", CaseFile)


def refused(act: Any, *arguments: Any) -> str:
    with pytest.raises(NotAnswered) as found:
        act(*arguments)
    return found.value.reason


def audits(audited: Audited) -> list[HistoryLine]:
    assert audited.visit.keyring is not None
    with audited.running.cockpit.spaces.read(audited.visit.keyring) as reader:
        return [line for line in history(reader) if line.verb is Verb.WAS_AUDITED]


def test_two_auditors_open_a_case_and_the_person_reads_it(audited: Audited, ada: Auditor, bob: Auditor) -> None:
    case = ask(ada, audited.withdrawn)
    assert (case.asked_by, case.agreed_by) == ("Ada Audit", "")
    assert audits(audited) == []
    with bob.line() as line:
        assert [one.reason for one in line.get("cases", tuple[Case, ...])] == [REASON]
    assert agree(bob, case.id).agreed_by == "Bob Bilan"
    [told] = audits(audited)
    assert (told.auditors, told.reason, told.consent) == (("Ada Audit", "Bob Bilan"), REASON, audited.withdrawn)
    words = Teller(audited.running.cockpit, (told,), "fr").told(told)
    assert "Deux auditeurs" in words.sentence
    assert "Ada Audit, Bob Bilan" in words.reason
    assert REASON.rsplit(maxsplit=1)[-1] in words.reason
    for who in (ada, bob):
        file = file_of(who, case.id)
        assert (file.service, file.use, file.status) == ("c_coach", "energy-advice-v1", "withdrawn")
        with who.line() as line:
            sync(who.house, line)
        with who.house.reading() as kept:
            table = life(kept, file)
        types = [row[3] for row in table.rows]
        assert {"consent.given", "access.allowed", "access.refused", "consent.withdrawn"} <= set(types)
        assert audited.visit.person not in str(file)
    # Each reading of the file is an entry.
    reads = [row for row in ada.ask("auditors").rows if row[4] == "case"]
    assert {row[3] for row in reads} >= {ada.mandate.id}


def test_nobody_opens_a_case_alone(audited: Audited, ada: Auditor, tmp_path: Path) -> None:
    case = ask(ada, audited.live)
    assert refused(file_of, ada, case.id) == "case_refused"
    assert refused(agree, ada, case.id) == "case_refused"
    # The same auditor under a second mandate, with another key, is the same auditor.
    again = auditor(audited.running, tmp_path / "again", "ada audit")
    assert refused(agree, again, case.id) == "case_refused"
    assert audits(audited) == []


def test_a_case_is_for_the_two_who_opened_it(audited: Audited, ada: Auditor, bob: Auditor, tmp_path: Path) -> None:
    case = ask(ada, audited.live)
    third = auditor(audited.running, tmp_path / "carl", "Carl")
    without = auditor(audited.running, tmp_path / "dora", "Dora", (Scope.USES, Scope.RECIPIENTS, Scope.OPERATIONS))
    assert refused(agree, without, case.id) == "out_of_scope"
    agree(bob, case.id)
    assert refused(file_of, third, case.id) == "not_found"
    assert refused(file_of, without, case.id) == "out_of_scope"
    assert refused(agree, third, case.id) == "not_found"
    with third.line() as line:
        assert line.get("cases", tuple[Case, ...]) == ()


@pytest.mark.parametrize("reason", ["", "short", "x" * 501, "two\nlines of reason", "a bell \x07 in the reason"])
def test_a_case_needs_a_reason_that_can_be_read(audited: Audited, ada: Auditor, reason: str) -> None:
    assert refused(ask, ada, audited.live, reason) == "case_refused"


@pytest.mark.parametrize("consent", ["", "0" * 32, "*", "' OR 1=1 --", "x" * 5000])
def test_an_unknown_consent_opens_nothing(ada: Auditor, consent: str) -> None:
    assert refused(ask, ada, consent) == "not_found"


def test_an_agreement_must_come_in_time(audited: Audited, ada: Auditor, bob: Auditor) -> None:
    case = ask(ada, audited.live)
    cockpit = audited.running.cockpit
    before = cockpit.clock
    later = before() + timedelta(hours=73)
    object.__setattr__(cockpit, "clock", lambda: later)
    try:
        assert refused(agree, bob, case.id) == "not_found"
    finally:
        object.__setattr__(cockpit, "clock", before)


def test_an_auditor_whose_mandate_ended_opens_nothing_with_another(
    audited: Audited, ada: Auditor, bob: Auditor
) -> None:
    case = ask(ada, audited.live)
    end_audit_mandate(audited.running.cockpit, ada.mandate.id)
    assert refused(agree, bob, case.id) == "case_refused"


def test_an_erased_person_leaves_no_case(audited: Audited, ada: Auditor, bob: Auditor) -> None:
    case = ask(ada, audited.live)
    agree(bob, case.id)
    erase_space(audited.running.cockpit, audited.visit.person)
    assert refused(file_of, ada, case.id) == "not_found"
    assert refused(ask, ada, audited.live) == "not_found"


def test_a_receipt_that_a_person_hands_over_is_held_to_key_and_log(audited: Audited, ada: Auditor) -> None:
    assert audited.visit.keyring is not None
    with audited.running.cockpit.spaces.read(audited.visit.keyring) as reader:
        given = receipts(audited.running.cockpit, reader, audited.withdrawn)[-1].receipt
    ada.sync()

    def held(receipt: bytes) -> Any:
        with ada.house.reading() as kept:
            return checked_receipt(kept, receipt)

    # A box that it is pasted into may add a line's end.
    found = held(receipt_bytes(given) + b"\r\n")
    assert (found.consent, found.type) == (audited.withdrawn, "consent.withdrawn")
    backdated = replace(given, record=replace(given.record, at="2020-01-01T00:00:00Z"))
    with pytest.raises(Refuted):
        held(receipt_bytes(backdated))
    spaced = json.dumps(json.loads(receipt_bytes(given))).encode()
    for none in (b"", b"[]", b"{}", b"x", receipt_bytes(given)[:-1], spaced):
        with pytest.raises(HouseError):
            held(none)


def test_a_file_that_names_anothers_entries_is_refused(audited: Audited, ada: Auditor, bob: Auditor) -> None:
    case = ask(ada, audited.live)
    agree(bob, case.id)
    file = file_of(ada, case.id)
    ada.sync()

    with ada.house.reading() as kept:
        with pytest.raises(Refuted):
            life(kept, msgspec.structs.replace(file, service="c_other"))
        place = msgspec.structs.replace(file.entries[0], index=10**6)
        with pytest.raises(HouseError):
            life(kept, msgspec.structs.replace(file, entries=(place,)))


def test_the_archive_of_somebody_whose_case_was_opened_still_verifies(
    audited: Audited, ada: Auditor, bob: Auditor
) -> None:
    agree(bob, ask(ada, audited.withdrawn).id)
    content = io.BytesIO()
    export_space(audited.running.cockpit, audited.visit, content)
    report = verify(content.getvalue(), ())
    assert report.outcome == 0, report.checks
