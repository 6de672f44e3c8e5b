"""The keyring: each person's pepper, tag key and source key, wrapped by the operator's master key, in a database apart.

Its backups can be short-lived: a person whose row is gone from here is gone, whatever backup of the space comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, delete, insert, select
from sqlalchemy.exc import ArgumentError

from cockpit.domain.errors import NotFound, OperatorMustAct, Tampered
from cockpit.domain.ids import PersonId
from cockpit.sealing.operator import OperatorKeys
from cockpit.store.engine import Database, open_apart
from cockpit.store.walls import EVERYONE

metadata = MetaData()

keyring = Table(
    "keyring",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("created_at", String(20), nullable=False),
    Column("wrapped_pepper", LargeBinary, nullable=False),
    Column("wrapped_tag_key", LargeBinary, nullable=False),
    Column("wrapped_source_key", LargeBinary, nullable=False),
)

PEPPER, TAG_KEY, SOURCE_KEY = "pepper", "tag key", "source key"
WRAPPED = {
    PEPPER: keyring.c.wrapped_pepper,
    TAG_KEY: keyring.c.wrapped_tag_key,
    SOURCE_KEY: keyring.c.wrapped_source_key,
}
PAGE, SAMPLE = 500, 5


@dataclass(frozen=True, slots=True)
class OperatorSecrets:
    """A person's secrets that the operator's master wraps: the server may use them while the space is locked."""

    pepper: bytes = field(repr=False)
    tag_key: bytes = field(repr=False)
    source_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyrings:
    """Every person's row of the keyring, one at a time."""

    database: Database
    operator: OperatorKeys = field(repr=False)

    def put(self, person: PersonId, secrets: OperatorSecrets, at: str) -> None:
        """Keep a new person's secrets.

        They are wrapped under the writer's lock, so that a version of the master is never retired between the wrapping
        and the row. An orphan, left by an opening that went no further, is harmless: it opens nothing.
        """
        with self.database.write(person) as connection:
            connection.execute(
                insert(keyring).values(
                    person_id=person,
                    created_at=at,
                    wrapped_pepper=self.operator.wrap(secrets.pepper, PEPPER, person),
                    wrapped_tag_key=self.operator.wrap(secrets.tag_key, TAG_KEY, person),
                    wrapped_source_key=self.operator.wrap(secrets.source_key, SOURCE_KEY, person),
                )
            )

    def pepper(self, person: PersonId) -> bytes:
        """The operator's share of every slot key of this person; asked of the master each time, never remembered.

        Raises ``NotFound``.
        """
        return self._open(person, PEPPER, self.operator.unwrap)

    def tag_key(self, person: PersonId) -> bytes:
        """The key of the person's tags in the log, with which they find their entries. Raises ``NotFound``."""
        return self._open(person, TAG_KEY, self.operator.recall)

    def source_key(self, person: PersonId) -> bytes:
        """The key under which the server remembers what a source already brought. Raises ``NotFound``."""
        return self._open(person, SOURCE_KEY, self.operator.recall)

    def shred(self, person: PersonId) -> None:
        """Destroy a person's secrets: no slot opens any more. Repeating it changes nothing."""
        with self.database.write(person) as connection:
            connection.execute(delete(keyring).where(keyring.c.person_id == person))

    def persons(self, until: str) -> Iterator[list[PersonId]]:
        """Everybody with a row made before the instant ``until``, in pages."""
        after = ""
        while True:
            with self.database.read(EVERYONE) as connection:
                rows = connection.execute(
                    select(keyring.c.person_id, keyring.c.created_at)
                    .where(keyring.c.person_id > after)
                    .order_by(keyring.c.person_id)
                    .limit(PAGE)
                ).all()
            if not rows:
                return
            after = rows[-1].person_id
            yield [PersonId(row.person_id) for row in rows if row.created_at < until]

    def check(self) -> None:
        """Raise ``OperatorMustAct`` when these keys open none of the first rows: they are of another deployment."""
        with self.database.read(EVERYONE) as connection:
            rows = connection.execute(select(keyring).order_by(keyring.c.person_id).limit(SAMPLE)).all()
        for row in rows:
            try:
                self.operator.unwrap(bytes(row.wrapped_tag_key), TAG_KEY, row.person_id)
                return
            except Tampered:
                continue  # one damaged row must not keep everybody else out
        if rows:
            raise OperatorMustAct(
                "the keys and the keyring do not belong together; restore both from backups of one moment", code="keys"
            )

    def _open(self, person: PersonId, label: str, unwrap: Callable[[bytes, str, str], bytes]) -> bytes:
        wrapped = self._wrapped(person, label)
        try:
            return unwrap(wrapped, label, person)
        except OperatorMustAct:
            # A rotation may have re-wrapped the row and retired its version since it was read.
            again = self._wrapped(person, label)
            if again == wrapped:
                raise
            return unwrap(again, label, person)

    def _wrapped(self, person: PersonId, label: str) -> bytes:
        with self.database.read(person) as connection:
            found = connection.execute(select(WRAPPED[label]).where(keyring.c.person_id == person)).scalar_one_or_none()
        if found is None:
            raise NotFound("there is no such space")
        return bytes(found)


def open_keyrings(url: str, operator: OperatorKeys) -> Keyrings:
    """The keyring at the SQLAlchemy address ``url``, made when it is not there. Raises ``OperatorMustAct``."""
    try:
        return Keyrings(open_apart(url, metadata), operator)
    except ArgumentError as error:
        raise OperatorMustAct("COCKPIT_KEYRING is not an address of a database", code="data") from error
