"""Which tables are about one person, and which few are directories: every other table's key starts with a person."""

from __future__ import annotations

from typing import Final

from sqlalchemy import MetaData, Table

DIRECTORIES: Final = {
    "login": "leads from a keyed tag of a sign-in name to its person",
    "session": "leads from the hash of a cookie to its person",
    "token": "leads from the hash of a code or token to its person",
    "joint_request": "leads from the hash of a code to the person whose request another adult is asked about",
    "duty": "leads from the hash of a version of a record to whom its service owes something",
    "service": "public declarations; about no person",
    "par": "requests that no person has answered yet",
    "seen_assertion": "hashes of assertions that services sent; about no person",
    "auditor_mandate": "who may audit, with which public key; about no person whose space is here",
    "audit_case": "leads from a case that two auditors agree on to the person whose consent it is about",
    "policy_set": "the policies that decisions were made under, whole; about no person",
    "log_cosigned": "the newest checkpoint that witnesses cosigned, and how far each of them is",
    "log_head": "how long each log of the deployment is, signed",
    "log_leaf": "salted commitments; about no person to whoever has no opening",
    "log_tile": "hashes of the logs' trees",
    "log_batch": "salted commitments of the records that one leaf stands for; about no person, as leaves are",
}
"""The tables that are not keyed by a person, and why. What is in none of them is one person's."""


def person_tables(metadata: MetaData) -> tuple[Table, ...]:
    """The tables whose every row is one person's, by name."""
    return tuple(table for name, table in sorted(metadata.tables.items()) if name not in DIRECTORIES)
