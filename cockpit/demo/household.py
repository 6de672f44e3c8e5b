"""What a fictional household is: where and how it lives, what it earns, and the files it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in France."""

    street: str
    postcode: str
    town: str


@dataclass(frozen=True, slots=True)
class Home:
    """How a dwelling draws power. Watts, except ``heating``: watts for each degree below 17 °C outside.

    ``away`` lists the absence weeks: (month, first day, days), every year.
    """

    meter: str
    subscribed_kva: int
    standby: int
    morning: int
    midday: int
    evening: int
    heating: int
    water: int
    away: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Regular:
    """A movement of every month, or of the months listed. ``cents`` is negative for money out.

    ``raised`` replaces ``cents`` during the last ``raised_for`` months.
    """

    label: str
    memo: str
    day: int
    cents: int
    trntype: str
    months: tuple[int, ...] = ()
    raised: int | None = None
    raised_for: int = 0


@dataclass(frozen=True, slots=True)
class Habit:
    """Purchases of irregular dates: how many a month, and between which amounts in cents."""

    label: str
    times: tuple[int, int]
    cents: tuple[int, int]
    trntype: str = "POS"


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account and what moves on it. ``opening`` is the balance in cents before the first movement."""

    bank: str
    branch: str
    number: str
    opening: int
    regular: tuple[Regular, ...]
    habits: tuple[Habit, ...]


@dataclass(frozen=True, slots=True)
class Taxes:
    """What a tax notice says. Amounts in whole euros; ``shares`` as printed, with a decimal comma."""

    declarant_1: str
    number_1: str
    shares: str
    reference_income: int
    declarant_2: str | None = None
    number_2: str | None = None


@dataclass(frozen=True, slots=True)
class Household:
    """One fictional citizen or family. ``holder`` is the name on contracts: title/first names/last name."""

    handle: str
    name: str
    holder: str
    language: str
    story_fr: str
    story_en: str
    address: Address
    home: Home
    account: Account
    taxes: Taxes
    curve_format: str
    telecom_cents: int


@dataclass(frozen=True, slots=True)
class DemoFile:
    """A file as the person would drop it."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A fictional citizen ready to be imported.

    ``demo_authority_pem`` is the certificate that signed the papers of this call, to be trusted explicitly by a
    demonstration and by nothing else.
    """

    handle: str
    name: str
    language: str
    story_fr: str
    story_en: str
    files: tuple[DemoFile, ...]
    demo_authority_pem: bytes
