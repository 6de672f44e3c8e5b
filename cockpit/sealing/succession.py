"""Moving from one master key to another: the new one wraps, both unwrap, and a rotation re-wraps what is left."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.domain.errors import OperatorMustAct
from cockpit.sealing.master import MasterKey, version_of


@dataclass(frozen=True, slots=True)
class Succession:
    """``heir`` wraps from now on; ``former`` only unwraps what it made. Retiring touches the heir alone."""

    heir: MasterKey
    former: MasterKey

    @property
    def scheme(self) -> str:
        """The heir's."""
        return self.heir.scheme

    @property
    def remote(self) -> bool:
        """Whether a use may be a call to another machine."""
        return self.heir.remote or self.former.remote

    def begin(self) -> None:
        """Make the heir's first version, or check it."""
        self.heir.begin()

    def newest(self) -> str:
        """The heir's newest version."""
        return self.heir.newest()

    def wrap(self, secret: bytes, context: str) -> bytes:
        """Wrap under the heir."""
        return self.heir.wrap(secret, context)

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Undo ``wrap``, with whichever of the two made it."""
        scheme = version_of(wrapped).partition(":")[0]
        maker = self.former if scheme == self.former.scheme else self.heir
        return maker.unwrap(wrapped, context)

    def needs_rewrap(self, wrapped: bytes) -> bool:
        """Whether the heir's newest version did not make it."""
        return version_of(wrapped) != self.newest()

    def rotate(self) -> str:
        """Begin a new version of the heir."""
        return self.heir.rotate()

    def retire(self) -> None:
        """Destroy the heir's older versions; the former master is the operator's to destroy."""
        self.heir.retire()


def succeed(heir: MasterKey, former: MasterKey) -> Succession:
    """The two as one. Raises ``OperatorMustAct`` when what they wrapped could not be told apart."""
    if heir.scheme == former.scheme:
        raise OperatorMustAct(
            "the former master and the new one are of the same kind; go through a master of another kind",
            code="master",
        )
    return Succession(heir, former)
