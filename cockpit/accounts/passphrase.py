"""What a passphrase and a sign-in name must be."""

from __future__ import annotations

import re
import unicodedata

from cockpit.domain.errors import CitizenMustAct

MIN_PASSPHRASE = 12
MAX_PASSPHRASE = 256
_HANDLE = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")


class BadPassphrase(CitizenMustAct):
    """The passphrase is too short or too long; nothing else is asked of it (NIST SP 800-63B, 3.1.1)."""

    code = "bad_passphrase"


class BadHandle(CitizenMustAct):
    """The sign-in name has characters that cannot be typed the same way everywhere."""

    code = "bad_handle"


def normalized(typed: str) -> str:
    """The passphrase in one Unicode form (NFC), so that every keyboard gives the same."""
    return unicodedata.normalize("NFC", typed)


def checked_passphrase(typed: str) -> str:
    """A new passphrase, normalized. Raises ``BadPassphrase``."""
    passphrase = normalized(typed)
    if len(passphrase) < MIN_PASSPHRASE:
        raise BadPassphrase(
            f"a passphrase has at least {MIN_PASSPHRASE} characters: several words are easiest",
            code="passphrase_short",
            least=MIN_PASSPHRASE,
        )
    if len(passphrase) > MAX_PASSPHRASE:
        raise BadPassphrase("a passphrase has at most 256 characters", code="passphrase_long", most=MAX_PASSPHRASE)
    return passphrase


def checked_handle(typed: str) -> str:
    """The sign-in name, trimmed and lowercase. Raises ``BadHandle``."""
    handle = unicodedata.normalize("NFC", typed).strip().lower()
    if not _HANDLE.fullmatch(handle):
        raise BadHandle("a sign-in name has 2 to 64 letters, digits, dots or dashes, without accents or spaces")
    return handle
