"""What may be known of a consent while its space is locked: enough to end it, to pause it, and to say so."""

from __future__ import annotations

import msgspec

from cockpit.consent.lifecycle import ChangeNotPossible
from cockpit.consent.pauses import Pause
from cockpit.consent.record.build import LastVersion
from cockpit.domain.ids import ConsentId, ServiceId
from cockpit.sealing.box import open_under, seal_under
from cockpit.sealing.operator import OperatorKeys

_DUTY = "consent summaries"


class Summary(msgspec.Struct, frozen=True):
    """Whose consent for what, the hash of its terms, and when it slept. Sealed under the operator's key.

    ``retention`` (``P6M``) is how long the recipient may keep what it read. ``last`` names the newest version of its
    record. ``joint`` is the code's hash of the request under which it is another adult's agreement, and opens nothing
    itself.
    """

    service: ServiceId
    service_name: str
    use: str
    clause_sha256: str
    retention: str
    pauses: tuple[Pause, ...] = ()
    joint: str = ""
    last: LastVersion | None = None


def of_ones_own(summary: Summary) -> Summary:
    """The summary, when it is of data that the person shares themselves.

    Raises ``ChangeNotPossible`` for an agreement to what another adult shares: it is kept or withdrawn, not changed.
    """
    if summary.joint:
        raise ChangeNotPossible("this agreement is about what another adult shares: it can be withdrawn only")
    return summary


def seal_summary(operator: OperatorKeys, summary: Summary, consent: ConsentId) -> bytes:
    """Seal it for one consent."""
    return seal_under(operator.duty(_DUTY), msgspec.json.encode(summary), f"consent {consent}")


def open_summary(operator: OperatorKeys, sealed: bytes, consent: ConsentId) -> Summary:
    """Undo ``seal_summary``. Raises ``Tampered``."""
    return msgspec.json.decode(open_under(operator.duty(_DUTY), sealed, f"consent {consent}"), type=Summary)
