"""What the questions answer: by replay of entries that are true, and of entries that an operator slipped in."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.acts.change_service import suspend_service
from cockpit.acts.pause_consent import pause_consent
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.audit.balance import Balances, tallied
from cockpit.audit.checked import Fact
from cockpit.audit.faults import HouseError
from cockpit.audit.queries import THRESHOLD, Asked, shown
from cockpit.audit.sampling import CONTEXT, drawn, facts_drawn, sample
from cockpit.consent.lifecycle import Change, after, possible
from cockpit.domain.consent import LIVE, ConsentStatus
from cockpit.domain.event import Event, EventType
from tests.audit.houses import Audited, Auditor

READ = {"service": "c_coach", "use": "energy-advice-v1", "kind": "energy.series", "fields": ["values"],
        "decision": "allowed"}  # fmt: skip


def slip_in(ada: Auditor, **changes: Any) -> None:
    """An access that no consent, or no declaration, allows: written by whoever runs the machine."""
    cockpit = ada.running.cockpit
    with cockpit.database.write() as connection:
        part = {**READ, **changes}
        # Two minutes later: accesses may stand in a log of their own, where only the minute orders them.
        at = cockpit.clock() + timedelta(minutes=2)
        cockpit.ledger.append(connection, Event(EventType.ACCESS_ALLOWED, part), at)


def findings(ada: Auditor) -> set[str]:
    ada.sync()
    return {str(row[-1]) for row in ada.ask("without-consent").rows}


def test_an_honest_log_has_no_read_without_consent(ada: Auditor) -> None:
    assert findings(ada) == set()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"service": "c_ghost"}, {"no-consent-in-force", "not-registered"}),
        ({"use": "rent-application-v1"}, {"no-consent-in-force", "not-declared", "kind-outside-use"}),
        ({"use": "never-published-v1"}, {"no-consent-in-force", "not-declared", "use-not-published"}),
        ({"kind": "bank.transaction"}, {"kind-outside-use"}),
        ({"fields": ["values", "address"]}, {"field-outside-use"}),
    ],
)
def test_a_read_that_could_not_have_been_is_found(ada: Auditor, changes: dict[str, Any], found: set[str]) -> None:
    slip_in(ada, **changes)
    assert findings(ada) == found


def test_a_read_after_the_last_withdrawal_is_found_twice(audited: Audited, ada: Auditor) -> None:
    withdraw_consent(ada.running.cockpit, audited.visit.person, audited.live)
    slip_in(ada)
    assert findings(ada) == {"no-consent-in-force"}
    [row] = ada.ask("stop-delay").rows
    assert row[:2] == ("c_coach", "energy-advice-v1")
    assert row[3] == 1, "one read after the stop"
    assert ada.ask("in-force").rows == (("c_coach", "energy-advice-v1", 2, 2, 0, 0),)


def test_a_read_while_all_are_paused_is_found(audited: Audited, ada: Auditor) -> None:
    pause_consent(ada.running.cockpit, audited.visit.person, audited.live)
    slip_in(ada)
    assert findings(ada) == {"no-consent-in-force"}


def test_a_read_of_a_stopped_service_is_found(ada: Auditor) -> None:
    suspend_service(ada.running.cockpit, READ["service"], "Enquête en cours")  # type: ignore[arg-type]
    slip_in(ada)
    assert findings(ada) == {"no-consent-in-force", "recipient-suspended"}
    changes = [row[3] for row in ada.ask("changes").rows]
    assert changes[0] == "policy"
    assert "recipient.suspended" in changes


def test_denials_and_recipients_are_counted(ada: Auditor) -> None:
    ada.sync()
    assert ada.ask("denials").rows == (("c_coach", "energy-advice-v1", "kind-not-covered", 2),)
    rows = {row[0]: row[1:] for row in ada.ask("recipients").rows}
    assert rows["energy.series"] == ("c_coach", "yes", 2, 4)
    assert rows["invoice.document"] == ("c_coach", "yes", 0, 0)
    assert ada.ask("special").rows == ()
    assert ada.ask("denials", Asked(use="another-v1")).rows == ()


def test_small_counts_are_not_published(ada: Auditor) -> None:
    ada.sync()
    counts = {row[-1] for row in ada.ask("statistics").rows}
    assert counts == {"<11"}
    assert [shown(count) for count in (0, 1, THRESHOLD - 1, THRESHOLD)] == ["<11", "<11", "<11", 11]


def test_what_a_withdrawal_obliges_to_becomes_overdue(ada: Auditor) -> None:
    ada.sync()
    duties = [
        duty for duty in ada.running.cockpit.registry.uses["energy-advice-v1"].obligations
        if duty.trigger == "withdrawal"
    ]  # fmt: skip
    assert ada.ask("obligations-overdue").rows == ()
    cockpit = ada.running.cockpit
    later = cockpit.clock() + timedelta(days=400)
    with cockpit.database.write() as connection:
        cockpit.ledger.append(connection, Event(EventType.KEY_ROTATED), later)
    ada.sync()
    late = ada.ask("obligations-overdue").rows
    assert [(row[2], row[4]) for row in late] == [(duty.action, 1) for duty in duties]


def test_a_sample_is_drawn_by_anybody(ada: Auditor) -> None:
    ada.sync()
    with ada.house.reading() as kept:
        found = sample(kept, "consent", "loto du 23 novembre", 5)
        assert [fact.index for fact in facts_drawn(kept, found)] == list(found.indexes)
        with pytest.raises(HouseError):
            sample(kept, "access-1999-01", "x", 5)
    said = b"loto du 23 novembre"
    start = CONTEXT + len(said).to_bytes(4, "big") + said + bytes.fromhex(found.root)
    first = int.from_bytes(hashlib.sha256(start + bytes(8)).digest(), "big") % found.size
    assert found.indexes[0] == first


@given(st.text(min_size=1), st.binary(min_size=32, max_size=32), st.integers(0, 300), st.integers(1, 50))
def test_a_draw_is_within_the_log_without_repeats_and_the_same_again(
    seed: str, root: bytes, size: int, count: int
) -> None:
    try:
        seed.encode()
    except UnicodeEncodeError:
        return
    indexes = drawn(seed, root, size, count)
    assert len(indexes) == len(set(indexes)) == min(size, count)
    assert all(0 <= index < size for index in indexes)
    assert drawn(seed, root, size, count + 1)[: len(indexes)] == indexes


EVENT_OF = {
    Change.PAUSE: "consent.paused", Change.RESUME: "consent.resumed", Change.SUSPEND: "consent.suspended",
    Change.WITHDRAW: "consent.withdrawn", Change.RENEW: "consent.renewed",
    Change.RECONFIRM: "consent.renewed", Change.NARROW: "consent.narrowed",
    Change.EXPIRE: "consent.expired",
}  # fmt: skip


@given(st.data())
def test_the_bound_is_never_below_the_truth(data: st.DataObject) -> None:
    """Several consents live their lives: the house, which cannot tell them apart, never counts fewer live ones."""
    states: list[ConsentStatus] = []
    balances, at = Balances(), datetime(2026, 1, 1, tzinfo=UTC)

    def tell(event: str) -> None:
        minute = f"{at:%Y-%m-%dT%H:%MZ}"
        balances.take(Fact("consent", 0, 0, minute, event, "", {"service": "s", "use": "u"}))

    for _ in range(data.draw(st.integers(1, 30))):
        at += timedelta(minutes=data.draw(st.integers(0, 2)))
        changes = [
            (number, change) for number, state in enumerate(states) for change in EVENT_OF if change in possible(state)
        ]
        if not changes or data.draw(st.booleans()):
            states.append(ConsentStatus.GIVEN)
            tell("consent.given")
        else:
            number, change = data.draw(st.sampled_from(changes))
            states[number] = after(states[number], change)
            tell(EVENT_OF[change])
        tally = balances.tallies["s", "u"]
        assert tally.most_live >= sum(state in LIVE for state in states)
        assert tally.open == sum(not state.final for state in states)


def test_accesses_of_another_log_are_held_to_their_minute() -> None:
    def fact(log: str, at: str, event: str) -> Fact:
        return Fact(log, 0, 0, at, event, "", {"service": "s", "use": "u"})

    balances = Balances()
    balances.take(fact("consent", "2026-01-01T10:00Z", "consent.given"))
    balances.take(fact("consent", "2026-01-01T10:05Z", "consent.withdrawn"))
    read = fact("access-2026-01", "2026-01-01T10:05Z", "access.allowed")
    assert balances.most_live(read, ordered=False) == 1, "it may have come first"
    assert balances.most_live(read, ordered=True) == 0
    assert balances.most_live(fact("access-2026-01", "2026-01-01T10:06Z", "access.allowed"), ordered=False) == 0
    assert tallied([]) == {}
