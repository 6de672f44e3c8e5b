"""The logs of a deployment: one for consents, kept while proof is needed, and one a month for accesses."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NewType

from cockpit.domain.event import EventType

LogName = NewType("LogName", str)
"""``consent``, or ``access-YYYY-MM``: the last part of a log's origin and of its address."""

CONSENT: Final = LogName("consent")

_NAME = re.compile(r"consent|access-[0-9]{4}-(?:0[1-9]|1[0-2])")
_PREFIX = "access-"
_OF_ACCESS = frozenset(
    {EventType.TOKEN_ISSUED, EventType.ACCESS_ALLOWED, EventType.ACCESS_REFUSED, EventType.ACCESS_BATCH}
)


def is_access(event: EventType) -> bool:
    """Whether an event of this type is somebody's access: it stands in the log of its month, and may be in a batch."""
    return event in _OF_ACCESS


def log_of(event: EventType, at: datetime) -> LogName:
    """The log that an event of this type belongs to at this moment. Months are UTC's."""
    return shard(f"{at.astimezone(UTC):%Y-%m}") if is_access(event) else CONSENT


def shard(month: str) -> LogName:
    """The access log of a month ``YYYY-MM``."""
    return parse_name(_PREFIX + month)


def month_of(log: LogName) -> str:
    """The month ``YYYY-MM`` of an access log; nothing for the consent log."""
    return log.removeprefix(_PREFIX) if log != CONSENT else ""


def next_shard(log: LogName) -> LogName:
    """The access log of the month after."""
    year, month = map(int, month_of(log).split("-"))
    return shard(f"{year + month // 12:04}-{month % 12 + 1:02}")


def previous_shard(log: LogName) -> LogName:
    """The access log of the month before."""
    year, month = map(int, month_of(log).split("-"))
    return shard(f"{year - (month == 1):04}-{(month - 2) % 12 + 1:02}")


def parse_name(text: str) -> LogName:
    """A log's name. Raises ``ValueError`` for a text that is none."""
    if not _NAME.fullmatch(text):
        raise ValueError("not the name of a log")
    return LogName(text)


def origin_of(base: str, log: LogName) -> str:
    """A log's origin (C2SP tlog-checkpoint): its address without the scheme. ``base`` ends with ``/log``."""
    return f"{base}/{log}"
