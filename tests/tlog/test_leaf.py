"""Leaves and the records of batches: their canonical bytes, their commitments, and the marks of a person."""

from __future__ import annotations

import hashlib
import hmac

from cockpit.sealing.canonical import canonical
from cockpit.tlog.leaf import BatchLeaf, Leaf, batch_record, commit, tag

AT, POLICY = "2026-11-23T09:30Z", "0" * 64


def test_a_leaf_is_its_canonical_members_and_nothing_else() -> None:
    leaf = Leaf("consent.given", AT, POLICY, "a" * 64, "b" * 64, "c" * 32)
    members = {
        "v": 1, "type": "consent.given", "at": AT, "policy": POLICY, "audit": "a" * 64, "subject": "b" * 64,
        "tag": "c" * 32,
    }  # fmt: skip
    assert leaf.to_bytes() == canonical(members)


def test_a_batch_says_how_many_and_under_which_root() -> None:
    members = {"v": 1, "type": "access.batch", "at": AT, "policy": POLICY, "count": 1024, "root": "d" * 64}
    assert BatchLeaf("access.batch", AT, POLICY, 1024, "d" * 64).to_bytes() == canonical(members)


def test_a_record_of_a_batch_written_out_is_canonical() -> None:
    members = {"v": 1, "type": "access.allowed", "audit": "a" * 64, "subject": "b" * 64, "tag": "c" * 32}
    assert batch_record("access.allowed", "a" * 64, "b" * 64, "c" * 32) == canonical(members)


def test_a_commitment_and_a_mark_are_what_the_format_says() -> None:
    salt = bytes(range(32))
    assert commit(salt, {"b": 1, "a": "é"}) == hmac.new(salt, '{"a":"é","b":1}'.encode(), hashlib.sha256).hexdigest()
    message = b"mesinfos-cockpit tag\n" + (258).to_bytes(8, "big")
    assert tag(salt, 258) == hmac.new(salt, message, hashlib.sha256).hexdigest()[:32]
