"""Nothing personal is readable in what the disk keeps: canaries planted everywhere are found nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import func, select

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import ask_other, give
from cockpit.acts.ask_consent import ask_consent, pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.give_audit_mandate import give_audit_mandate
from cockpit.acts.issue_tokens import redeem_code
from cockpit.acts.open_case import agree_on_case, ask_case, case_file
from cockpit.acts.open_space import open_space
from cockpit.acts.pause_consent import pause_consent
from cockpit.acts.read_for_service import Wanted, read_for_service
from cockpit.acts.refresh_source import refresh_source
from cockpit.acts.search_space import search_space
from cockpit.acts.visits import recognise
from cockpit.audit.wire import CaseAsked
from cockpit.consent.narrowing import Narrowing
from cockpit.domain.audit_mandate import Scope
from cockpit.domain.errors import NotFound
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ConnectorId, ConsentId, PersonId
from cockpit.domain.record import Basis, Method, Provenance, Record
from cockpit.grants.pushed import Redirect
from cockpit.search.query import Query
from cockpit.sources.port import SourceFile
from cockpit.store import services, tables
from cockpit.store.compaction import compact
from cockpit.store.space import OWN_COLLECTIONS
from cockpit.store.walls import EVERYONE
from tests.canaries import assert_nowhere, found_in
from tests.consent.worlds import ASK, INVOICE, SERIES, SERVICE
from tests.postgresql import Cluster

CANARY = "KANARIENVOGEL"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

BANK_FILE = f"""OFXHEADER:100
DATA:OFXSGML
VERSION:102

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR
<BANKACCTFROM><BANKID>30002<ACCTID>{CANARY}1<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261001<TRNAMT>-12.34<FITID>{CANARY}2<NAME>{CANARY}3
</STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


@pytest.fixture
def lived(cockpit: Cockpit, caplog: pytest.LogCaptureFixture) -> PersonId:
    """A space in which everything that can be personal holds the canary."""
    caplog.set_level(logging.DEBUG)
    opened = open_space(cockpit, f"{CANARY.lower()}@example.org", f"{CANARY} passphrase", f"{CANARY} Nom", "fr")
    visit = recognise(cockpit, opened.cookie)
    assert visit is not None
    (done,) = refresh_source(cockpit, opened.person, [SourceFile(f"{CANARY}.ofx", BANK_FILE.encode())])
    assert done.new == 2, done
    deposit_every_kind(cockpit, visit)
    with cockpit.database.write() as connection:
        services.put(connection, SERVICE)
    pushed = ask_consent(
        cockpit, SERVICE, "energy-advice-v1", ASK, Redirect(SERVICE.redirect_uris[0], f"{CANARY}state", CHALLENGE)
    )
    url = give(cockpit, visit, pending(cockpit, SERVICE.id, pushed.request_uri), Narrowing(3, frozenset({INVOICE})))
    code = url.partition("code=")[2].partition("&")[0]
    issued = redeem_code(cockpit, SERVICE, code, SERVICE.redirect_uris[0], VERIFIER)
    released = read_for_service(cockpit, issued.access_token, Wanted(INVOICE))
    assert CANARY.encode() in released.body
    again = ask_consent(
        cockpit, SERVICE, "energy-advice-v1", ASK, Redirect(SERVICE.redirect_uris[0], f"{CANARY}state", CHALLENGE)
    )
    ask_other(cockpit, visit, pending(cockpit, SERVICE.id, again.request_uri), Narrowing(3, frozenset({INVOICE})))
    pause_consent(cockpit, visit.person, issued.consent)
    knock = Event(EventType.ACCESS_REFUSED, {"decision": "not-active"}, {"service_name": CANARY, "consent": CANARY})
    with cockpit.database.write(opened.person) as connection:
        cockpit.ledger.append_batch(connection, [(knock, opened.person)] * 3, cockpit.clock())
    open_a_case(cockpit, issued.consent)
    assert visit.keyring is not None
    for _ in range(2):
        assert search_space(cockpit, visit, Query(f"{CANARY} octobre")).records
        refresh_source(cockpit, opened.person, [SourceFile("b.ofx", BANK_FILE.replace("2026", "2025").encode())])
    for collection in (*OWN_COLLECTIONS, *cockpit.registry.collections):
        compact(cockpit.spaces, visit.keyring, collection)
    with pytest.raises(NotFound):
        refresh_source(cockpit, PersonId("0" * 32), [SourceFile(f"{CANARY}.ofx", BANK_FILE.encode())])
    return opened.person


