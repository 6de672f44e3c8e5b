"""Guardians: trusted persons, each with one share on paper; enough of them together give the space back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cockpit.accounts.ways import About, checked_label
from cockpit.domain.errors import CitizenMustAct
from cockpit.sealing.shares import FEWEST, MOST, share_secret


@dataclass(frozen=True, slots=True)
class GuardianShare:
    """What one guardian receives, on paper: ``words`` are shown once and stored nowhere."""

    guardian: str
    words: tuple[str, ...] = field(repr=False)


def checked_plan(threshold: int, guardians: Sequence[str]) -> About:
    """How many of whom. Raises ``CitizenMustAct`` unless 2 <= threshold <= guardians <= 16, each with its own name."""
    names = tuple(checked_label(name) for name in guardians)
    if not FEWEST <= threshold <= len(names) <= MOST:
        raise CitizenMustAct("2 to 16 guardians, of whom at least 2 are needed", code="bad_guardians")
    if len({name.casefold() for name in names}) < len(names):
        raise CitizenMustAct("two guardians have the same name", code="guardians_alike")
    return About(threshold=threshold, guardians=names)


def shared_among(plan: About) -> tuple[bytes, tuple[GuardianShare, ...]]:
    """A fresh secret (32 bytes) and what each guardian of the plan receives."""
    secret, texts = share_secret(plan.threshold, len(plan.guardians))
    shares = zip(plan.guardians, texts, strict=True)
    return secret, tuple(GuardianShare(name, tuple(text.split())) for name, text in shares)
