"""The life of a consent: which change may follow which state, and what it becomes. Nothing follows a final state.

The states are those of ISO/IEC TS 27560 and the DPV. A pause that ends, like a suspension that the person lifts, is a
further yes to the same terms: the consent is then *renewed*.
"""

from __future__ import annotations

from enum import StrEnum

from cockpit.domain.consent import LIVE, ConsentStatus
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.event import EventType

_S = ConsentStatus
_WAITING = frozenset({_S.REQUESTED, _S.DEFERRED})
_RUNNING = LIVE | {_S.PAUSED, _S.SUSPENDED}


class Change(StrEnum):
    """What may happen to a consent. The person does the first nine; the others come from elsewhere."""

    DEFER = "defer"
    REFUSE = "refuse"
    GIVE = "give"
    NARROW = "narrow"
    RENEW = "renew"
    PAUSE = "pause"
    RESUME = "resume"
    RECONFIRM = "reconfirm"
    WITHDRAW = "withdraw"
    SUSPEND = "suspend"
    EXPIRE = "expire"
    REVOKE = "revoke"
    INVALIDATE = "invalidate"


TABLE: dict[Change, tuple[frozenset[ConsentStatus], ConsentStatus]] = {
    Change.DEFER: (_WAITING, _S.DEFERRED),
    Change.REFUSE: (_WAITING, _S.REFUSED),
    Change.GIVE: (_WAITING, _S.GIVEN),
    Change.NARROW: (LIVE, _S.NARROWED),
    Change.RENEW: (LIVE, _S.RENEWED),
    Change.PAUSE: (LIVE, _S.PAUSED),
    Change.RESUME: (frozenset({_S.PAUSED}), _S.RENEWED),
    Change.RECONFIRM: (frozenset({_S.SUSPENDED}), _S.RENEWED),
    # GDPR art. 7(3): withdrawing is possible from every state in which something was, or is again to be, allowed.
    Change.WITHDRAW: (_RUNNING, _S.WITHDRAWN),
    # What is suspended during a pause stays suspended when the pause ends: only the person lifts it.
    Change.SUSPEND: (LIVE | {_S.PAUSED}, _S.SUSPENDED),
    Change.EXPIRE: (_WAITING | _RUNNING, _S.EXPIRED),
    Change.REVOKE: (_RUNNING, _S.REVOKED),
    Change.INVALIDATE: (_WAITING | _RUNNING, _S.INVALIDATED),
}
"""From which states a change may come, and the state it leads to."""


STATE_AFTER: dict[EventType, ConsentStatus] = {
    EventType.CONSENT_DEFERRED: _S.DEFERRED,
    EventType.CONSENT_GIVEN: _S.GIVEN,
    EventType.CONSENT_REFUSED: _S.REFUSED,
    EventType.CONSENT_NARROWED: _S.NARROWED,
    EventType.CONSENT_RENEWED: _S.RENEWED,
    # Looked at again and kept: a further yes to the same terms.
    EventType.CONSENT_REVIEWED: _S.RENEWED,
    EventType.CONSENT_PAUSED: _S.PAUSED,
    EventType.CONSENT_RESUMED: _S.RENEWED,
    EventType.CONSENT_SUSPENDED: _S.SUSPENDED,
    EventType.CONSENT_WITHDRAWN: _S.WITHDRAWN,
    EventType.CONSENT_EXPIRED: _S.EXPIRED,
    EventType.CONSENT_REVOKED: _S.REVOKED,
    EventType.CONSENT_INVALIDATED: _S.INVALIDATED,
}
"""The state that each event of the log leaves a consent in."""


class ChangeNotPossible(CitizenMustAct):
    """The consent is not in a state in which this can be done; nothing was changed."""

    code = "change_not_possible"


def after(status: ConsentStatus, change: Change) -> ConsentStatus:
    """The state that ``change`` leads to. Raises ``ChangeNotPossible``."""
    origins, becomes = TABLE[change]
    if status not in origins:
        raise ChangeNotPossible(
            f"this consent is {status.value}: it cannot be changed in this way", status=status.value
        )
    return becomes


def possible(status: ConsentStatus) -> frozenset[Change]:
    """Every change that may follow a state; none for a final one."""
    return frozenset(change for change, (origins, _) in TABLE.items() if status in origins)
