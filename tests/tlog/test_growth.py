"""An old checkpoint and a new one: grown, forked, shrunk, or not proved."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.domain.errors import Tampered
from cockpit.tlog.growth import Forked, Shrunk, Unproven, check_growth, verify_growth
from cockpit.tlog.merkle import ProofInvalid
from cockpit.tlog.note import open_note
from tests.published_log import SIZES, PublishedLog, events, grown

LOG = grown(max(SIZES))


@given(st.sampled_from(SIZES), st.sampled_from((0, *SIZES)))
def test_a_log_that_only_grew_is_said_to_have(new: int, old: int) -> None:
    old, new = min(old, new), max(old, new)
    growth = check_growth(LOG.note(old), LOG.note(new), LOG.consistency(old, new), LOG.verifier)
    assert (growth.old.size, growth.new.size) == (old, new)


def test_two_roots_at_one_size_are_a_fork_and_the_evidence_convinces_others() -> None:
    other = grown(7, word="1", key=LOG.key)
    with pytest.raises(Forked) as raised:
        check_growth(LOG.note(7), other.note(7), [], LOG.verifier)
    assert (raised.value.old, raised.value.new) == (LOG.note(7), other.note(7))
    assert raised.value.evidence() == LOG.note(7) + b"\n" + other.note(7)
    # Anyone with the log's key finds that it signed both.
    key = LOG.verifier.key
    assert open_note(raised.value.old, LOG.origin, key) != open_note(raised.value.new, LOG.origin, key)


def test_fewer_entries_than_before_are_a_log_that_shrank() -> None:
    with pytest.raises(Shrunk) as raised:
        check_growth(LOG.note(7), LOG.note(3), LOG.consistency(3, 7), LOG.verifier)
    assert raised.value.reason == "log_shrunk"
    with pytest.raises(Shrunk):
        check_growth(LOG.note(1), LOG.note(0), [], LOG.verifier)


@pytest.mark.parametrize("place", [0, 3, 6])
def test_an_entry_changed_after_the_fact_leaves_no_proof_from_before(place: int) -> None:
    leaves = events(20)
    changed = [*leaves[:place], leaves[place].replace(b"09:", b"08:"), *leaves[place + 1 :]]
    rewritten = PublishedLog(changed, LOG.key)
    for proof in (rewritten.consistency(7, 20), grown(20).consistency(7, 20), []):
        with pytest.raises(Unproven):
            check_growth(LOG.note(7), rewritten.note(20), proof, LOG.verifier)


def test_an_empty_log_has_the_root_of_nothing_and_no_proof() -> None:
    with pytest.raises(Unproven):
        check_growth(LOG.note(0), LOG.note(3), [bytes(32)], LOG.verifier)


def test_notes_that_the_log_did_not_sign_say_nothing_of_it() -> None:
    for old, new in ((grown(3).note(3), LOG.note(7)), (LOG.note(3), grown(7, key=LOG.key, origin="other").note(7))):
        with pytest.raises(Tampered) as raised:
            check_growth(old, new, LOG.consistency(3, 7), LOG.verifier)
        assert raised.value.reason == "tampered"


NOTHING = hashlib.sha256(b"").digest()


@pytest.mark.parametrize(
    ("old_root", "new", "new_root", "proof"),
    [
        (bytes(32), 0, bytes(32), []),
        (bytes(32), 3, bytes(32), []),
        (NOTHING, 0, bytes(32), []),
        (NOTHING, 3, bytes(32), [bytes(32)]),
    ],
)
def test_nothing_grows_from_an_empty_log_that_holds_something(
    old_root: bytes, new: int, new_root: bytes, proof: list[bytes]
) -> None:
    with pytest.raises(ProofInvalid):
        verify_growth(0, old_root, new, new_root, proof)


def test_an_empty_log_grows_into_any_log_and_into_itself() -> None:
    verify_growth(0, NOTHING, 0, NOTHING, [])
    verify_growth(0, NOTHING, 3, bytes(32), [])
