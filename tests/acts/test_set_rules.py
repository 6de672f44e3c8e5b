"""A person's own rules: set once, they win over every consent, from the next read on, whoever holds the database."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.histories import Verb, history
from cockpit.acts.read_for_service import AccessRefused, Wanted, read_for_service
from cockpit.acts.set_rules import MOST_RULES, TooManyRules, set_rules
from cockpit.acts.visits import lock
from cockpit.consent.standing import (
    KeepIn,
    NeverAutomated,
    NeverPassOn,
    NeverShare,
    QuietHours,
    StandingRule,
    TellAbove,
)
from cockpit.domain.errors import SpaceLocked, Tampered
from cockpit.domain.ids import ConsentId
from cockpit.grants.rules import open_rules, rules_from_json, rules_of, rules_to_json, seal_rules
from cockpit.sealing.envelope import new_key_pair
from cockpit.store import tables
from tests.acts.test_consent_life import fresh, given, known
from tests.web.furnished import INVOICE, SERIES

__all__ = ["known"]

EVERY_TYPE: tuple[StandingRule, ...] = (
    NeverShare(id="1", category="invoice.document", services=("c_x",), purposes=("https://w3id.org/dpv#Marketing",)),
    KeepIn(id="2", places=("EU",)),
    NeverPassOn(id="3"),
    NeverAutomated(id="4"),
    QuietHours(id="5", begin="22:00", end="07:00"),
    TellAbove(id="6", reads=3),
)


def test_a_rule_wins_over_a_consent_that_runs(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    set_rules(cockpit, known, [NeverShare(id="1", category=INVOICE)])
    with pytest.raises(AccessRefused) as caught:
        read_for_service(cockpit, fresh(cockpit, token), Wanted(INVOICE))
    assert caught.value.reason == "standing-rule"
    assert read_for_service(cockpit, fresh(cockpit, token), Wanted(SERIES)).count > 0
    set_rules(cockpit, known, [])
    assert read_for_service(cockpit, fresh(cockpit, token), Wanted(INVOICE)).count == 2


def test_a_rule_holds_for_consents_given_later(cockpit: Cockpit, known: Visit) -> None:
    set_rules(cockpit, known, [QuietHours(id="q", begin="00:00", end="23:59")])
    token = given(cockpit, known)
    with pytest.raises(AccessRefused):
        read_for_service(cockpit, fresh(cockpit, token), Wanted(SERIES))


def test_reads_beyond_a_number_are_pointed_out_and_not_stopped(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    set_rules(cockpit, known, [TellAbove(id="t", reads=1)])
    for _ in range(2):
        read_for_service(cockpit, fresh(cockpit, token), Wanted(SERIES))
    assert known.keyring is not None
    with cockpit.spaces.read(known.keyring) as reader:
        reads = [line for line in history(reader) if line.verb is Verb.READ and line.consent == token.consent]
    assert [line.beyond_rule for line in reads] == [True, False]


def test_the_rules_are_read_back_by_their_person(cockpit: Cockpit, known: Visit) -> None:
    set_rules(cockpit, known, EVERY_TYPE)
    assert known.keyring is not None
    with cockpit.spaces.read(known.keyring) as reader:
        assert rules_of(reader) == EVERY_TYPE


def test_the_database_does_not_say_them(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    set_rules(cockpit, known, [NeverShare(id="SECRETRULE", category=INVOICE)])
    table = tables.consent
    with cockpit.database.read(known.person) as connection:
        where = (table.c.person_id == known.person, table.c.consent_id == token.consent)
        sealed = connection.execute(select(table.c.sealed_rules).where(*where)).scalar_one()
    assert sealed
    assert b"SECRETRULE" not in sealed


def test_rules_are_set_in_an_open_space_and_are_few(cockpit: Cockpit, known: Visit) -> None:
    with pytest.raises(TooManyRules):
        set_rules(cockpit, known, [NeverPassOn(id=str(number)) for number in range(MOST_RULES + 1)])
    lock(cockpit, known)
    with pytest.raises(SpaceLocked):
        set_rules(cockpit, Visit(known.person, known.session, None, "", ""), [])


def test_rules_come_back_as_they_went() -> None:
    assert rules_from_json(rules_to_json(EVERY_TYPE)) == EVERY_TYPE  # type: ignore[arg-type]
    private, public = new_key_pair()
    consent = ConsentId("1" * 32)
    sealed = seal_rules(public, EVERY_TYPE, "p", consent)  # type: ignore[arg-type]
    assert open_rules(private, sealed, "p", consent) == EVERY_TYPE  # type: ignore[arg-type]
    with pytest.raises(Tampered):
        open_rules(private, sealed, "q", consent)  # type: ignore[arg-type]


@pytest.mark.parametrize("broken", [[{"type": "other"}], [{}], [{"type": "keep-in", "id": 3}], [{"type": "keep-in"}]])
def test_a_rule_that_is_none_is_refused(broken: list[dict[str, object]]) -> None:
    with pytest.raises(Tampered):
        rules_from_json(broken)
