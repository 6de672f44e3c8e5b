"""A space with something of everything, for the pages to show: made by the acts, never by writing rows."""

from __future__ import annotations

import base64
import hashlib
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from urllib.parse import parse_qs, urlsplit

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import give, refuse
from cockpit.acts.ask_consent import ask_consent, pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.issue_tokens import redeem_code
from cockpit.acts.read_for_service import AccessRefused, Wanted, read_for_service
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.narrowing import Narrowing
from cockpit.consent.request import Ask
from cockpit.domain.consent import AccessMode
from cockpit.domain.ids import ConnectorId, ConsentId, Kind, ServiceId, UseId
from cockpit.domain.moment import PARIS, add_months, instant
from cockpit.domain.record import Basis, Json, Method, Provenance, Record, Verification
from cockpit.domain.service import DeclaredUse, Service
from cockpit.domain.use import Automation, Grain
from cockpit.grants.pushed import Redirect
from cockpit.store import services

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
REDIRECT = "http://localhost:8099/retour"
VERIFIER = "a-code-verifier-that-is-long-enough-for-rfc-7636"
SERIES = Kind("energy.series")
INVOICE = Kind("invoice.document")


def coach() -> Service:
    """A service that gives advice on energy, with its declaration."""
    fields = {
        SERIES: ("energy", "direction", "unit", "interval", "start", "values"),
        INVOICE: ("issue_date", "seller", "net_total", "tax_total", "total"),
    }
    return Service(
        id=ServiceId("c_coach"),
        name="Coach énergie",
        homepage="http://localhost:8099",
        contact="contact@coach.example",
        redirect_uris=(REDIRECT,),
        jwks={"keys": []},
        uses=(DeclaredUse(UseId("energy-advice"), 1, fields, 6, ("FR",), (), Automation.ASSISTS),),
        registered_at=instant(NOW),
    )


def furnish(cockpit: Cockpit, visit: Visit) -> None:
    """Two years of energy and bank, invoices, papers of every verification, and three decisions."""
    _deposit(cockpit, visit, "fr.enedis.csv", "enedis.csv", energy(date(2024, 11, 1), 24))
    _deposit(cockpit, visit, "intl.ofx", "compte.ofx", bank(date(2026, 9, 1), 80))
    _deposit(cockpit, visit, "eu.facturx", "facture.pdf", invoices())
    _deposit(cockpit, visit, "fr.2ddoc", "avis.pdf", papers())
    register(cockpit)
    give_and_read(cockpit, visit)
    refuse(cockpit, visit, pending(cockpit, "c_coach", ask(cockpit)))
    stopped = give_and_read(cockpit, visit)
    withdraw_consent(cockpit, visit.person, stopped)


def register(cockpit: Cockpit) -> None:
    """Make the service known."""
    with cockpit.database.write() as connection:
        services.put(connection, coach())


