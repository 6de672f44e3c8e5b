"""Several reads under one token: each is decided by itself, all are one entry of the log, and one transaction."""

from __future__ import annotations

import hashlib
import io
import json

import pytest

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.export_space import export_space
from cockpit.acts.histories import proof
from cockpit.acts.read_for_service import (
    MOST_TOGETHER,
    AccessRefused,
    InvalidToken,
    Release,
    Wanted,
    read_for_service,
    read_together,
)
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.domain.decision import Reason
from cockpit.domain.ids import Kind
from cockpit.domain.use import Grain
from cockpit.store.journal import journal
from cockpit.tlog.logs import CONSENT
from cockpit.verifier.verify import PROVED, verify
from tests.acts.test_consent_life import fresh, given
from tests.web.furnished import INVOICE, SERIES, furnish


@pytest.fixture
def known(cockpit: Cockpit, visit: Visit) -> Visit:
    furnish(cockpit, visit)
    return visit


def accesses(cockpit: Cockpit) -> list[str]:
    """The types of the entries of this month's log of accesses."""
    with cockpit.database.read() as connection:
        (month,) = [log for log in cockpit.ledger.logs(connection) if log != CONSENT]
        return [json.loads(leaf.leaf)["type"] for leaf in cockpit.ledger.leaves(connection, month)]


def test_each_is_decided_by_itself_and_all_are_one_entry(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    before = len(accesses(cockpit))
    access = fresh(cockpit, token)
    several = [Wanted(SERIES), Wanted(Kind("bank.transaction")), Wanted(INVOICE, ("total",))]
    series, refusal, bills = read_together(cockpit, access, several)
    assert isinstance(series, Release)
    assert isinstance(bills, Release)
    assert isinstance(refusal, AccessRefused)
    assert refusal.reason == Reason.NOT_DECLARED
    assert accesses(cockpit)[before:] == ["token.issued", "access.batch"]
    assert series.logged == bills.logged
    assert [series.position, bills.position] == [0, 2]
    with cockpit.spaces.read(unlocked(known)) as reader:
        told = journal(reader)[-3:]
        assert [entry.type for entry in told] == ["access.allowed", "access.refused", "access.allowed"]
        assert {(entry.index, hashlib.sha256(entry.leaf).hexdigest()) for entry in told} == {
            (series.logged.index, series.logged.leaf_sha256)
        }
        assert all(proof(cockpit, reader, entry.number).verified for entry in told)
    # Each body is that of a read by itself, which is an entry of its own.
    alone = read_for_service(cockpit, access, Wanted(SERIES))
    assert (alone.body, alone.count, alone.position) == (series.body, series.count, None)
    assert accesses(cockpit)[-1] == "access.allowed"


def test_those_together_count_against_one_quota(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    answers = read_together(cockpit, fresh(cockpit, token), [Wanted(INVOICE)] * 6)
    assert [isinstance(one, Release) for one in answers] == [True] * 4 + [False] * 2
    assert {one.reason for one in answers if isinstance(one, AccessRefused)} == {Reason.QUOTA_SPENT}
    with pytest.raises(AccessRefused) as refused:
        read_for_service(cockpit, fresh(cockpit, token), Wanted(INVOICE))
    assert refused.value.reason == Reason.QUOTA_SPENT


def test_one_reading_is_one_of_each_kind(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known, months=None, grains={SERIES: Grain.MONTH})
    several = [Wanted(SERIES), Wanted(INVOICE), Wanted(SERIES)]
    answers = read_together(cockpit, token.access_token, several)
    assert [isinstance(one, Release) for one in answers] == [True, True, False]


def test_a_batch_is_decided_again_by_the_verifier(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    read_together(cockpit, fresh(cockpit, token), [Wanted(SERIES), Wanted(INVOICE), Wanted(Kind("tax.notice"))])
    out = io.BytesIO()
    export_space(cockpit, known, out)
    report = verify(out.getvalue())
    assert report.outcome == PROVED, report.checks


def test_none_too_many_and_a_token_that_is_over(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    for count in (0, MOST_TOGETHER + 1):
        with pytest.raises(ValueError, match="reads together"):
            read_together(cockpit, token.access_token, [Wanted(SERIES)] * count)
    access = fresh(cockpit, token)
    withdraw_consent(cockpit, known.person, token.consent)
    with pytest.raises(InvalidToken):
        read_together(cockpit, access, [Wanted(SERIES), Wanted(INVOICE)])
    with cockpit.spaces.read(unlocked(known)) as reader:
        assert journal(reader)[-1].subject["decision"] == Reason.NOT_ACTIVE
