"""What a question's form says, as the question takes it."""

from __future__ import annotations

import re

from starlette.requests import Request

from cockpit.audit.faults import HouseError
from cockpit.audit.queries import Asked

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def asked_in(request: Request) -> Asked:
    """The days and the use of the address: ``du``, ``au`` (both included) and ``usage``. Raises ``HouseError``."""
    query = request.query_params
    since, until = query.get("du", ""), query.get("au", "")
    if any(day and not _DAY.fullmatch(day) for day in (since, until)):
        raise HouseError("a day must be written 2026-11-23", code="bad_day")
    return Asked(since, f"{until}T23:59Z" if until else "9", query.get("usage", "")[:100])
