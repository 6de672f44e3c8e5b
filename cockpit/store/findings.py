"""What a check of the store found: a stable code, where, and one sentence. Never a value of anybody's record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be. ``where`` names a space by its random id, a collection, an object."""

    code: str
    where: str
    sentence: str
