"""A request handed to another adult: opened by a code that one tells the other, and by nothing that is stored."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field

import msgspec

from cockpit.domain.consent import Clause
from cockpit.domain.errors import CitizenMustAct
from cockpit.grants.keys import secret_hash
from cockpit.sealing.box import derive, open_under, seal_under

_BYTES = 10
_GROUP = 4


class BadCode(CitizenMustAct):
    """No request waits under this code: mistyped, answered already, or older than a month."""

    code = "bad_code"


@dataclass(frozen=True, slots=True)
class JointRequest:
    """What the other adult is shown: the terms, the service's name, and who asks for their agreement."""

    clause: Clause
    service_name: str
    asked_by: str = field(repr=False)


def new_code() -> str:
    """80 random bits to be read aloud: four groups of four letters and digits, none alike."""
    text = base64.b32encode(secrets.token_bytes(_BYTES)).decode()
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def code_hash(code: str) -> str:
    """What is stored of a code, however it was typed."""
    return secret_hash(f"joint {_plain(code)}")


def seal_joint(code: str, request: JointRequest) -> bytes:
    """Seal the request under its code."""
    return seal_under(_key(code), msgspec.json.encode(request), f"joint {code_hash(code)}")


def open_joint(code: str, sealed: bytes) -> JointRequest:
    """Undo ``seal_joint``. Raises ``Tampered``."""
    return msgspec.json.decode(open_under(_key(code), sealed, f"joint {code_hash(code)}"), type=JointRequest)


def _key(code: str) -> bytes:
    return derive(_plain(code).encode(), "joint request")


def _plain(code: str) -> str:
    # 0, 1 and 8 are in no code: they are letters misread.
    kept = "".join(character for character in code.upper() if character.isalnum())
    return kept.translate(str.maketrans("018", "OIB"))
