"""The rows of requests that wait for another adult: found by the hash of a code, opened by the code alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select, update

from cockpit.domain.ids import ConsentId, PersonId
from cockpit.store import tables

_TABLE = tables.joint_request


class Answer(StrEnum):
    """What the other adult said, or that they said nothing yet."""

    NONE = "none"
    YES = "yes"
    NO = "no"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class JointRow:
    """A request as stored. ``consent`` is the one that the first person gives or gave under it."""

    code_hash: str
    person: PersonId
    consent: ConsentId
    sealed_request: bytes = field(repr=False)
    expires: str
    answer: Answer = Answer.NONE


def put(connection: Connection, row: JointRow) -> None:
    """Keep a request."""
    connection.execute(
        insert(_TABLE).values(
            code_hash=row.code_hash,
            person_id=row.person,
            consent_id=row.consent,
            sealed_request=row.sealed_request,
            expires=row.expires,
            answer=row.answer,
        )
    )


def find(connection: Connection, code_hash: str) -> JointRow | None:
    """The request under a code's hash, or None."""
    row = connection.execute(select(_TABLE).where(_TABLE.c.code_hash == code_hash)).one_or_none()
    if row is None:
        return None
    person, consent = PersonId(row.person_id), ConsentId(row.consent_id)
    return JointRow(row.code_hash, person, consent, row.sealed_request, row.expires, Answer(row.answer))


def answer(connection: Connection, code_hash: str, was: Answer, now: Answer) -> bool:
    """Note what was said; False when somebody answered first."""
    where = (_TABLE.c.code_hash == code_hash, _TABLE.c.answer == was)
    return connection.execute(update(_TABLE).where(*where).values(answer=now)).rowcount == 1


def remove_expired(connection: Connection, now: str) -> None:
    """Forget requests that nobody answered in time."""
    connection.execute(delete(_TABLE).where(_TABLE.c.expires < now, _TABLE.c.answer == Answer.NONE))
