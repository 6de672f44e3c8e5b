"""What happened before the visitor came: two fictional services asked, were answered, and read, through the acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import give, refuse
from cockpit.acts.ask_consent import ask_consent, pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.issue_tokens import redeem_code, refresh
from cockpit.acts.read_for_service import AccessRefused, InvalidToken, Wanted, read_for_service
from cockpit.acts.register_service import register_service
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.narrowing import Narrowing
from cockpit.consent.request import Ask
from cockpit.domain.consent import AccessMode
from cockpit.domain.ids import Kind, ServiceId, UseId
from cockpit.domain.moment import PARIS, add_months
from cockpit.domain.service import DeclaredUse, Service
from cockpit.grants.pushed import Redirect

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
    uses=(DeclaredUse(UseId("energy-study"), 1, {SERIES: ("energy", "interval", "start", "unit", "values")}, 24),),
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
        ),
    ),
    registered_at="",
)


@dataclass(slots=True)
class _Past:
    """A clock in the past; each step moves it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def live_the_past(cockpit: Cockpit, visit: Callable[[Cockpit], Visit], today: datetime) -> None:
    """Fill one person's history: one consent that runs, one withdrawn, one refused, and reads that were refused."""
    clock = _Past(today - timedelta(days=75))
    then = replace(cockpit, clock=clock)
    town, agency = register_service(then, TOWN), register_service(then, AGENCY)
    study = _ask_and_give(then, visit(then), town, "energy-study-v1", {SERIES}, 12)
    for days in (1, 31, 62):
        clock.now = today - timedelta(days=75 - days, hours=3)
        read_for_service(then, refresh(then, town, study).access_token, Wanted(SERIES))
    clock.now = today - timedelta(days=9, hours=5)
    token = refresh(then, town, study).access_token
    _try(then, token, Wanted(SERIES, fields=("meter",)))
    clock.now = today - timedelta(days=40)
    file = _ask_and_give(then, visit(then), agency, "rent-application-v1", {NOTICE, DWELLING}, 3)
    issued = refresh(then, agency, file)
    for kind in (NOTICE, DWELLING):
        read_for_service(then, issued.access_token, Wanted(kind))
    clock.now = today - timedelta(days=38)
    knocking = refresh(then, agency, file).access_token
    withdraw_consent(then, visit(then).person, issued.consent)
    clock.now += timedelta(minutes=2)
    _try(then, knocking, Wanted(NOTICE))
    clock.now = today - timedelta(days=20)
    asked = _ask(then, agency, "rent-application-v1", {NOTICE, DWELLING})
    refuse(then, visit(then), pending(then, agency.id, asked))


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
