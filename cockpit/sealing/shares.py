"""A secret shared among guardians: any m of n shares give it back, fewer say nothing (SLIP-39, 256 bits).

The words, the checksum and the sharing are the standard's, by its reference library.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache

from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.wordlist import WORDLIST

from cockpit.domain.errors import CitizenMustAct
from cockpit.sealing.box import KEY_BYTES, new_key

WORDS = 33
"""How many words one share of a 256-bit secret has."""
FEWEST, MOST = 2, 16
"""Bounds of m and of n: a share that opens alone would be a copy of the key."""


class ShareUnreadable(CitizenMustAct):
    """A share as typed is not one. ``details``: ``share`` (from 1), and ``word`` (from 1) where one is known."""

    code = "share_unreadable"


class SharesDoNotFit(CitizenMustAct):
    """Shares that are each well written do not go together: the same one twice, two sets, too few."""

    code = "shares_do_not_fit"


def random_words(count: int) -> str:
    """That many words of the standard's list (1,024 words, 10 bits each), drawn at random."""
    return " ".join(secrets.choice(WORDLIST) for _ in range(count))


def share_secret(threshold: int, count: int) -> tuple[bytes, tuple[str, ...]]:
    """A fresh secret (32 bytes) and its ``count`` shares, of which any ``threshold`` give it back.

    Raises ``CitizenMustAct`` unless 2 <= threshold <= count <= 16.
    """
    if not FEWEST <= threshold <= count <= MOST:
        raise CitizenMustAct("2 to 16 guardians, of whom at least 2 are needed", code="bad_guardians")
    secret = new_key()
    # The secret is random, so the standard's own stretching (made for a passphrase) is kept at its least.
    ((*shares,),) = generate_mnemonics(1, [(threshold, count)], secret, iteration_exponent=0)
    return secret, tuple(shares)


def combine_shares(typed: Sequence[str]) -> bytes:
    """The secret (32 bytes), from shares typed in any order, any case and spacing; empty ones are left out.

    Raises ``ShareUnreadable`` or ``SharesDoNotFit``; neither repeats a word of a share.
    """
    shares = [_read(number, text) for number, text in enumerate(typed, start=1) if text.split()]
    if not shares:
        raise SharesDoNotFit("no share was typed", code="shares_missing", needed=FEWEST, given=0)
    if len({share.group_parameters() for share in shares}) > 1:
        raise SharesDoNotFit("the shares are of different sets", code="shares_of_two_sets")
    if len({share.index for share in shares}) < len(shares):
        raise SharesDoNotFit("the same share was typed twice", code="share_twice")
    needed = shares[0].member_threshold
    if len(shares) < needed:
        raise SharesDoNotFit("more shares are needed", code="shares_missing", needed=needed, given=len(shares))
    try:
        secret: bytes = combine_mnemonics([share.mnemonic() for share in shares[:needed]])
    except MnemonicError as error:
        raise SharesDoNotFit("the shares do not go together", code="shares_of_two_sets") from error
    if len(secret) != KEY_BYTES:
        raise SharesDoNotFit("the shares are not of a set of this cockpit", code="shares_of_two_sets")
    return secret


def _read(number: int, typed: str) -> Share:
    words = typed.lower().split()
    for place, word in enumerate(words, start=1):
        if word not in _known():
            raise ShareUnreadable("a word is not in the list", code="share_word", share=number, word=place)
    if len(words) != WORDS:
        raise ShareUnreadable("a share has 33 words", code="share_length", share=number, words=len(words), needed=WORDS)
    try:
        return Share.from_mnemonic(" ".join(words))
    except MnemonicError as error:
        raise ShareUnreadable("a word of a share is wrong, or out of its place", share=number) from error


@cache
def _known() -> frozenset[str]:
    return frozenset(WORDLIST)
