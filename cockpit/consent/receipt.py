"""A receipt: what was decided, what was shown, and where it stands in the log, ready to be signed.

The shape follows ISO/IEC TS 27560 in spirit; the full record comes with its exports.
"""

from __future__ import annotations

from cockpit.consent.clauses import clause_to_json
from cockpit.consent.notice import Notice
from cockpit.domain.consent import Clause
from cockpit.domain.event import EventType
from cockpit.domain.record import Json

RECEIPT_CONTEXT = b"mesinfos-cockpit receipt v1\n"
"""What a receipt's signature covers first, so that it can be taken for nothing else."""


def decision_receipt(
    event: EventType, consent: str, clause: Clause, clause_sha256: str, notice: Notice, at: str
) -> dict[str, Json]:
    """The receipt of a consent given or refused, without its place in the log."""
    return {
        "type": event,
        "consent": consent,
        "clause": clause_to_json(clause),
        "clause_sha256": clause_sha256,
        "notice": {"language": notice.language, "text": notice.text, "sha256": notice.sha256},
        "at": at,
    }


def withdrawal_receipt(consent: str, clause_sha256: str, at: str) -> dict[str, Json]:
    """The receipt of a withdrawal: it names the clause by its hash, since the space may be locked."""
    return {
        "type": EventType.CONSENT_WITHDRAWN,
        "consent": consent,
        "clause_sha256": clause_sha256,
        "at": at,
    }


def placed(receipt: dict[str, Json], origin: str, index: int, leaf_sha256: str) -> dict[str, Json]:
    """The receipt with its place in the log."""
    return receipt | {"log": {"origin": origin, "index": index, "leaf_sha256": leaf_sha256}}
