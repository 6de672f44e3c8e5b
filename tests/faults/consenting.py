"""Consents given, read under and withdrawn through the product's own acts, and what must be true of them afterwards."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import give, refuse
from cockpit.acts.ask_consent import pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.export_space import export_space
from cockpit.acts.issue_tokens import redeem_code
from cockpit.acts.narrow_consent import narrow_consent
from cockpit.acts.open_space import open_space
from cockpit.acts.read_for_service import Wanted, read_for_service
from cockpit.acts.shares import shares
from cockpit.acts.visits import recognise
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.narrowing import Narrowing
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConnectorId
from cockpit.store.checking import Store, check
from cockpit.store.journal import JournalEntry, journal
from cockpit.tlog.logs import origin_of
from cockpit.verifier.verify import PROVED, verify
from tests.faults.bringing import AT, HARMLESS, cockpit_in
from tests.web.furnished import INVOICE, REDIRECT, VERIFIER, ask, coach, invoices, register

CHOICE = Narrowing(months=3, kinds=frozenset({INVOICE}))
READS = 3
READ, GIVEN, WITHDRAWN = "read", "given", "withdrawn"


@dataclass(frozen=True, slots=True)
class Told:
    """What was told to have happened: consents given and withdrawn, and where each released read is logged."""

    given: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    reads: set[tuple[Any, ...]] = field(default_factory=set)

    def note(self, what: str, *which: Any) -> None:
        """One thing told."""
        if what == READ:
            self.reads.add(which)
        else:
            (self.given if what == GIVEN else self.withdrawn).add(which[0])

    def hear(self, heard: bytes) -> None:
        """Whole lines only: what a killed program was about to say was not said."""
        for line in heard.splitlines(keepends=True):
            if line.endswith(b"\n"):
                self.note(*json.loads(line))


def begun(data: Path, address: str = "") -> str:
    """A new deployment with one open space, something to read and a service; the cookie of its person."""
    cockpit = cockpit_in(data, address)
    opened = open_space(cockpit, "camille", "quatre mots faciles", "Camille", "fr")
    with cockpit.spaces.write(opened.person) as writer:
        writer.deposit(ConnectorId("eu.facturx"), invoices(), AT)
    register(cockpit)
    cockpit.close()
    return opened.cookie


def visit_of(cockpit: Cockpit, cookie: str) -> Visit:
    """The person, signed in, with an open space."""
    visit = recognise(cockpit, cookie)
    assert visit is not None
    assert visit.keyring is not None
    return visit


def consent_once(cockpit: Cockpit, visit: Visit, tell: Callable[..., None], *, too_early: bool = False) -> None:
    """A refusal, then a consent from its request to its withdrawal; each step is told once it is done."""
    refuse(cockpit, visit, pending(cockpit, "c_coach", ask(cockpit)))
    address = give(cockpit, visit, pending(cockpit, "c_coach", ask(cockpit)), CHOICE)
    token = redeem_code(cockpit, coach(), parse_qs(urlsplit(address).query)["code"][0], REDIRECT, VERIFIER)
    tell(GIVEN, token.consent)
    for number in range(READS):
        released = read_for_service(cockpit, token.access_token, Wanted(INVOICE))
        tell(READ, released.logged.origin, released.logged.index, released.logged.leaf_sha256)
        if number == 0:
            narrow_consent(cockpit, visit, token.consent, Narrowing(months=1, kinds=frozenset({INVOICE})))
    if too_early:
        tell(WITHDRAWN, token.consent)
    withdraw_consent(cockpit, visit.person, token.consent)
    tell(WITHDRAWN, token.consent)


def consent_for_ever(data: Path, address: str, cookie: str, told: int, *, too_early: bool = False) -> None:
    """Consent after consent. ``too_early`` tells of a withdrawal before it is one: what the harness must notice."""
    cockpit = cockpit_in(data, address)
    visit = visit_of(cockpit, cookie)
    while True:
        consent_once(cockpit, visit, partial(_tell, told), too_early=too_early)


def _tell(told: int, *what: object) -> None:
    os.write(told, json.dumps(what).encode() + b"\n")


def wrong(data: Path, address: str, cookie: str, told: Told, *, thorough: bool) -> list[str]:
    """What is not as it must be: a read without its entry, a decision lost or undone, a log that does not add up."""
    cockpit = cockpit_in(data, address)
    try:
        visit = visit_of(cockpit, cookie)
        return _wrong(cockpit, visit, told) + (_refuted(cockpit, visit) if thorough else [])
    finally:
        cockpit.close()


def _wrong(cockpit: Cockpit, visit: Visit, told: Told) -> list[str]:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        entries = journal(reader)
        statuses = {str(one.consent): one.status for one in shares(cockpit, reader)}
    found = [] if [entry.number for entry in entries] == list(range(len(entries))) else ["the journal has a hole"]
    origin = cockpit.ledger.origin
    kept = {(origin_of(origin, one.log), one.index, hashlib.sha256(one.leaf).hexdigest()) for one in allowed(entries)}
    found += [f"a read was released without its entry: {one}" for one in told.reads - kept]
    found += [f"{one} was given and is lost" for one in told.given - set(statuses)]
    ends = Counter(entry.subject["consent"] for entry in entries if entry.type == "consent.withdrawn")
    found += [f"{one} was withdrawn and is not" for one in told.withdrawn - set(ends)]
    # What the row says and what the log says are one.
    ended = Counter(one for one, status in statuses.items() if status is ConsentStatus.WITHDRAWN)
    return found + [f"{one}: the log and the store disagree on its end" for one in (ended - ends) + (ends - ended)]


def allowed(entries: Iterable[JournalEntry]) -> list[JournalEntry]:
    """The entries of reads that were released."""
    return [entry for entry in entries if entry.type == EventType.ACCESS_ALLOWED]


def _refuted(cockpit: Cockpit, visit: Visit) -> list[str]:
    """What the check of the store and the independent verifier, over the person's whole archive, find."""
    store = Store(cockpit.database, cockpit.keyrings, cockpit.spaces.files, cockpit.operator, cockpit.ledger.origin)
    found = [f"{one.code}: {one.sentence}" for one in check(store, cockpit.clock()) if one.code not in HARMLESS]
    archive = io.BytesIO()
    export_space(cockpit, visit, archive)
    report = verify(archive.getvalue())
    return found + ([] if report.outcome == PROVED else [f"the archive is refuted: {report.checks}"])
