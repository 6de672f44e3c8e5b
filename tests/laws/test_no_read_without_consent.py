"""The laws of consent, against a whole cockpit: a model that knows nothing of the engine foretells every reading."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import give
from cockpit.acts.ask_consent import ServiceSuspended, ask_consent, pending
from cockpit.acts.change_service import change_service, reinstate_service, suspend_service
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.expire_consents import expire_consents
from cockpit.acts.export_space import export_space
from cockpit.acts.issue_tokens import InvalidGrant, redeem_code, refresh
from cockpit.acts.narrow_consent import narrow_consent
from cockpit.acts.open_space import open_space
from cockpit.acts.pause_consent import pause_consent
from cockpit.acts.read_for_service import InvalidToken, Release, Wanted, read_together
from cockpit.acts.renew_consent import renew_consent
from cockpit.acts.resume_consent import resume_consent
from cockpit.acts.shares import share
from cockpit.acts.sign_in import sign_in
from cockpit.acts.visits import recognise
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.bootstrap import build
from cockpit.consent.lifecycle import ChangeNotPossible
from cockpit.consent.narrowing import BadChoice, Narrowing
from cockpit.consent.request import Ask
from cockpit.domain.consent import AccessMode, ConsentStatus
from cockpit.domain.ids import ConnectorId, ConsentId, Kind
from cockpit.domain.moment import add_months
from cockpit.domain.record import Json, Record
from cockpit.domain.service import Standing
from cockpit.grants.pushed import Redirect
from cockpit.sealing.canonical import parse_canonical
from cockpit.settings import Settings
from cockpit.store import services
from cockpit.verifier.verify import PROVED, verify
from tests.conftest import PASSPHRASE, MovingClock
from tests.web.furnished import INVOICE, REDIRECT, VERIFIER, coach, energy, origin

CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SERIES = Kind("energy.series")
FIELDS = ("issue_date", "net_total", "seller", "total")
QUOTA = 3


@dataclass
class Known:
    """What the model knows of one consent: its state and terms, in the simplest words."""

    id: ConsentId
    refresh_token: str
    fields: frozenset[str]
    first: str
    last: str
    expires: str
    state: str = "live"
    pauses: list[tuple[str, str]] = field(default_factory=list)
    since: str = ""
    read_on: str = ""
    reads: int = 0
    used: str = ""
    wide: bool = False


class Consents(RuleBasedStateMachine):
    """One person, one service, several consents to invoices, a clock that moves, and readings of every sort."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cockpit-laws-"))
        self.clock = MovingClock()
        self.cockpit: Cockpit = build(Settings(data=self.folder / "data", argon2_memory_kib=64), self.clock)
        opened = open_space(self.cockpit, "camille", PASSPHRASE, "Camille", "fr")
        self.person, self.known, self.day_bills, self.heads = opened.person, list[Known](), set[str](), [0]
        self.wide = False
        with self.cockpit.database.write() as connection:
            services.put(connection, coach())
        with self.cockpit.spaces.write(self.person) as writer:
            writer.deposit(ConnectorId("fr.enedis.csv"), energy(self.clock.now.date(), 1), self.now)
        self.bill()

    def teardown(self) -> None:
        if hasattr(self, "cockpit"):
            self.cockpit.close()
            shutil.rmtree(self.folder)

    @property
    def now(self) -> str:
        return self.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def today(self) -> str:
        # The clock stands in the morning, when Paris and Greenwich have the same day.
        return self.clock.now.date().isoformat()

    def visit(self) -> Visit:
        found = recognise(self.cockpit, sign_in(self.cockpit, "camille", PASSPHRASE))
        assert found is not None
        return found

    def some(self, number: int) -> Known:
        return self.known[number % len(self.known)]

    @rule()
    def bill(self) -> None:
        """An invoice of today, and one of forty days ago."""
        for ago in (0, 40):
            day = (self.clock.now.date() - timedelta(days=ago)).isoformat()
            said: dict[str, Json] = {"issue_date": day, "total": "10.00", "net_total": "8.00", "seller": {"name": "X"}}
            with self.cockpit.spaces.write(self.person) as writer:
                writer.deposit(
                    ConnectorId("eu.facturx"), [Record(INVOICE, day, day, said, origin("eu.facturx"))], self.now
                )
            self.day_bills.add(day)

    @rule(hours=st.sampled_from([1, 24, 24 * 20, 24 * 70, 24 * 190]))
    def wait(self, hours: int) -> None:
        self.clock.now += timedelta(hours=hours) if hours >= 24 else timedelta(minutes=3)
        ended = self.now
        for one in self.known:
            if one.state in {"live", "paused", "suspended"} and one.expires <= ended:
                one.state = "over"

    @rule()
    def sweep(self) -> None:
        expire_consents(self.cockpit)
        before = add_months(self.clock.now.date(), -6).isoformat()
        for one in self.known:
            if one.state == "live" and one.used <= before:
                one.state = "over"

    @rule(without=st.sets(st.sampled_from(FIELDS[1:]), max_size=2), months=st.sampled_from([1, 3, 12]))
    def ask_and_give(self, without: set[str], months: int) -> None:
        today = self.clock.now.date()
        until = min(add_months(today, months), add_months(today, 12)).isoformat()
        wanted = Ask(
            {INVOICE: (), SERIES: ()}, {}, frozenset({INVOICE}), add_months(today, -1).isoformat(), until,
            AccessMode.RECURRING, QUOTA, f"{until}T00:00:00Z", 6,
        )  # fmt: skip
        asking = self.service()
        if asking.standing is Standing.SUSPENDED:
            with pytest.raises(ServiceSuspended):
                ask_consent(self.cockpit, asking, "energy-advice-v1", wanted, Redirect(REDIRECT, None, CHALLENGE))
            return
        pushed = ask_consent(self.cockpit, asking, "energy-advice-v1", wanted, Redirect(REDIRECT, None, CHALLENGE))
        waiting = pending(self.cockpit, asking.id, pushed.request_uri)
        choice = Narrowing(months, frozenset({INVOICE}), {INVOICE: frozenset(without)})
        code = parse_qs(urlsplit(give(self.cockpit, self.visit(), waiting, choice)).query)["code"][0]
        issued = redeem_code(self.cockpit, asking, code, REDIRECT, VERIFIER)
        assert issued.refresh_token is not None
        part = issued.clause.input_for(INVOICE)
        assert part is not None
        clause = issued.clause
        self.known.append(
            Known(issued.consent, issued.refresh_token, frozenset(part.fields), clause.data_from, clause.data_until,
                  clause.expires, used=self.today, wide=self.wide)
        )  # fmt: skip

    def service(self) -> object:
        with self.cockpit.database.read() as connection:
            found = services.find(connection, coach().id)
        assert found is not None
        return found

    @precondition(lambda self: self.known)
    @rule(number=st.integers(0, 9))
    def pause(self, number: int) -> None:
        one = self.some(number)
        if one.state == "live":
            pause_consent(self.cockpit, self.person, one.id)
            one.state, one.since = "paused", self.today
        elif one.state not in {"paused", "over"}:
            with pytest.raises(ChangeNotPossible):
                pause_consent(self.cockpit, self.person, one.id)

    @precondition(lambda self: self.known)
    @rule(number=st.integers(0, 9))
    def resume(self, number: int) -> None:
        one = self.some(number)
        if one.state == "paused":
            resume_consent(self.cockpit, self.visit(), one.id)
            one.state = "live"
            one.pauses.append((one.since, self.today))
        elif one.state in {"live", "withdrawn", "suspended"}:
            with pytest.raises(ChangeNotPossible):
                resume_consent(self.cockpit, self.visit(), one.id)

    @precondition(lambda self: self.known)
    @rule(number=st.integers(0, 9))
    def withdraw(self, number: int) -> None:
        one = self.some(number)
        withdraw_consent(self.cockpit, self.person, one.id)
        one.state = "withdrawn" if one.state != "over" else "over"

    @precondition(lambda self: self.known)
    @rule(number=st.integers(0, 9), gone=st.sampled_from(FIELDS))
    def narrow(self, number: int, gone: str) -> None:
        one = self.some(number)
        choice = Narrowing(None, frozenset({INVOICE}), {INVOICE: frozenset({gone})})
        left = one.fields - {gone}
        if one.state == "live" and gone in one.fields:
            narrow_consent(self.cockpit, self.visit(), one.id, choice)
            one.fields = left
        elif one.state != "over":
            with pytest.raises((ChangeNotPossible, BadChoice)):
                narrow_consent(self.cockpit, self.visit(), one.id, choice)

    @precondition(lambda self: self.known)
    @rule(number=st.integers(0, 9))
    def renew(self, number: int) -> None:
        one = self.some(number)
        fits = one.wide or not self.wide
        stopped = self.service().standing is Standing.SUSPENDED  # type: ignore[attr-defined]
        if one.state in {"live", "suspended"} and fits and not stopped:
            renew_consent(self.cockpit, self.visit(), one.id, 12)
            expires = max(one.expires, f"{add_months(self.clock.now.date(), 12).isoformat()}T00:00:00Z")
            one.last = expires[:10] if one.last >= one.expires[:10] else one.last
            one.state, one.expires = "live", expires
        elif one.state in {"withdrawn", "paused"} or not fits or stopped:
            with pytest.raises(ChangeNotPossible):
                renew_consent(self.cockpit, self.visit(), one.id, 12)

    @rule()
    def the_service_grows(self) -> None:
        (use,) = coach().uses
        change_service(self.cockpit, replace(self.service(), uses=(replace(use, places=("EU",)),)))  # type: ignore[type-var]
        if not self.wide:
            self._suspended()
        self.wide = True

    @rule()
    def the_service_shrinks_again(self) -> None:
        change_service(self.cockpit, replace(self.service(), uses=coach().uses))  # type: ignore[type-var]
        self.wide = False

    @rule()
    def the_operator_stops_the_service(self) -> None:
        suspend_service(self.cockpit, coach().id, "Enquête")
        self._suspended()

    @rule()
    def the_operator_lets_it_in_again(self) -> None:
        reinstate_service(self.cockpit, coach().id)

    def _suspended(self) -> None:
        for one in self.known:
            if one.state in {"live", "paused"}:
                if one.state == "paused":
                    one.pauses.append((one.since, "9999-12-31"))
                one.state = "suspended"

    @precondition(lambda self: self.known)
    @rule(
        number=st.integers(0, 9),
        fields=st.sets(st.sampled_from([*FIELDS, "number"]), max_size=2),
        ago=st.sampled_from([None, 5, 29, 60]),
        times=st.sampled_from([1, 1, 2, QUOTA + 1]),
    )
    def read(self, number: int, fields: set[str], ago: int | None, times: int) -> None:
        one = self.some(number)
        first = None if ago is None else (self.clock.now.date() - timedelta(days=ago)).isoformat()
        wanted = Wanted(INVOICE, tuple(sorted(fields)), data_from=first)
        spent = one.reads if one.read_on == self.today else 0
        begins = first or one.first
        allowed = (
            one.state == "live"
            and bool(one.fields)
            and fields <= one.fields
            and one.first <= begins <= one.last
            and (one.wide or not self.wide)
            and self.service().standing is Standing.REGISTERED  # type: ignore[attr-defined]
        )
        try:
            token = refresh(self.cockpit, coach(), one.refresh_token).access_token
            answers = read_together(self.cockpit, token, [wanted] * times)
        except (InvalidToken, InvalidGrant):
            assert not allowed
            return
        assert [isinstance(answer, Release) for answer in answers] == [
            allowed and spent + before < QUOTA for before in range(times)
        ]
        for answer in answers:
            if isinstance(answer, Release):
                self.only_what_was_granted(one, answer, fields, begins)
                one.read_on, one.used, spent = self.today, self.today, spent + 1
                one.reads = spent

    def only_what_was_granted(self, one: Known, released: Release, fields: set[str], begins: str) -> None:
        items = parse_canonical(released.body)
        assert isinstance(items, list)
        assert all(set(item) <= (fields or one.fields) for item in items)
        expected = sorted(
            day for day in self.day_bills if begins <= day <= one.last and not any(a <= day <= b for a, b in one.pauses)
        )
        assert len(items) == len(expected)
        if "issue_date" in (fields or one.fields):
            assert [item["issue_date"] for item in items] == expected

    @precondition(lambda self: self.known)
    @rule()
    def decide_every_read_again(self) -> None:
        """The independent verifier, which shares nothing with the engine, comes to every decision of the archive."""
        out = io.BytesIO()
        export_space(self.cockpit, self.visit(), out)
        report = verify(out.getvalue())
        assert report.outcome == PROVED, report.checks

    @invariant()
    def the_log_only_grows(self) -> None:
        if not hasattr(self, "cockpit"):
            return
        ledger = self.cockpit.ledger
        with self.cockpit.database.write() as connection:
            size = sum(ledger.checkpoint(connection, log)[0] for log in ledger.logs(connection))
        assert size >= self.heads[-1]
        self.heads.append(size)

    @invariant()
    def the_person_is_told_the_same(self) -> None:
        if not getattr(self, "known", None):
            return
        one = self.known[len(self.heads) % len(self.known)]
        visit = self.visit()
        assert visit.keyring is not None
        with self.cockpit.spaces.read(visit.keyring) as reader:
            told = share(self.cockpit, reader, one.id)
        holds = {
            "live": told.status.live,
            "paused": told.status is ConsentStatus.PAUSED,
            "suspended": told.status is ConsentStatus.SUSPENDED,
            "withdrawn": told.status is ConsentStatus.WITHDRAWN,
            "over": told.status.final,
        }
        assert holds[one.state], (one.state, told.status)


TestConsents = Consents.TestCase
TestConsents.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.long
class TestConsentsAtLength(Consents.TestCase):  # type: ignore[misc,name-defined]
    """The same, for longer."""

    settings = settings(
        max_examples=150, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
    )
