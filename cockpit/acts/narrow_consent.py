"""Narrow a running consent: fewer data, coarser, later or shorter; what is taken away is taken away at once."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change, Decided, present_clause
from cockpit.consent import lifecycle
from cockpit.consent.clauses import clause_sha256, clause_to_json
from cockpit.consent.narrowing import Narrowing, narrowed_further
from cockpit.consent.notice import render
from cockpit.domain.consent import Clause
from cockpit.domain.errors import NotFound
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId, collection_of
from cockpit.domain.record import Json
from cockpit.grants.keys import seal_clause
from cockpit.grants.summaries import of_ones_own, open_summary, seal_summary
from cockpit.store import consents, heads, services
from cockpit.store.consents import ConsentRow


def narrow_consent(cockpit: Cockpit, visit: Visit, consent: ConsentId, choice: Narrowing) -> None:
    """Give less from now on. The service keeps its tokens, and reads within the new terms only.

    Raises ``SpaceLocked``, ``NotFound``, ``BadChoice``, and ``ChangeNotPossible`` for a consent that does not run.
    """
    keyring, now, person = unlocked(visit), cockpit.clock(), visit.person
    with cockpit.database.write(person) as connection:
        row = consents.get(connection, person, consent)
        becomes = lifecycle.after(row.status, lifecycle.Change.NARROW)
        before = present_clause(cockpit.spaces.reader(connection, keyring), consent)
        clause = narrowed_further(before, choice, now)
        service, use = services.find(connection, clause.service), cockpit.registry.use_of(clause)
        if service is None or use is None:
            raise NotFound("this service or its use is no longer known here")
        notice = render(clause, use, service, cockpit.kind_words, visit.language)
        known = of_ones_own(open_summary(cockpit.operator, row.sealed_summary, consent))
        known = msgspec.structs.replace(known, clause_sha256=clause_sha256(clause))
        _forget(cockpit, connection, row, clause)
        kinds: list[Json] = [part.kind for part in clause.inputs]
        change = Change(
            EventType.CONSENT_NARROWED,
            consent,
            known.service,
            known.service_name,
            known.use,
            known.clause_sha256,
            known.last,
            Decided(clause, use, service, notice),
            audit={"kinds": kinds},
            subject={"kinds": kinds, "notice_sha256": notice.sha256, "narrows_sha256": clause_sha256(before)},
            version={"clause": clause_to_json(clause)},
            mandate=visit.mandate,
            authentication=visit.authentication,
        )
        last = cockpit.recorder.leave(cockpit.spaces.writer(connection, person), change, now)
        known = msgspec.structs.replace(known, last=last)
        consents.change(
            connection,
            row,
            becomes,
            sealed_summary=seal_summary(cockpit.operator, known, consent),
            sealed_clause=seal_clause(row.grant_public, clause, person, consent),
            expires=clause.expires,
        )


def _forget(cockpit: Cockpit, connection: Connection, row: ConsentRow, clause: Clause) -> None:
    """Collections that left the terms get new keys at the next unlocking, and the grant loses its copies now."""
    kept = {collection_of(part.kind) for part in clause.inputs}
    held = {collection for collection, _ in consents.wraps(connection, row.person, row.id)}
    consents.forget_collections(connection, row, kept)
    mac_key = cockpit.spaces.mac_key(row.person)
    for collection in sorted(held - kept):
        heads.ask_rotation(connection, mac_key, row.person, collection)
