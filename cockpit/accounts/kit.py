"""The emergency kit: 256 random bits written so that a person can copy them from paper."""

from __future__ import annotations

import hashlib
import os

from cockpit.domain.errors import CitizenMustAct

# Crockford's alphabet: no I, L, O or U, so that nothing is misread on paper.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SECRET_BYTES = 32
_CHECK_BYTES = 3
_LENGTH = (_SECRET_BYTES + _CHECK_BYTES) * 8 // 5


class KitUnreadable(CitizenMustAct):
    """The code typed is not a kit's: a character is missing or was misread."""

    code = "kit_unreadable"


def new_kit() -> tuple[bytes, str]:
    """A fresh secret (32 bytes) and its printed form: 14 groups of 4 characters, the last ones a check."""
    secret = os.urandom(_SECRET_BYTES)
    number = int.from_bytes(secret + _check(secret), "big")
    digits = "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(_LENGTH)))
    return secret, "-".join(digits[start : start + 4] for start in range(0, _LENGTH, 4))


def read_kit(typed: str) -> bytes:
    """The secret of a kit as typed, with or without dashes, in any case. Raises ``KitUnreadable``."""
    digits = "".join(typed.split()).replace("-", "").upper().replace("O", "0").replace("I", "1").replace("L", "1")
    if len(digits) != _LENGTH or any(digit not in _ALPHABET for digit in digits):
        raise KitUnreadable("the code has 14 groups of 4 characters; check each group")
    number = 0
    for digit in digits:
        number = number << 5 | _ALPHABET.index(digit)
    raw = number.to_bytes(_SECRET_BYTES + _CHECK_BYTES, "big")
    if _check(raw[:_SECRET_BYTES]) != raw[_SECRET_BYTES:]:
        raise KitUnreadable("one character of the code was misread; check each group")
    return raw[:_SECRET_BYTES]


def _check(secret: bytes) -> bytes:
    return hashlib.sha256(b"mesinfos-cockpit kit" + secret).digest()[:_CHECK_BYTES]
