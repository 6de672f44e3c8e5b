"""What happened before the visitor came: two fictional services asked, were answered, and read, through the acts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import give, refuse
from cockpit.acts.ask_consent import ask_consent, pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.issue_tokens import redeem_code, refresh
from cockpit.acts.open_space import open_space
from cockpit.acts.read_for_service import AccessRefused, InvalidToken, Wanted, read_for_service
from cockpit.acts.refresh_source import refresh_source
from cockpit.acts.register_service import register_service
from cockpit.acts.sign_in import sign_in
from cockpit.acts.visits import recognise
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.narrowing import Narrowing
from cockpit.consent.request import Ask
from cockpit.demo.household import DemoPerson
from cockpit.domain.consent import AccessMode
from cockpit.domain.errors import WeMustFix
from cockpit.domain.ids import Kind, PersonId, ServiceId, UseId
from cockpit.domain.moment import PARIS, add_months, day_of
from cockpit.domain.service import DeclaredUse, Service
from cockpit.domain.use import Automation
from cockpit.grants.pushed import Redirect
from cockpit.sources.port import SourceFile

SERIES, NOTICE, DWELLING = Kind("energy.series"), Kind("tax.notice"), Kind("home.dwelling")
_VERIFIER = "demonstration-verifier-that-is-long-enough-0"
_CALLBACK = "http://localhost/demonstration"

TOWN = Service(
    id=ServiceId("c_ville_demo"),
    name="Ville Démo",
    homepage="https://ville-demo.example",
    contact="energie@ville-demo.example",
    redirect_uris=(_CALLBACK,),
    jwks={"keys": []},
    uses=(
        DeclaredUse(
            UseId("energy-study"),
            1,
            {SERIES: ("energy", "interval", "start", "unit", "values")},
            24,
            ("FR",),
            (),
            Automation.NONE,
        ),
    ),
    registered_at="",
)
AGENCY = Service(
    id=ServiceId("c_agence_demo"),
    name="Agence Démo",
    homepage="https://agence-demo.example",
    contact="dossiers@agence-demo.example",
    redirect_uris=(_CALLBACK,),
    jwks={"keys": []},
    uses=(
        DeclaredUse(
            UseId("rent-application"),
            1,
            {
                NOTICE: ("declarant_1", "income_year", "reference_income", "tax_shares"),
                DWELLING: ("holder", "postcode", "street", "town"),
            },
            3,
            ("FR",),
            ("landlord",),
            Automation.NONE,
        ),
    ),
    registered_at="",
)


@dataclass(slots=True)
class _Past:
    """A clock in the past; each step moves it forward, as the log will tell it."""

    today: datetime
    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def ago(self, days: float) -> None:
        """Move to so many days before today."""
        self.now = self.today - timedelta(days=days)


def live_the_past(cockpit: Cockpit, person: DemoPerson, passphrase: str) -> PersonId:
    """Open the person's space eleven weeks ago and live until today, in the order of time.

    One consent runs, one was withdrawn, one request was refused, and two reads were refused. The files that existed
    then are brought in then; the caller brings the rest today.
    """
    clock = _Past(cockpit.clock(), cockpit.clock())
    then = replace(cockpit, clock=clock)
    clock.ago(76)
    opened = open_space(then, person.handle, passphrase, person.name, person.language)

    def visit() -> Visit:
        found = recognise(then, sign_in(then, person.handle, passphrase))
        assert found is not None  # just signed in
        return found

    def bring(*sources: SourceFile) -> None:
        for done in refresh_source(then, opened.person, sources):
            if done.faults or not done.kept:
                raise WeMustFix(f"the demonstration's file {done.file_name} was not read whole")

    files = [SourceFile(file.name, file.content) for file in person.files]
    bring(*(_until(file, day_of(clock.now)) for file in files if file.name.endswith(".csv")))
    bring(*(file for file in files if file.name.startswith("avis")))
    town, agency = register_service(then, TOWN), register_service(then, AGENCY)
    clock.ago(75.6)
    study = _ask_and_give(then, visit(), town, "energy-study-v1", {SERIES}, 12)
    for days in (75.2, 45.3, 16.4):
        clock.ago(days)
        read_for_service(then, refresh(then, town, study).access_token, Wanted(SERIES))
    clock.ago(14.5)
    bring(*(file for file in files if file.name.startswith("justificatif")))
    clock.ago(12.4)
    file = _ask_and_give(then, visit(), agency, "rent-application-v1", {NOTICE, DWELLING}, 3)
    issued = refresh(then, agency, file)
    for kind in (NOTICE, DWELLING):
        read_for_service(then, issued.access_token, Wanted(kind))
    clock.ago(10.3)
    knocking = refresh(then, agency, file).access_token
    withdraw_consent(then, opened.person, issued.consent)
    clock.now += timedelta(minutes=2)
    _try(then, knocking, Wanted(NOTICE))
    clock.ago(8.9)
    _try(then, refresh(then, town, study).access_token, Wanted(SERIES, fields=("meter",)))
    clock.ago(5.2)
    asked = _ask(then, agency, "rent-application-v1", {NOTICE, DWELLING})
    refuse(then, visit(), pending(then, agency.id, asked))
    return opened.person


def _until(file: SourceFile, day: str) -> SourceFile:
    """A customer-area curve as it was downloaded on ``day``: its later lines did not exist yet."""
    lines = file.content.split(b"\n")
    kept = [line for line in lines if not line[:2].isdigit() or b"T" not in line[:20] or line[:10].decode() <= day]
    return SourceFile(file.name, b"\n".join(kept))


def _ask(cockpit: Cockpit, service: Service, reference: str, kinds: set[Kind]) -> str:
    today = cockpit.clock().astimezone(PARIS).date()
    declared = service.uses[0]
    ask = Ask(
        fields={kind: declared.fields[kind] for kind in kinds},
        grains={},
        optional=frozenset({DWELLING} & kinds),
        data_from=add_months(today, -12).isoformat(),
        data_until=add_months(today, 2).isoformat(),
        mode=AccessMode.RECURRING,
        max_per_day=1 if reference.startswith("energy") else 2,
        until=f"{add_months(today, 3 if declared.use == 'rent-application' else 12)}T00:00:00Z",
        retention_months=declared.retention_months,
    )
    redirect = Redirect(_CALLBACK, None, create_s256_code_challenge(_VERIFIER))
    return ask_consent(cockpit, service, reference, ask, redirect).request_uri


def _ask_and_give(
    cockpit: Cockpit, visit: Visit, service: Service, reference: str, kinds: set[Kind], months: int
) -> str:
    asked = _ask(cockpit, service, reference, kinds)
    url = give(cockpit, visit, pending(cockpit, service.id, asked), Narrowing(months, frozenset({DWELLING})))
    code = url.partition("code=")[2].partition("&")[0]
    issued = redeem_code(cockpit, service, code, _CALLBACK, _VERIFIER)
    assert issued.refresh_token is not None  # the access asked for is recurring
    return issued.refresh_token


def _try(cockpit: Cockpit, token: str, wanted: Wanted) -> None:
    """A read that the person will see refused."""
    try:
        read_for_service(cockpit, token, wanted)
    except (AccessRefused, InvalidToken):
        return
