"""What is printed once and kept nowhere: an emergency kit, a guardian's share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cockpit.accounts.guardians import GuardianShare
from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.moment import day_of


@dataclass(frozen=True, slots=True)
class KitPaper:
    """An emergency kit. ``groups`` is its code; ``day`` the day it was made; ``onward`` where to go once printed."""

    name: str
    handle: str
    groups: tuple[str, ...] = field(repr=False)
    address: str
    day: str
    onward: str
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class SharesPaper:
    """The shares of all guardians, one sheet each; any ``threshold`` of them open the space of ``name``."""

    name: str
    threshold: int
    shares: tuple[GuardianShare, ...] = field(repr=False)
    address: str
    day: str


def kit_paper(
    cockpit: Cockpit, name: str, kit: str, onward: str, *, handle: str = "", renewed: bool = False
) -> KitPaper:
    """The page to print of a fresh kit."""
    groups = tuple(kit.split("-"))
    return KitPaper(name, handle, groups, cockpit.settings.issuer, day_of(cockpit.clock()), onward, renewed)


def shares_paper(cockpit: Cockpit, visit: Visit, threshold: int, shares: Sequence[GuardianShare]) -> SharesPaper:
    """The sheets to print of fresh shares."""
    return SharesPaper(visit.name, threshold, tuple(shares), cockpit.settings.issuer, day_of(cockpit.clock()))
