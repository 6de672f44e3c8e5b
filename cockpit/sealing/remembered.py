"""Unwrapped secrets kept for a minute, so that a remote master is not asked at each act. Never peppers.

They lie in ordinary memory: Python offers no locked pages, so a core dump or swap of a running server may hold them.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from cockpit.sealing.master import MasterKey

SECONDS = 60.0
SECRETS = 1024


class Remembered:
    """``unwrap`` of a master, with up to ``secrets`` answers kept for ``seconds``. Safe to share between threads.

    What is kept is found by the whole wrapped value, which the caller has just read: a row that is gone is not opened.
    """

    def __init__(
        self,
        master: MasterKey,
        seconds: float = SECONDS,
        secrets: int = SECRETS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._master, self._seconds, self._secrets, self._clock = master, seconds, secrets, clock
        self._kept: OrderedDict[tuple[bytes, str], tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "Remembered(***)"

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The secret, from memory or from the master. Raises as the master does."""
        if not self._master.remote:
            return self._master.unwrap(wrapped, context)
        now, place = self._clock(), (wrapped, context)
        with self._lock:
            self._forget(now)
            if place in self._kept:
                return self._kept[place][1]
        secret = self._master.unwrap(wrapped, context)
        with self._lock:
            self._kept[place] = (now + self._seconds, secret)
            self._kept.move_to_end(place)
            while len(self._kept) > self._secrets:
                self._kept.popitem(last=False)
        return secret

    def _forget(self, now: float) -> None:
        # The oldest stands first, and all are kept equally long: the first that may stay ends the search.
        while self._kept:
            until, _ = next(iter(self._kept.values()))
            if until > now:
                return
            self._kept.popitem(last=False)
