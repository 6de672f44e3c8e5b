"""Facts about two adults: nothing leaves before both said yes, and either ends it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.answer_consent import JointFacts, ask_other, give
from cockpit.acts.answer_jointly import answer_jointly, joint_request, joint_terms
from cockpit.acts.ask_consent import ask_consent, pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.issue_tokens import Issued, redeem_code
from cockpit.acts.open_space import open_space
from cockpit.acts.pause_consent import pause_consent
from cockpit.acts.read_for_service import AccessRefused, InvalidToken, Wanted, read_for_service
from cockpit.acts.shares import Share, shares
from cockpit.acts.visits import recognise
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.lifecycle import ChangeNotPossible
from cockpit.consent.narrowing import Narrowing
from cockpit.consent.record.form import record_from_json
from cockpit.consent.request import Ask
from cockpit.domain.consent import AccessMode, ConsentStatus
from cockpit.domain.consent_record import SubjectRole
from cockpit.domain.ids import ConnectorId, Kind, ServiceId, UseId
from cockpit.domain.record import Json, Record, Verification
from cockpit.domain.service import DeclaredUse, Service
from cockpit.domain.use import Automation
from cockpit.grants.joint import BadCode
from cockpit.grants.pushed import Pending, Redirect
from cockpit.store import services
from cockpit.store.space import CONSENTS
from tests.conftest import MovingClock
from tests.web.furnished import REDIRECT, VERIFIER, coach, origin

NOTICE = Kind("tax.notice")
CHOICE = Narrowing(months=1)


def agency() -> Service:
    fields = ("declarant_1", "declarant_2", "income_year", "reference_income", "tax_shares")
    declared = DeclaredUse(UseId("rent-application"), 1, {NOTICE: fields}, 3, ("FR",), ("landlord",), Automation.NONE)
    return replace(coach(), id=ServiceId("c_agence"), name="Agence", uses=(declared,))


def notice(name: str, other: str, year: int) -> Record:
    said: dict[str, Json] = {
        "reference": f"26{year}", "income_year": str(year), "reference_income": "41230", "tax_shares": "2",
        "declarant_1": name, "declarant_2": other,
    }  # fmt: skip
    return Record(NOTICE, f"n{year}", f"{year + 1}-07-31", said, origin("fr.2ddoc", Verification.VALID))


@dataclass
class Couple:
    """Two adults with a space each; the first one's tax notice names both."""

    cockpit: Cockpit
    one: Visit
    other: Visit

    def asked(self) -> Pending:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
        wanted = Ask({NOTICE: ()}, {}, frozenset(), "2024-11-23", "2026-11-23", AccessMode.RECURRING, 2,
                     "2027-01-15T00:00:00Z", 3)  # fmt: skip
        pushed = ask_consent(self.cockpit, agency(), "rent-application-v1", wanted, Redirect(REDIRECT, "s", challenge))
        return pending(self.cockpit, "c_agence", pushed.request_uri)

    def given(self) -> Issued:
        address = give(self.cockpit, self.one, self.asked(), CHOICE)
        code = parse_qs(urlsplit(address).query)["code"][0]
        return redeem_code(self.cockpit, agency(), code, REDIRECT, VERIFIER)

    def shares(self, visit: Visit) -> list[Share]:
        assert visit.keyring is not None
        with self.cockpit.spaces.read(visit.keyring) as reader:
            return list(shares(self.cockpit, reader))


@pytest.fixture
def couple(cockpit: Cockpit, visit: Visit) -> Couple:
    opened = open_space(cockpit, "sacha", "une autre phrase de passe longue", "Sacha", "fr")
    other = recognise(cockpit, opened.cookie)
    assert other is not None
    with cockpit.database.write() as connection:
        services.put(connection, agency())
    with cockpit.spaces.write(visit.person) as writer:
        writer.deposit(ConnectorId("fr.2ddoc"), [notice("CAMILLE", "SACHA", 2025)], "2026-11-23T09:30:00Z")
    return Couple(cockpit, visit, other)


def test_what_speaks_of_two_does_not_leave_by_one_yes(couple: Couple) -> None:
    with pytest.raises(JointFacts) as caught:
        give(couple.cockpit, couple.one, couple.asked(), CHOICE)
    assert caught.value.details["kinds"] == "tax.notice"
    assert couple.shares(couple.one) == []


def test_with_both_yeses_it_leaves(couple: Couple) -> None:
    handed = ask_other(couple.cockpit, couple.one, couple.asked(), CHOICE)
    shown = joint_request(couple.cockpit, couple.other, handed.code.lower().replace("-", " "))
    assert (shown.asked_by, shown.service_name) == ("Camille", "Agence")
    assert "Agence" in joint_terms(couple.cockpit, shown, "fr").notice.text
    answer_jointly(couple.cockpit, couple.other, handed.code, yes=True)
    token = couple.given()
    assert read_for_service(couple.cockpit, token.access_token, Wanted(NOTICE)).count == 1
    (agreed,) = couple.shares(couple.other)
    assert (agreed.status, agreed.asked_by) == (ConsentStatus.GIVEN, "Camille")


