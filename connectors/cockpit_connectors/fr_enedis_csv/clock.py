"""Stamps of measures: reading them, placing wall-clock stamps in time, and finding the steps between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from cockpit.domain.moment import PARIS

from .text import CellError

STEPS = frozenset({5, 10, 15, 20, 30, 60})
"""Minutes that an interval of a load curve may last."""
DAILY = 1440
"""Minutes that stand for one calendar day, whatever its length."""

_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]{1,6})?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_FRENCH = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})(?: ([0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?")
_DURATION = re.compile(r"PT([0-9]{1,4})([MH])")
_FIRST_YEAR, _LAST_YEAR = 2000, 2099


def stamp(cell: str) -> datetime:
    """The moment in a cell: aware (UTC) when it carries an offset, naive (Paris wall clock) when it does not.

    Reads ISO 8601 and ``DD/MM/YYYY [HH:MM[:SS]]``. Raises ``CellError`` (``bad-date``).
    """
    found = _ISO.fullmatch(cell)
    if found:
        day, time, offset = found.groups()
        return _moment(f"{day}T{time or '00:00'}{offset or ''}")
    found = _FRENCH.fullmatch(cell)
    if found:
        day, month, year, time = found.groups()
        return _moment(f"{year}-{month}-{day}T{time or '00:00'}")
    raise CellError("bad-date", "The date on this line cannot be read.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CellError("bad-date", "The date on this line does not exist.") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise CellError("bad-date", "The date on this line is outside the years of communicating meters.")
    return moment.astimezone(UTC) if moment.tzinfo else moment


def minutes_of(duration: str) -> int | None:
    """The minutes of an ISO 8601 duration (``PT30M``, ``PT1H``, ``P1D``); None for one that is not read."""
    text = duration.strip().upper()
    if text == "P1D":
        return DAILY
    found = _DURATION.fullmatch(text)
    if not found:
        return None
    minutes = int(found[1]) * (60 if found[2] == "H" else 1)
    return minutes if minutes in STEPS else None


def placed(stamps: Sequence[datetime], marks: Sequence[object]) -> list[int]:
    """The UTC second of each stamp, in the order of the file.

    The hour that October repeats is told apart by the order of the lines: see ``_folds``. ``marks`` are what the
    lines measure, used only to know a line written twice from two lines of the repeated hour. A wall-clock time
    that March skips is taken with the offset in force before the change, which is the same instant.
    """
    repeated: dict[datetime, list[int]] = {}
    seconds: list[int] = []
    for index, at in enumerate(stamps):
        if at.tzinfo is None and _is_repeated(at):
            repeated.setdefault(at.replace(hour=0, minute=0, second=0), []).append(index)
        seconds.append(int((at if at.tzinfo else at.replace(tzinfo=PARIS)).timestamp()))
    if repeated:
        rising = _is_rising(stamps)
        for indices in repeated.values():
            lines = [(stamps[index], marks[index]) for index in indices]
            for index, fold in zip(indices, _folds(lines, rising), strict=True):
                seconds[index] = int(stamps[index].replace(tzinfo=PARIS, fold=fold).timestamp())
    return seconds


def _is_repeated(wall: datetime) -> bool:
    # Since 1996 the European Union changes its clocks at 01:00 UTC, so that in Paris only 02:xx is ever repeated.
    if wall.hour != 2:
        return False
    early = wall.replace(tzinfo=PARIS, fold=0).utcoffset()
    late = wall.replace(tzinfo=PARIS, fold=1).utcoffset()
    assert early is not None and late is not None
    return early > late


def _is_rising(stamps: Sequence[datetime]) -> bool:
    """Whether the lines run forward in time, by majority."""
    balance = 0
    for earlier, later in pairwise(stamps):
        if earlier.tzinfo is None and later.tzinfo is None:
            balance += (later > earlier) - (later < earlier)
    return balance >= 0


def _folds(lines: Sequence[tuple[datetime, object]], rising: bool) -> list[int]:
    """For each line stamped in a repeated hour, 0 for the first pass of the clock and 1 for the second.

    Going forward in time, a stamp seen again, or one below the stamp before it, is of the second pass. A line
    copied twice in a row counts once, but only when some stamp is there more than the two times it may be.
    """
    if not rising:
        return _folds(lines[::-1], rising=True)[::-1]
    copies = max(Counter(wall for wall, _ in lines).values()) > 2
    folds: list[int] = []
    seen: set[datetime] = set()
    turned = False
    for index, (wall, mark) in enumerate(lines):
        if copies and index and lines[index - 1] == (wall, mark):
            folds.append(folds[-1])
            continue
        turned = turned or (index > 0 and wall < lines[index - 1][0])
        folds.append(1 if turned or wall in seen else 0)
        seen.add(wall)
    return folds


def steps(ends: Sequence[int], hint: int | None) -> dict[int, int]:
    """The minutes of the interval that ends at each of ``ends`` (increasing UTC seconds), when that can be told.

    ``hint`` is the step the header names; it holds wherever the stamps allow it. Without it a hole in the stamps
    is told from a change of step by what precedes and what follows.
    """
    found: dict[int, int] = {}
    last = hint
    for index, end in enumerate(ends):
        before = (end - ends[index - 1]) // 60 if index else None
        after = (ends[index + 1] - end) // 60 if index + 1 < len(ends) else None
        last = _step(before, after, last, hint)
        if last is not None:
            found[end] = last
    return found


def _step(before: int | None, after: int | None, last: int | None, hint: int | None) -> int | None:
    if hint is not None and all(gap is None or gap % hint == 0 for gap in (before, after)):
        return hint
    if before is not None and before == last:
        return last
    if after in STEPS and (before not in STEPS or (before is not None and after is not None and after <= before)):
        return after
    if last is not None and (before is None or before % last == 0):
        return last
    return before if before in STEPS else last


def midnight(day: datetime, days_later: int = 0) -> datetime:
    """The naive midnight that begins the day of ``day``, or the one ``days_later``."""
    return day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days_later)
