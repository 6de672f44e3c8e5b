"""The token carries the key: a grant's key pair, and the wraps that only a live, presented secret opens.

At consent, in the unlocked session, the keys of the granted collections are sealed to the grant's public key. The
grant's private key is wrapped under a key derived from the code, then from each token; the server keeps their
hashes only. So the database and the operator's keys together open nothing without a presented token.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from cockpit.consent.clauses import clause_from_json, clause_to_json
from cockpit.domain.consent import Clause
from cockpit.domain.ids import Collection, ConsentId, PersonId
from cockpit.sealing.box import derive, new_key, open_under, seal_under
from cockpit.sealing.canonical import canonical, parse_canonical
from cockpit.sealing.envelope import FIRST_PREVIOUS, EnvelopeKind, Place, new_key_pair, open_with, seal_to
from cockpit.sealing.keyring import GrantedKeyring

TERMS = "terms"

CollectionEpoch: TypeAlias = tuple[Collection, int]
"""One epoch of one collection: what has a key."""


@dataclass(frozen=True, slots=True)
class GrantKeys:
    """A new grant: its pair, and what was sealed to its public key."""

    private: bytes = field(repr=False)
    public: bytes
    sealed_clause: bytes = field(repr=False)
    wraps: dict[CollectionEpoch, bytes] = field(repr=False)


def new_grant(
    person: PersonId, consent: ConsentId, clause: Clause, collection_keys: Mapping[CollectionEpoch, bytes]
) -> GrantKeys:
    """Seal the clause and the granted collections' keys, of every epoch still in use, to a fresh key pair."""
    private, public = new_key_pair()
    sealed_clause = seal_clause(public, clause, person, consent)
    wraps = {epoch: wrap_for_grant(public, key, person, consent, epoch) for epoch, key in collection_keys.items()}
    return GrantKeys(private, public, sealed_clause, wraps)


def seal_clause(public: bytes, clause: Clause, person: PersonId, consent: ConsentId) -> bytes:
    """The terms sealed to a grant: only the person and a live token read them."""
    return seal_to(public, canonical(clause_to_json(clause)), _place(person, consent, TERMS))


def sealed_body(public: bytes, body: bytes, person: PersonId, consent: ConsentId, what: str) -> bytes:
    """Something more that a live token of this grant may read, named by ``what``."""
    return seal_to(public, body, _place(person, consent, what))


def opened_body(private: bytes, sealed: bytes, person: PersonId, consent: ConsentId, what: str) -> bytes:
    """Undo ``sealed_body``. Raises ``Tampered``."""
    return open_with(private, sealed, _place(person, consent, what))


def wrap_for_grant(public: bytes, key: bytes, person: PersonId, consent: ConsentId, of: CollectionEpoch) -> bytes:
    """A collection key sealed to a grant's public key: so a running grant can be given a later epoch."""
    collection, epoch = of
    return seal_to(public, key, _place(person, consent, collection, epoch))


def opened_clause(private: bytes, sealed: bytes, person: PersonId, consent: ConsentId) -> Clause:
    """The terms of a grant, from its private key. Raises ``Tampered``."""
    return clause_from_json(parse_canonical(open_with(private, sealed, _place(person, consent, TERMS))))


def opened_keyring(
    private: bytes, wraps: Mapping[CollectionEpoch, bytes], person: PersonId, consent: ConsentId
) -> GrantedKeyring:
    """The collections a grant opens. Raises ``Tampered``."""
    keys = {
        (str(collection), epoch): open_with(private, envelope, _place(person, consent, collection, epoch))
        for (collection, epoch), envelope in wraps.items()
    }
    return GrantedKeyring(person, keys)


def new_secret(prefix: str) -> str:
    """A code or token: its prefix and 256 random bits."""
    return prefix + base64.urlsafe_b64encode(new_key()).rstrip(b"=").decode()


def secret_hash(secret: str) -> str:
    """What the server keeps of a code or token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def wrap_private(secret: str, private: bytes, consent: ConsentId) -> bytes:
    """The grant's private key under a key that only the presented secret gives."""
    return seal_under(derive(secret.encode(), "grant key"), private, f"grant {consent}")


def unwrap_private(secret: str, wrapped: bytes, consent: ConsentId) -> bytes:
    """Undo ``wrap_private``. Raises ``Tampered``."""
    return open_under(derive(secret.encode(), "grant key"), wrapped, f"grant {consent}")


def _place(person: PersonId, consent: ConsentId, what: str, epoch: int = 1) -> Place:
    return Place(person, f"grant/{consent}/{what}", EnvelopeKind.GRANT, epoch, 0, FIRST_PREVIOUS, 1)
