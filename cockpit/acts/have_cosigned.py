"""Have the consent log's newest checkpoint cosigned, so that no two persons can be shown two pasts."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.acts.cockpit import Cockpit
from cockpit.store import cosigned
from cockpit.store.cosigned import Cosigned
from cockpit.tlog.logs import CONSENT
from cockpit.witness.asking import Asked, ask_witnesses
from cockpit.witness.trusted import is_enough, read_quorum


@dataclass(frozen=True, slots=True)
class Round:
    """What became of asking: the size that was cosigned, by enough witnesses or not; why some did not, by name."""

    size: int
    enough: bool
    failed: dict[str, str] = field(default_factory=dict)


def have_cosigned(cockpit: Cockpit) -> Round | None:
    """Ask the witnesses of the quorum file, when the log grew since; None when there is nothing to ask.

    Nothing waits for them: no transaction is open meanwhile. The open month of accesses is not witnessed; a closed one
    is, by its anchor. Raises ``OperatorMustAct`` for a quorum file that cannot be read.
    """
    quorum = read_quorum(cockpit.settings.quorum)
    if quorum is None:
        return None
    with cockpit.database.read() as connection:
        size, note = cockpit.ledger.checkpoint(connection, CONSENT)
        known = cosigned.find(connection, CONSENT)
    asked = [Asked(witness.key, witness.url) for witness in quorum.witnesses if witness.url]
    behind = [witness for witness in asked if known.sizes.get(witness.key.name, 0) < size]
    if not size or not behind:
        return None

    def prove(old: int, new: int) -> list[bytes]:
        with cockpit.database.read() as connection:
            return cockpit.ledger.consistency_proof(connection, old, new, CONSENT)

    done = ask_witnesses(known.note if known.size == size else note, behind, known.sizes, prove)
    with cockpit.database.write() as connection:
        cosigned.put(connection, CONSENT, Cosigned(size, done.note, known.sizes | done.sizes))
    return Round(size, is_enough(quorum, done.note), done.failed)
