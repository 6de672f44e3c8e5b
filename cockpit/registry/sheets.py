"""What the vocabulary of kinds says of one kind of data."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.domain.ids import Kind
from cockpit.domain.record import Versions
from cockpit.domain.use import Grain, Words


@dataclass(frozen=True, slots=True)
class KindSheet:
    """What the vocabulary says of one kind of data.

    ``joint_when`` are fields that, when they say something, show that the record speaks of another adult too.
    """

    id: Kind
    title: Words
    meaning: Words
    dpv: str
    sensitivity: str
    natural_key: str
    grains: tuple[Grain, ...]
    versions: Versions
    fields: dict[str, Words]
    joint_when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KindFile:
    """A document of the folder ``kinds``: several sheets."""

    kind: tuple[KindSheet, ...]
