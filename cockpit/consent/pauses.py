"""Pauses leave holes: what is dated inside one stays out of every later reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_LAST = "9999-12-31"


@dataclass(frozen=True, slots=True, order=True)
class Pause:
    """Days (``YYYY-MM-DD``, both included) in which a consent slept; ``until`` is None while it still does."""

    since: str
    until: str | None = None


def paused(pauses: tuple[Pause, ...], day: str) -> tuple[Pause, ...]:
    """The pauses with one that begins on ``day``; nothing changes when one is open."""
    return pauses if pauses and pauses[-1].until is None else (*pauses, Pause(day))


def resumed(pauses: tuple[Pause, ...], day: str) -> tuple[Pause, ...]:
    """The pauses, the open one ended on ``day``; nothing changes when none is open."""
    if not pauses or pauses[-1].until is not None:
        return pauses
    return (*pauses[:-1], Pause(pauses[-1].since, max(day, pauses[-1].since)))


def in_pause(day: str, pauses: Iterable[Pause]) -> bool:
    """Whether a consent slept on ``day``."""
    return any(pause.since <= day <= (pause.until or _LAST) for pause in pauses)
