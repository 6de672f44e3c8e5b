"""Where data is kept: countries as ISO 3166-1 alpha-2 codes, and ``EU`` for its member states together."""

from __future__ import annotations

from collections.abc import Collection

EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905
"""The member states."""


def within(places: Collection[str], allowed: Collection[str]) -> bool:
    """Whether there is a place, and every place is allowed: named itself, or a member state where ``EU`` is named."""
    return bool(places) and all(place in allowed or ("EU" in allowed and place in EU) for place in places)
