"""A use: who, what for, which fields, which period, how long, with what effect. The primary axis of the house."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.domain.ids import Kind, UseId


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages of the cockpit."""

    fr: str
    en: str

    def in_language(self, language: str) -> str:
        """The text in ``language`` (``fr`` or ``en``); French when it is neither."""
        return self.en if language == "en" else self.fr


class Family(StrEnum):
    """What a use does for the person: the seven families of MesInfos."""

    MANAGE = "manage"
    CONTROL = "control"
    KNOW_MYSELF = "know-myself"
    BECOME_AWARE = "become-aware"
    DECIDE_AND_ACT = "decide-and-act"
    CONTRIBUTE = "contribute"
    LIVE_AN_EXPERIENCE = "live-an-experience"


class Actor(StrEnum):
    """Who carries a use out: the cockpit itself, for the person alone, or a recipient outside it."""

    INSIDE = "inside"
    RECIPIENT = "recipient"


class Grain(StrEnum):
    """How coarse the data that leaves is: ``RAW`` is as stored, days and months are sums, ``ANSWER`` is a yes or no."""

    RAW = "raw"
    DAY = "day"
    MONTH = "month"
    ANSWER = "answer"

    @property
    def coarseness(self) -> int:
        """0 for the finest; a larger number says less."""
        return list(Grain).index(self)


class Automation(StrEnum):
    """Whether a machine takes part in what the recipient decides (GDPR art. 22)."""

    NONE = "none"
    ASSISTS = "assists"
    DECIDES = "decides"

    @property
    def weight(self) -> int:
        """0 when no machine takes part; a larger number leaves less to people."""
        return list(Automation).index(self)


class AccessMode(StrEnum):
    """Whether the service may come back."""

    ONCE = "once"
    RECURRING = "recurring"


class Source(StrEnum):
    """Which origins of a datum a use accepts: each value accepts less than the one before."""

    ANY = "any"
    """Also what the person says, or what was deduced."""
    OBSERVED = "observed"
    """Measured or issued by a source, whether or not its signature was verified."""
    VERIFIED = "verified"
    """Only what carries a signature that verified."""

    @property
    def strictness(self) -> int:
        """0 for any origin; a larger number accepts less."""
        return list(Source).index(self)


class ConsentMode(StrEnum):
    """What the recipient may do with what it receives (ReBIT's ``consentMode``): look, keep, ask, or be sent more."""

    VIEW = "VIEW"
    STORE = "STORE"
    QUERY = "QUERY"
    STREAM = "STREAM"


class EndAction(StrEnum):
    """What becomes of the data when it has been kept as long as it may."""

    ERASE = "erase"
    ANONYMISE = "anonymise"


@dataclass(frozen=True, slots=True)
class UseInput:
    """One kind of data a use may ask for, down to its fields. ``grain`` is the finest it may have.

    ``source`` is the weakest origin the use accepts for it.
    """

    kind: Kind
    fields: tuple[str, ...]
    grain: Grain
    required: bool
    why: Words
    source: Source = Source.ANY


@dataclass(frozen=True, slots=True)
class Obligation:
    """What a recipient must do: ``action`` when ``trigger`` comes, within ``days``, shown by ``evidence``."""

    action: str
    trigger: str
    days: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Use:
    """One version of one use, as published in the registry: immutable, its hash is in every consent given to it.

    ``max_period_months``, ``max_duration_months`` and ``max_retention_months`` bound the data's own period, the
    consent's life and the recipient's keeping, in months. ``purposes`` and ``operations`` are IRIs of the DPV, so are
    ``legal_basis`` and ``special_basis`` (GDPR art. 6 and 9; empty when no special category is used). ``places`` are
    where the recipient may keep the data (ISO 3166-1 codes, or ``EU``), ``onward_to`` the categories of those it may
    pass it on to. ``joint`` tells that a record may speak of several adults: each must then agree.
    ``access`` lists whether a service may ask to read once, to come back, or either. ``withdrawal`` says how the person
    ends it; ``jurisdiction`` is the law that applies (ISO 3166-1) and ``authority`` whom to complain to (GDPR art. 77).
    """

    id: UseId
    version: int
    title: Words
    promise: Words
    family: Family
    actor: Actor
    purposes: tuple[str, ...]
    purpose_words: Words
    operations: tuple[str, ...]
    inputs: tuple[UseInput, ...]
    outputs: Words
    max_period_months: int
    max_duration_months: int
    max_retention_months: int
    max_per_day: int
    consent_mode: ConsentMode
    end_action: EndAction
    places: tuple[str, ...]
    onward: Words
    automation: Automation
    automation_words: Words
    legal_basis: str
    risks: Words
    onward_to: tuple[str, ...] = ()
    special_basis: str = ""
    obligations: tuple[Obligation, ...] = ()
    joint: bool = False
    access: tuple[AccessMode, ...] = (AccessMode.ONCE, AccessMode.RECURRING)
    withdrawal: Words = Words(
        "À tout moment, en un geste, depuis la page « Mes partages ».",
        "At any time, in one gesture, from the page “My shares”.",
    )
    jurisdiction: str = "FR"
    authority: str = "CNIL"

    @property
    def reference(self) -> str:
        """The name a service asks by: ``energy-advice-v1``."""
        return f"{self.id}-v{self.version}"

    def source_of(self, kind: Kind) -> Source:
        """The weakest origin accepted for a kind; the strictest for one that the use does not ask for."""
        return next((part.source for part in self.inputs if part.kind == kind), Source.VERIFIED)

    @property
    def refusable(self) -> bool:
        """Whether its legal basis is the person's consent; other bases are shown and logged all the same."""
        return self.legal_basis.rpartition("#")[2] in CONSENT_BASES


CONSENT_BASES = frozenset({"A6-1-a", "A6-1-a-explicit-consent", "A6-1-a-non-explicit-consent"})
"""The terms of the DPV for consent as a legal basis (GDPR art. 6(1)(a))."""