def test_a_no_keeps_it_from_leaving(couple: Couple) -> None:
    handed = ask_other(couple.cockpit, couple.one, couple.asked(), CHOICE)
    answer_jointly(couple.cockpit, couple.other, handed.code, yes=False)
    with pytest.raises(JointFacts):
        couple.given()
    (refused,) = couple.shares(couple.other)
    assert refused.status is ConsentStatus.REFUSED


def test_a_yes_to_less_is_no_yes_to_more(couple: Couple) -> None:
    less = replace(CHOICE, without={NOTICE: frozenset({"reference_income"})})
    handed = ask_other(couple.cockpit, couple.one, couple.asked(), less)
    answer_jointly(couple.cockpit, couple.other, handed.code, yes=True)
    with pytest.raises(JointFacts):
        couple.given()
    assert give(couple.cockpit, couple.one, couple.asked(), less)


def test_the_other_adult_ends_it_for_both(couple: Couple) -> None:
    handed = ask_other(couple.cockpit, couple.one, couple.asked(), CHOICE)
    answer_jointly(couple.cockpit, couple.other, handed.code, yes=True)
    token = couple.given()
    (agreed,) = couple.shares(couple.other)
    withdraw_consent(couple.cockpit, couple.other.person, agreed.consent)
    with pytest.raises((InvalidToken, AccessRefused)):
        read_for_service(couple.cockpit, token.access_token, Wanted(NOTICE))
    (ended,) = [share for share in couple.shares(couple.one) if share.consent == token.consent]
    assert (ended.status, ended.reason) == (ConsentStatus.REVOKED, "joint")
    with pytest.raises(JointFacts):
        couple.given()


def test_an_agreement_is_withdrawn_and_not_otherwise_changed(couple: Couple) -> None:
    handed = ask_other(couple.cockpit, couple.one, couple.asked(), CHOICE)
    answer_jointly(couple.cockpit, couple.other, handed.code, yes=True)
    (agreed,) = couple.shares(couple.other)
    with pytest.raises(ChangeNotPossible):
        pause_consent(couple.cockpit, couple.other.person, agreed.consent)


def test_nobody_answers_for_the_other(couple: Couple) -> None:
    handed = ask_other(couple.cockpit, couple.one, couple.asked(), CHOICE)
    with pytest.raises(BadCode) as caught:
        answer_jointly(couple.cockpit, couple.one, handed.code, yes=True)
    assert caught.value.reason == "own_code"


def test_a_code_is_good_once_and_for_a_month(couple: Couple, clock: MovingClock) -> None:
    first = ask_other(couple.cockpit, couple.one, couple.asked(), CHOICE)
    answer_jointly(couple.cockpit, couple.other, first.code, yes=True)
    with pytest.raises(BadCode):
        answer_jointly(couple.cockpit, couple.other, first.code, yes=False)
    second = ask_other(couple.cockpit, couple.one, couple.asked(), CHOICE)
    clock.now += timedelta(days=32)
    with pytest.raises(BadCode):
        joint_request(couple.cockpit, couple.other, second.code)


@pytest.mark.parametrize("code", ["", "A", "AAAA-AAAA-AAAA-AAAA", "é" * 40, "AAAA AAAA"])
def test_a_code_that_is_none_says_so(couple: Couple, code: str) -> None:
    with pytest.raises(BadCode):
        joint_request(couple.cockpit, couple.other, code)


def test_a_record_outside_the_period_or_of_one_alone_asks_nobody(cockpit: Cockpit, couple: Couple) -> None:
    with cockpit.spaces.write(couple.one.person) as writer:
        alone = [notice("CAMILLE", "", 2025), notice("CAMILLE", "SACHA", 2019)]
        writer.deposit(ConnectorId("fr.2ddoc"), alone, "2026-11-23T09:31:00Z")
    assert couple.given().clause.inputs[0].kind == NOTICE


def test_the_records_of_both_say_who_shares_and_who_agrees(couple: Couple) -> None:
    handed = ask_other(couple.cockpit, couple.one, couple.asked(), CHOICE)
    answer_jointly(couple.cockpit, couple.other, handed.code, yes=True)
    roles = []
    for visit in (couple.one, couple.other):
        with couple.cockpit.spaces.read(unlocked(visit)) as reader:
            signed: Any = list(reader.lines(CONSENTS))[-1]["signed"]
        record = record_from_json(signed["record"])
        assert record.authentication is not None
        roles.append(record.role)
    assert roles == [SubjectRole.SHARING, SubjectRole.JOINT]
