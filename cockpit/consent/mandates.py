"""What somebody who acts for a person may say yes to, and for how long; how long a mandate itself may last."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from cockpit.domain.consent import Clause
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.mandate import Capacity, Mandate
from cockpit.domain.moment import PARIS, add_months, instant
from cockpit.domain.use import Automation

LONGEST_MONTHS = {Capacity.HELPER: 12, Capacity.GUARDIAN: 60, Capacity.PARENT: 216}
"""How long a mandate of each capacity may last: a year, five years (Code civil art. 441), a childhood."""


class BeyondMandate(CitizenMustAct):
    """Somebody who acts for the person may not say this yes: only the person may."""

    code = "beyond_mandate"


def end_of_mandate(capacity: Capacity, last: str, now: datetime) -> str:
    """The instant at which a mandate ends whose last day (Paris) is ``last`` (``YYYY-MM-DD``).

    Raises ``CitizenMustAct`` for what is no day, a day gone by, or one too far.
    """
    today = now.astimezone(PARIS).date()
    try:
        day = date.fromisoformat(last)
    except ValueError as error:
        raise CitizenMustAct("the last day is not a day", code="mandate_day") from error
    if not today <= day <= longest_day(capacity, today):
        raise CitizenMustAct("the last day is past or too far", code="mandate_too_long", most=LONGEST_MONTHS[capacity])
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), PARIS)
    return instant(midnight)


def longest_day(capacity: Capacity, today: date) -> date:
    """The farthest last day that a mandate given today may have."""
    return add_months(today, LONGEST_MONTHS[capacity])


def check_yes(mandate: Mandate | None, clause: Clause) -> None:
    """Refuse a yes that is not the actor's to say. ``mandate`` is None when the person acts.

    Raises ``BeyondMandate``: a helper does not allow special categories (GDPR art. 9) nor what a machine decides
    (art. 22).
    """
    if mandate is None or mandate.capacity is not Capacity.HELPER:
        return
    if clause.special:
        raise BeyondMandate("a helper may not allow special categories", code="beyond_mandate_special")
    if clause.automation is Automation.DECIDES:
        raise BeyondMandate("a helper may not allow what a machine decides", code="beyond_mandate_automated")


def check_ends_with(mandate: Mandate | None, clause: Clause) -> None:
    """Refuse a yes to terms that last longer than the mandate. Raises ``BeyondMandate``."""
    if mandate is not None and clause.expires > mandate.until:
        raise BeyondMandate("these terms last longer than the mandate", code="beyond_mandate_end")


def ended_with(mandate: Mandate | None, clause: Clause) -> Clause:
    """The terms, ending with the mandate at the latest. Raises ``BeyondMandate`` when nothing is left of the period."""
    if mandate is None or clause.expires <= mandate.until:
        return clause
    data_until = min(clause.data_until, mandate.until[:10])
    if clause.data_from > data_until:
        raise BeyondMandate("the data asked begins after the mandate", code="beyond_mandate_end")
    return replace(clause, expires=mandate.until, data_until=data_until)
