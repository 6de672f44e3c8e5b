"""Records as a French household and its tiny firm bring them home over twenty years: the same for every seed.

What decides a sealed store's size is how much of a record nobody could have guessed, so that is what is imitated:

* merchants are few and skewed (Zipf), as in any statement, but there are thousands, and a tail of them comes once;
* every label carries digits that repeat nowhere: times, terminals, mandates, end-to-end references, cheque numbers;
* people write free text beside a transfer, from a vocabulary of thousands of words;
* amounts are log-normal, to the cent; the bank's own reference is random, as most banks' are;
* half-hour measures follow the season and the hour, with noise and hours away from home.

``benchmarks.calibration`` holds the labels beside those of real statements: see there for both numbers.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from cockpit.domain.ids import ConnectorId, Kind
from cockpit.domain.record import Basis, Json, Method, Provenance, Record

FIRST_DAY = date(2006, 1, 1)
DAYS = 20 * 365 + 5
"""Records are spread over these days: twenty years, to the end of 2025."""

LAST_MONTH = ("2025-11-01", "2025-11-30")
"""A month to ask for, both days included."""

_CONSONANTS = ("b", "br", "c", "ch", "d", "f", "fl", "g", "gr", "j", "l", "m", "n", "p", "pl", "qu", "r", "s", "t", "v")
_VOWELS = ("a", "ai", "an", "au", "e", "é", "eau", "en", "i", "in", "o", "on", "ou", "u", "ui", "oi")
_ENDINGS = ("", "", "l", "r", "s", "t", "n", "x", "c", "tte", "lle", "rd", "ne", "que", "z")
_TRADES = (
    *(
        "BOULANGERIE",
        "PHARMACIE",
        "SARL",
        "SAS",
        "EURL",
        "GARAGE",
        "RESTAURANT",
        "SUPER",
        "HYPER",
        "STATION",
        "LIBRAIRIE",
    ),
    *(
        "CLINIQUE",
        "OPTIQUE",
        "COIFFURE",
        "JARDINERIE",
        "BRASSERIE",
        "HOTEL",
        "CAVE",
        "PRESSE",
        "MAIRIE",
        "AUTO",
        "BRICO",
    ),
)


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who is paid: a name, a town, its usual amount (euros), and its creditor and contract numbers."""

    name: str
    town: str
    usual: float
    creditor: str
    mandate: str
    terminal: str


class _Vocabulary:
    """Words, towns and merchants, drawn once from the seed."""

    def __init__(self, random: Random) -> None:
        self.words = tuple({self._word(random) for _ in range(6000)} - {""})
        self.words = tuple(sorted(self.words))
        self.towns = tuple(self._town(random) for _ in range(700))
        self.people = tuple(f"{self._word(random)} {self._word(random)}".upper() for _ in range(900))
        self.merchants = tuple(self._merchant(random) for _ in range(9000))
        self.weights = tuple(accumulate(1 / (rank + 6) ** 1.02 for rank in range(len(self.merchants))))
        self.payers = self.merchants[:140]
        """Those with a standing mandate: energy, telephone, insurance, subscriptions."""

    def merchant(self, random: Random) -> Merchant:
        return self.merchants[bisect(self.weights, random.random() * self.weights[-1])]

    @staticmethod
    def _word(random: Random) -> str:
        syllables = "".join(
            random.choice(_CONSONANTS) + random.choice(_VOWELS) for _ in range(random.choice((1, 2, 2, 2, 3)))
        )
        return syllables + random.choice(_ENDINGS)

    def _town(self, random: Random) -> str:
        office = random.choice((0, 100, 200, 310, 470, 500, 700, 850))
        return f"{random.randint(1, 95):02}{office:03} {self._word(random).upper()}"

    def _merchant(self, random: Random) -> Merchant:
        form = random.random()
        name = random.choice(self.words).upper()
        if form < 0.4:
            name = f"{random.choice(_TRADES)} {name}"
        elif form < 0.6:
            name = f"{name} {random.randint(1, 9999):04}"
        elif form < 0.8:
            name = f"{name} {random.choice(self.words).upper()}"
        creditor = f"FR{random.randint(10, 99)}ZZZ{random.randint(100000, 999999)}"
        mandate = f"{random.choice(('MM', 'SEPA', 'RUM', '', 'C'))}{random.getrandbits(48):014X}"
        terminal = f"{random.randint(0, 9999999):07}"
        return Merchant(name, random.choice(self.towns), random.lognormvariate(3.2, 0.9), creditor, mandate, terminal)


_Maker = Callable[[Random, "_Vocabulary", date, int], Record]