def open_a_case(cockpit: Cockpit, consent: ConsentId) -> None:
    """Two auditors, who write something personal into their reason."""
    asker, second = (
        give_audit_mandate(
            cockpit, name, (Scope.CASES,), cockpit.clock().date(),
            OKPKey.generate_key("Ed25519", private=True).as_pem(private=False),
        )
        for name in ("Ada", "Bob")
    )  # fmt: skip
    case = ask_case(cockpit, asker, CaseAsked(consent, f"{CANARY} se plaint d'une lecture"))
    agree_on_case(cockpit, second, case.id)
    assert case_file(cockpit, second, case.id).consent == consent


def deposit_every_kind(cockpit: Cockpit, visit: Visit) -> None:
    origin = Provenance(
        ConnectorId("fr.enedis.csv"), "1.0.0", Method.PARSED, Basis.OBSERVED, issuer=CANARY, place=CANARY
    )
    with cockpit.spaces.write(visit.person) as writer:
        for kind, sheet in cockpit.registry.kinds.items():
            data = {name: f"{CANARY} {name}" for name in sheet.fields}
            if kind == SERIES:
                data |= {"start": "2026-09-30T22:00:00Z", "interval": "PT30M", "unit": "W"}
                record = Record(kind, CANARY, "2026-10-01", {**data, "values": [4242] * 10}, origin)
            else:
                record = Record(kind, CANARY, "2026-10-01", {**data}, origin)
            writer.deposit(ConnectorId("fr.enedis.csv"), [record], "2026-11-23T09:30:00Z", None, f"{CANARY}.csv")


@pytest.fixture
def database_folder(
    engine_name: str, cockpit: Cockpit, lived: PersonId, request: pytest.FixtureRequest
) -> Iterator[Path]:
    """Where the database keeps its files: of PostgreSQL, the whole stopped server, write-ahead log included."""
    if engine_name == "sqlite":
        assert {"cockpit.sqlite", "cockpit.sqlite-wal"} <= {path.name for path in cockpit.settings.data.iterdir()}
        yield cockpit.settings.data
        return
    server: Cluster = request.getfixturevalue("postgresql")
    server.stop()
    yield server.folder
    server.start()


def test_no_canary_is_found_in_any_file_or_log(
    cockpit: Cockpit,
    lived: PersonId,
    database_folder: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ours = assert_nowhere(cockpit.settings.data, [CANARY])
    assert {"keyring.sqlite", "operator.key", "operator.secret"} <= {path.name for path in ours}
    assert any((cockpit.settings.data / "objects") in path.parents for path in ours)
    if database_folder != cockpit.settings.data:
        assert {"cluster", "pg_wal"} <= {path.parent.name for path in assert_nowhere(database_folder, [CANARY])}
    printed = capfd.readouterr()
    for text in (caplog.text, printed.out, printed.err):
        assert found_in(text.encode(), [CANARY]) is None


def test_every_table_was_written_to(cockpit: Cockpit, lived: PersonId) -> None:
    """The search above means something only if each table holds rows.

    Two are written by others than a person: services signing in over HTTP, and witnesses of the public checkpoint.
    """
    with cockpit.database.read(EVERYONE) as connection:
        empty = {
            table.name
            for table in tables.metadata.sorted_tables
            if not connection.execute(select(func.count()).select_from(table)).scalar_one()
        }
    assert empty <= {"seen_assertion", "log_cosigned"}