def ask(cockpit: Cockpit) -> str:
    """A pushed request of the service; its ``request_uri``."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    now = cockpit.clock()
    today = now.astimezone(PARIS).date()
    wanted = Ask(
        fields={SERIES: (), INVOICE: ()},
        grains={},
        optional=frozenset({INVOICE}),
        data_from=add_months(today, -12).isoformat(),
        data_until=today.isoformat(),
        mode=AccessMode.RECURRING,
        max_per_day=4,
        until=f"{add_months(today, 6).isoformat()}T00:00:00Z",
        retention_months=6,
    )
    pushed = ask_consent(cockpit, coach(), "energy-advice-v1", wanted, Redirect(REDIRECT, "state1", challenge))
    return pushed.request_uri


def give_and_read(cockpit: Cockpit, visit: Visit) -> ConsentId:
    """Say yes for three months at a monthly grain; the service reads, then asks for more than it may."""
    choice = Narrowing(months=3, grains={SERIES: Grain.MONTH})
    address = give(cockpit, visit, pending(cockpit, "c_coach", ask(cockpit)), choice)
    code = parse_qs(urlsplit(address).query)["code"][0]
    token = redeem_code(cockpit, coach(), code, REDIRECT, VERIFIER)
    for _ in range(2):
        read_for_service(cockpit, token.access_token, Wanted(SERIES))
    try:
        read_for_service(cockpit, token.access_token, Wanted(INVOICE))
    except AccessRefused:
        return token.consent
    raise AssertionError("a read that was not allowed went through")


def origin(connector: str, verification: Verification = Verification.UNSIGNED, **more: str) -> Provenance:
    """Where a record comes from."""
    signed = verification is not Verification.UNSIGNED
    method = Method.SIGNED if signed else Method.PARSED
    return Provenance(
        ConnectorId(connector), "1.0.0", method, Basis.DECLARED if signed else Basis.OBSERVED, verification,
        more.get("issuer"), more.get("place"),
    )  # fmt: skip


@cache
def energy(first: date, months: int) -> list[Record]:
    """Half-hours of mean power: more in winter, in the evening, and a little less each year."""
    records = []
    for index in range(months):
        begins, ends = add_months(first, index), add_months(first, index + 1)
        at = datetime(begins.year, begins.month, begins.day, tzinfo=PARIS).astimezone(UTC)
        over = datetime(ends.year, ends.month, ends.day, tzinfo=PARIS).astimezone(UTC)
        values: list[Json] = []
        cursor = at
        while cursor < over:
            values.append(_power(cursor, index))
            cursor += timedelta(minutes=30)
        data: dict[str, Json] = {
            "meter": "19990245673220", "energy": "electricity", "direction": "consumption", "unit": "W",
            "interval": "PT30M", "start": instant(at), "values": values,
        }  # fmt: skip
        last = (ends - timedelta(days=1)).isoformat()
        records.append(
            Record(SERIES, f"m{index}", begins.isoformat(), data, origin("fr.enedis.csv", place="line 3"), last)
        )
    return records


def _power(at: datetime, month: int) -> int:
    local = at.astimezone(PARIS)
    winter = 1 + math.cos(2 * math.pi * (local.timetuple().tm_yday - 15) / 365)
    evening = math.exp(-((local.hour - 20) ** 2) / 6) + 0.6 * math.exp(-((local.hour - 8) ** 2) / 3)
    wobble = (local.day * 37 + local.hour * 13) % 23
    return round(90 + 260 * winter + 900 * evening * (0.7 + 0.3 * winter) + wobble * 9 - month * 3)


@cache
def bank(first: date, days: int) -> list[Record]:
    """One account, its balance, and everyday lines."""
    account: dict[str, Json] = {
        "account": "00020123456", "bank": "10011", "branch": "00020", "type": "CHECKING", "currency": "EUR",
        "balance": "1284.37", "balance_date": "2026-11-19",
    }  # fmt: skip
    records = [Record(Kind("bank.account"), "acc", "2026-11-19", account, origin("intl.ofx"))]
    lines = {2: ("LOYER", "-640.00"), 5: ("VIR SALAIRE", "1912.40"), 10: ("ENERGIE DE FRANCE", "-74.18")}
    for index in range(days):
        day = first + timedelta(days=index)
        label, amount = lines.get(day.day, ("CARTE BOULANGERIE", str(-Decimal(3 + index % 7) - Decimal("0.20"))))
        line: dict[str, Json] = {
            "account": "00020123456", "booking_date": day.isoformat(), "amount": amount, "currency": "EUR",
            "label": label, "type": "DEBIT" if amount.startswith("-") else "CREDIT", "bank_reference": f"F{index}",
        }  # fmt: skip
        records.append(Record(Kind("bank.transaction"), f"t{index}", day.isoformat(), line,
                              origin("intl.ofx", place=f"STMTTRN {index + 1}, line {20 + index * 7}")))  # fmt: skip
    return records


@cache
def invoices() -> list[Record]:
    """One invoice still to pay, one paid."""
    found = []
    for number, day, due, left in (
        ("F-2026-118", "2026-11-15", "2026-12-01", "74.18"),
        ("F-2026-97", "2026-09-15", "2026-10-01", "0.00"),
    ):
        bill: dict[str, Json] = {
            "number": number, "issue_date": day, "type_code": "380", "currency": "EUR", "due_date": due,
            "seller": {"name": "Énergie du Val", "siren": "000000000"}, "buyer": {"name": "Camille"},
            "net_total": "61.82", "tax_total": "12.36", "total": "74.18", "due_amount": left,
            "lines": [{"name": "Abonnement", "quantity": "1", "net_amount": "12.10"},
                      {"name": "Consommation", "quantity": "248", "net_amount": "49.72"}],
            "profile": "urn:factur-x.eu:1p0:basic",
        }  # fmt: skip
        found.append(Record(INVOICE, number, day, bill, origin("eu.facturx", place="page 1")))
    return found


@cache
def papers() -> list[Record]:
    """One paper for each thing a signature may prove."""
    found = []
    for index, verification in enumerate(Verification):
        notice: dict[str, Json] = {
            "reference": f"2669A{index:07d}", "income_year": str(2025 - index), "reference_income": "23450",
            "tax_shares": "1", "declarant_1": "CAMILLE", "collection_date": f"{2026 - index}-07-31",
        }  # fmt: skip
        found.append(
            Record(Kind("tax.notice"), f"n{index}", f"{2026 - index}-07-31", notice,
                   origin("fr.2ddoc", verification, issuer="DGFiP", place="page 1"))
        )  # fmt: skip
    home: dict[str, Json] = {
        "holder": "CAMILLE", "street": "12 rue des Lilas", "postcode": "35000", "town": "Rennes",
        "issuer": "Énergie du Val", "issue_date": "2026-10-02",
    }  # fmt: skip
    found.append(Record(Kind("home.dwelling"), "h", "2026-10-02", home,
                        origin("fr.2ddoc", Verification.VALID, issuer="Énergie du Val")))  # fmt: skip
    return found


def _deposit(cockpit: Cockpit, visit: Visit, connector: str, file_name: str, records: list[Record]) -> None:
    with cockpit.spaces.write(visit.person) as writer:
        blob = writer.keep_file(f"specimen {file_name}".encode())
        writer.deposit(ConnectorId(connector), records, instant(cockpit.clock()), blob, file_name)
