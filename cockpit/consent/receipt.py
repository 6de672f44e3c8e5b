"""A receipt: what was decided, what was shown, and where it stands in the log, ready to be signed.

The shape follows ISO/IEC TS 27560 in spirit; the full record comes with its exports.
"""

from __future__ import annotations

from cockpit.consent.clauses import clause_to_json
from cockpit.consent.notice import Notice
from cockpit.domain.consent import Clause
from cockpit.domain.record import Json

RECEIPT_CONTEXT = b"mesinfos-cockpit receipt v1\n"
"""What a receipt's signature covers first, so that it can be taken for nothing else."""


def terms(clause: Clause, notice: Notice) -> dict[str, Json]:
    """The part of a receipt that says what was decided on: the terms, and the text that was shown."""
    return {
        "clause": clause_to_json(clause),
        "notice": {"language": notice.language, "text": notice.text, "sha256": notice.sha256},
    }


def placed(receipt: dict[str, Json], origin: str, index: int, leaf_sha256: str) -> dict[str, Json]:
    """The receipt with its place in the log."""
    return receipt | {"log": {"origin": origin, "index": index, "leaf_sha256": leaf_sha256}}
