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


class Grain(StrEnum):
    """How coarse the data that leaves is; ``RAW`` is as stored, the others are sums."""

    RAW = "raw"
    DAY = "day"
    MONTH = "month"

    @property
    def coarseness(self) -> int:
        """0 for the finest; a larger number says less."""
        return list(Grain).index(self)


class Automation(StrEnum):
    """Whether a machine takes part in what the recipient decides (GDPR art. 22)."""

    NONE = "none"
    ASSISTS = "assists"
    DECIDES = "decides"


@dataclass(frozen=True, slots=True)
class UseInput:
    """One kind of data a use may ask for, down to its fields. ``grain`` is the finest it may have."""

    kind: Kind
    fields: tuple[str, ...]
    grain: Grain
    required: bool
    why: Words


@dataclass(frozen=True, slots=True)
class Use:
    """One version of one use, as published in the registry: immutable, its hash is in every consent given to it.

    ``max_period_months``, ``max_duration_months`` and ``max_retention_months`` bound the data's own period, the
    consent's life and the recipient's keeping, in months. ``purposes`` are DPV IRIs.
    """

    id: UseId
    version: int
    title: Words
    promise: Words
    family: str
    purposes: tuple[str, ...]
    purpose_words: Words
    inputs: tuple[UseInput, ...]
    max_period_months: int
    max_duration_months: int
    max_retention_months: int
    max_per_day: int
    onward: Words
    automation: Automation
    automation_words: Words
    legal_basis: str
    risks: Words

    @property
    def reference(self) -> str:
        """The name a service asks by: ``energy-advice-v1``."""
        return f"{self.id}-v{self.version}"
