"""Pauses leave holes: what is dated inside one stays out of every later reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_LAST = "9999-12-31"


@dataclass(frozen=True, slots=True, order=True)
class Pause:
    """Days (``YYYY-MM-DD``, both included) in which a consent slept; ``until`` is None while it still does."""

    since: str
    until: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Days (``YYYY-MM-DD``, both included) of the data itself."""

    first: str
    last: str


def paused(pauses: tuple[Pause, ...], day: str) -> tuple[Pause, ...]:
    """The pauses with one that begins on ``day``; nothing changes when one is open."""
    return pauses if pauses and pauses[-1].until is None else (*pauses, Pause(day))


def resumed(pauses: tuple[Pause, ...], day: str) -> tuple[Pause, ...]:
    """The pauses, the open one ended on ``day``; nothing changes when none is open."""
    if not pauses or pauses[-1].until is not None:
        return pauses
    return (*pauses[:-1], Pause(pauses[-1].since, max(day, pauses[-1].since)))


def windows(window: Window, pauses: Iterable[Pause]) -> tuple[Window, ...]:
    """What is left of a window without the pauses, in order of days; nothing when they cover it."""
    left = [window] if window.first <= window.last else []
    for pause in pauses:
        left = [part for one in left for part in _without(one, pause)]
    return tuple(left)


def _without(window: Window, pause: Pause) -> tuple[Window, ...]:
    until = pause.until or _LAST
    if until < window.first or window.last < pause.since:
        return (window,)
    before = (Window(window.first, _next(pause.since, -1)),) if window.first < pause.since else ()
    after = (Window(_next(until, 1), window.last),) if until < window.last else ()
    return before + after


def _next(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days)).isoformat()