def records(count: int, seed: int = 7) -> Iterator[Record]:
    """``count`` records, day after day: nine bank lines in ten, then bills, contracts and energy measures."""
    random = Random(seed)
    vocabulary = _Vocabulary(random)
    edges, makers = tuple(accumulate(weight for weight, _ in _MIX)), tuple(maker for _, maker in _MIX)
    day, text = -1, FIRST_DAY
    for number in range(count):
        if (now := number * DAYS // count) != day:
            day, text = now, FIRST_DAY + timedelta(days=now)
        yield makers[bisect(edges, random.random() * edges[-1])](random, vocabulary, text, number)


_OFX = Provenance(ConnectorId("intl.ofx"), "1.0.0", Method.PARSED, Basis.OBSERVED)
_FACTURX = Provenance(ConnectorId("eu.facturx"), "1.0.0", Method.PARSED, Basis.OBSERVED)
_ENEDIS = Provenance(ConnectorId("fr.enedis.csv"), "1.0.0", Method.PARSED, Basis.OBSERVED)
_ACCOUNTS = ("00040338219", "00040341187", "4978XXXXXXXX1234", "4974XXXXXXXX8802")


def _bank(random: Random, day: date, number: int, amount: float, label: str, details: str | None, type_: str) -> Record:
    account = _ACCOUNTS[bisect((0.55, 0.75, 0.92, 1.0), random.random())]
    booked, cents = day.isoformat(), f"{amount:.2f}"
    # Banks differ: a counter of the day, a serial number, or an opaque reference. This one's is opaque.
    reference = f"{random.getrandbits(52):016d}"
    value = booked if random.random() < 0.6 else (day + timedelta(days=random.choice((-2, -1, 1, 2)))).isoformat()
    data: dict[str, Json] = {
        "account": account,
        "booking_date": booked,
        "amount": cents,
        "currency": "EUR",
        "label": label,
        "type": type_,
        "bank_reference": reference,
    }
    # What a line does not say is left out; a connector's explicit nulls would only flatter whoever compresses.
    if value != booked:
        data["value_date"] = value
    if details is not None:
        data["details"] = details
    key = f"30004|00812|{account}|id|{reference}|{booked}|{cents}|1"
    return Record(Kind("bank.transaction"), key, booked, data, _OFX)


def _card(random: Random, words: _Vocabulary, day: date, number: int) -> Record:
    merchant = words.merchant(random)
    amount = -merchant.usual * random.lognormvariate(0, 0.55)
    bought = day - timedelta(days=random.choice((0, 1, 1, 2, 3)))
    at = f"{random.randint(7, 22):02}H{random.randint(0, 59):02}"
    details = f"CB*{merchant.terminal} {at} AUT {random.randint(0, 999999):06}"
    label = f"PAIEMENT CB {bought:%d%m%y} {merchant.name} {merchant.town}"
    return _bank(random, day, number, amount, label, details if random.random() < 0.7 else None, "POS")


def _debit(random: Random, words: _Vocabulary, day: date, number: int) -> Record:
    merchant = words.payers[int(random.random() ** 1.6 * len(words.payers))]
    details = f"RUM {merchant.mandate} ICS {merchant.creditor} REF {random.getrandbits(40):012X}"
    label = f"PRLV SEPA {merchant.name} ECH/{day:%d%m%y}"
    return _bank(random, day, number, -merchant.usual * random.lognormvariate(0, 0.2), label, details, "DIRECTDEBIT")


def _transfer(random: Random, words: _Vocabulary, day: date, number: int) -> Record:
    person = words.people[int(random.random() ** 2 * len(words.people))]
    text = " ".join(random.choice(words.words) for _ in range(random.randint(1, 5)))
    if random.random() < 0.4:
        text += f" {random.choice(('facture', 'loyer', 'ref', 'n°', 'devis'))} {random.randint(1, 99999)}"
    sign = 1 if random.random() < 0.5 else -1
    way = "VIR INST RE" if sign > 0 else "VIR SEPA VERS"
    return _bank(random, day, number, sign * random.lognormvariate(4.6, 1.3), f"{way} {person}", text, "XFER")


def _cash(random: Random, words: _Vocabulary, day: date, number: int) -> Record:
    town = random.choice(words.towns[:40])
    label = f"RETRAIT DAB {day:%d%m} {random.randint(0, 23):02}H{random.randint(0, 59):02} {town}"
    return _bank(random, day, number, -float(random.choice((20, 30, 40, 50, 60, 80, 100))), label, None, "ATM")


def _invoice(random: Random, words: _Vocabulary, day: date, number: int) -> Record:
    seller = words.payers[int(random.random() ** 1.6 * len(words.payers))]
    net = round(random.lognormvariate(4.5, 1.0), 2)
    tax = round(net * random.choice((0.2, 0.2, 0.1, 0.055)), 2)
    reference = f"F{day:%Y%m}-{random.randint(0, 999999):06}"
    lines: list[Json] = [
        {
            "name": " ".join(random.choice(words.words) for _ in range(3)),
            "quantity": str(random.randint(1, 9)),
            "net": f"{net:.2f}",
        }
    ]
    data: dict[str, Json] = {
        "number": reference,
        "issue_date": day.isoformat(),
        "type_code": "380",
        "currency": "EUR",
        "due_date": (day + timedelta(days=30)).isoformat(),
        "seller": seller.name,
        "net_total": f"{net:.2f}",
        "tax_total": f"{tax:.2f}",
        "total": f"{net + tax:.2f}",
        "lines": lines,
    }
    return Record(Kind("invoice.document"), f"{seller.creditor}|{reference}", day.isoformat(), data, _FACTURX)


def _energy(random: Random, words: _Vocabulary, day: date, number: int) -> Record:
    """A day's load curve in watts, every half hour: what the distributor's file gives."""
    season = 1 + 0.6 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 15) / 365)
    away = random.random() < 0.08
    values: list[Json] = [
        int((90 if away else 140 + 700 * season * _HOURS[half]) * random.lognormvariate(0, 0.35)) for half in range(48)
    ]
    data: dict[str, Json] = {
        "meter": "09124567891234",
        "energy": "electricity",
        "direction": "consumed",
        "unit": "W",
        "interval": "PT30M",
        "start": f"{day.isoformat()}T00:00:00+01:00",
        "values": values,
    }
    key = f"09124567891234|{number}|{day.isoformat()}"
    return Record(Kind("energy.series"), key, day.isoformat(), data, _ENEDIS)


_HOURS = tuple(
    0.15 + 0.5 * math.exp(-(((half - 15) / 4) ** 2)) + 0.9 * math.exp(-(((half - 39) / 6) ** 2)) for half in range(48)
)
_MIX: tuple[tuple[float, _Maker], ...] = (
    (0.55, _card),
    (0.18, _debit),
    (0.17, _transfer),
    (0.05, _cash),
    (0.035, _invoice),
    (0.015, _energy),
)
