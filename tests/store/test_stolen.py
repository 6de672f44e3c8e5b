"""Somebody takes the database and the operator's keys: without a live token or a person's secret, nothing opens."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import LargeBinary, select

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import give
from cockpit.acts.ask_consent import ask_consent, pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.issue_tokens import Issued, redeem_code, refresh
from cockpit.acts.open_space import OpenedSpace
from cockpit.acts.read_for_service import InvalidToken, Wanted, read_for_service
from cockpit.acts.rotate_vault_key import rotate_vault_key
from cockpit.acts.visits import lock
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.narrowing import Narrowing
from cockpit.domain.errors import Tampered
from cockpit.domain.ids import Collection, ConnectorId, PersonId
from cockpit.domain.record import Basis, Method, Provenance, Record
from cockpit.grants.keys import unwrap_private
from cockpit.grants.pushed import Redirect
from cockpit.sealing.box import open_under
from cockpit.sealing.envelope import EnvelopeKind, Place, open_with
from cockpit.sealing.keyring import CollectionKeys, collection_key, collection_private
from cockpit.store import heads, services, tables
from cockpit.store.walls import EVERYONE
from tests.conftest import PASSPHRASE
from tests.consent.worlds import ASK, SERIES, SERVICE
from tests.store.test_canaries import CHALLENGE, VERIFIER

ORIGIN = Provenance(ConnectorId("fr.enedis.csv"), "1.0.0", Method.PARSED, Basis.OBSERVED)


def october(value: int) -> Record:
    data = {"start": "2026-09-30T22:00:00Z", "interval": "PT30M", "unit": "W", "values": [value] * 48}
    return Record(SERIES, f"m|{value}", "2026-10-01", {**data}, ORIGIN)


@pytest.fixture
def issued(cockpit: Cockpit, visit: Visit) -> Issued:
    with cockpit.spaces.write(visit.person) as writer:
        writer.deposit(ORIGIN.connector, [october(200)], "2026-11-23T09:30:00Z")
    with cockpit.database.write() as connection:
        services.put(connection, SERVICE)
    redirect = Redirect(SERVICE.redirect_uris[0], "state", CHALLENGE)
    pushed = ask_consent(cockpit, SERVICE, "energy-advice-v1", ASK, redirect)
    url = give(cockpit, visit, pending(cockpit, SERVICE.id, pushed.request_uri), Narrowing(3))
    code = url.partition("code=")[2].partition("&")[0]
    return redeem_code(cockpit, SERVICE, code, SERVICE.redirect_uris[0], VERIFIER)


def keys_a_thief_can_make(cockpit: Cockpit, person: PersonId) -> Iterator[bytes]:
    """Every 32-byte key in the files or derivable from them with the product's own code."""
    operator = cockpit.operator
    yield operator.secret
    for version in json.loads((cockpit.settings.keys_folder / "operator.key").read_text())["versions"]:
        yield base64.b64decode(version["key"])
    for label in ("login", "audit", "pushed requests", "token bindings", "consent summaries", "registration"):
        yield operator.duty(label)
    yield from (cockpit.keyrings.pepper(person), cockpit.keyrings.tag_key(person), cockpit.keyrings.source_key(person))
    with cockpit.database.read(EVERYONE) as connection:
        for table in tables.metadata.sorted_tables:
            columns = [column for column in table.c if isinstance(column.type, LargeBinary)]
            for found in connection.execute(select(*columns)) if columns else ():
                for value in found:
                    if value is not None and len(value) == 32:
                        yield value


def test_no_key_in_the_database_or_the_operators_files_opens_a_record(
    cockpit: Cockpit, visit: Visit, issued: Issued
) -> None:
    person, energy = visit.person, Collection("energy")
    with cockpit.database.read(EVERYONE) as connection:
        stored = heads.find(connection, person, energy).keys
        envelope = connection.execute(
            select(tables.segment.c.envelope).where(tables.segment.c.collection == energy)
        ).scalar_one()
        wraps = list(connection.execute(select(tables.grant_wrap.c.envelope)).scalars())
        tokens = list(connection.execute(select(tables.token)))
    place = Place(person, energy, EnvelopeKind.INBOX, 1, 1, bytes(16), 1)
    tried = 0
    for key in keys_a_thief_can_make(cockpit, person):
        tried += 1
        assert_opens_nothing(key, stored, person, energy)
        with pytest.raises(Tampered):
            open_with(key, envelope, place)
        for sealed, kind in itertools.product(wraps, EnvelopeKind):
            with pytest.raises(Tampered):
                open_with(key, sealed, Place(person, f"grant/{issued.consent}/energy", kind, 1, 0, bytes(16), 1))
        for row in tokens:
            with pytest.raises(Tampered):
                open_under(key, row.wrapped_grant_key, f"grant {issued.consent}")
            with pytest.raises(Tampered):
                unwrap_private(row.token_hash, row.wrapped_grant_key, issued.consent)
    assert tried > 10


def assert_opens_nothing(key: bytes, stored: CollectionKeys, person: str, collection: str) -> None:
    with pytest.raises(Tampered):
        collection_private(key, stored, person, collection)
    with pytest.raises(Tampered):
        collection_key(key, stored, person, collection)


def test_a_live_token_opens_what_was_deposited_while_the_person_was_away(
    cockpit: Cockpit, visit: Visit, issued: Issued
) -> None:
    lock(cockpit, visit)
    with cockpit.spaces.write(visit.person) as writer:
        writer.deposit(ORIGIN.connector, [october(300)], "2026-11-23T10:00:00Z")
    assert issued.refresh_token is not None
    again = refresh(cockpit, SERVICE, issued.refresh_token)
    assert read_for_service(cockpit, again.access_token, Wanted(SERIES)).count == 2


def test_a_new_vault_key_leaves_running_consents_as_they_are(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit, issued: Issued
) -> None:
    rotate_vault_key(cockpit, visit, opened.cookie, PASSPHRASE)
    assert read_for_service(cockpit, issued.access_token, Wanted(SERIES)).count == 1
    assert issued.refresh_token is not None
    again = refresh(cockpit, SERVICE, issued.refresh_token)
    assert read_for_service(cockpit, again.access_token, Wanted(SERIES)).count == 1


def test_after_a_withdrawal_even_the_token_itself_opens_nothing(cockpit: Cockpit, visit: Visit, issued: Issued) -> None:
    withdraw_consent(cockpit, visit.person, issued.consent)
    with pytest.raises(InvalidToken):
        read_for_service(cockpit, issued.access_token, Wanted(SERIES))
    with cockpit.database.read(EVERYONE) as connection:
        assert not list(connection.execute(select(tables.grant_wrap)))
        assert {row.wrapped_grant_key for row in connection.execute(select(tables.token))} == {b""}
