"""A witness's own name and key: one file, made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cockpit.domain.errors import OperatorMustAct
from cockpit.sealing.files import beginning, make_folder, read_key_file, write_key_file
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.note import COSIGNATURE, Verifier, is_name

KEY_FILE = "witness.key"
"""The name on the first line, then the key as PEM: one file, so that neither is ever without the other."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who cosigns."""

    name: str
    key: SigningKey = field(repr=False)

    def verifier(self) -> Verifier:
        """What others need to check the cosignatures."""
        return Verifier(self.name, self.key.verify_key(), COSIGNATURE)


def load_or_create_identity(folder: Path, name: str | None) -> Identity:
    """The identity kept in ``folder``; made under ``name`` when there is none.

    Raises ``OperatorMustAct`` when there is none and no name is given, when another name is given, and when the file
    is damaged.
    """
    make_folder(folder)
    path = folder / KEY_FILE
    if not path.exists():
        if not name or not is_name(name):
            raise OperatorMustAct("give the witness a name without spaces, like witness.example/w1", code="keys")
        with beginning(folder):
            # Another process may have made it since we looked.
            if not path.exists():
                write_key_file(path, f"{name}\n".encode() + SigningKey.generate().to_pem())
    identity = _read(path)
    if name not in (None, identity.name):
        raise OperatorMustAct(f"this witness is {identity.name}; another name wants another directory", code="keys")
    return identity


def _read(path: Path) -> Identity:
    name, _, pem = read_key_file(path).partition(b"\n")
    try:
        text = name.decode()
    except UnicodeDecodeError as error:
        raise OperatorMustAct(f"{path.name} is damaged; restore it from its backup", code="keys") from error
    return Identity(text, SigningKey.from_pem(pem))
