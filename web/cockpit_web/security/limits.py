"""Limits: how large a request may be, and how often a secret may be tried."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cockpit.domain.errors import CitizenMustAct
from cockpit_web.problems import answer_problem
from cockpit_web.wording import TOO_LARGE

FORM_BYTES = 64 * 1024
"""The largest form without a file."""

TRIES = 8
"""Failures of one name before it must wait."""
ADDRESS_TRIES = 100
"""Failures from one address before it must wait: more, since a whole town may share one."""
WINDOW = timedelta(minutes=10)
MAX_KEYS = 20_000


class TooManyTries(CitizenMustAct):
    """A secret was tried too often; waiting is all that helps. ``details['minutes']`` says how long."""

    code = "too_many_tries"


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """ASGI middleware: 413 for a body over its path's limit, whether or not its length was announced.

    ``larger`` gives the paths that may receive more than a form, in bytes.
    """

    app: ASGIApp
    larger: dict[str, int]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, limit, seen = Request(scope), self.larger.get(scope["path"], FORM_BYTES), 0
        announced = request.headers.get("content-length", "0")
        if not announced.isdigit() or int(announced) > limit:
            await answer_problem(request, TOO_LARGE, 413)(scope, receive, send)
            return

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


@dataclass(slots=True)
class Attempts:
    """Failed tries of a secret, by name and by address, in memory: a restart forgets them, the slow check remains.

    Keys are kept as digests, so that the memory of this process names nobody.
    """

    clock: Callable[[], datetime]
    tries: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, who: str, address: str) -> None:
        """Raise ``TooManyTries`` when this name or this address failed too often in the last ten minutes."""
        with self.lock:
            for key, most in ((_who(who), TRIES), (_from(address), ADDRESS_TRIES)):
                recent = self._recent(key)
                if len(recent) >= most:
                    wait = recent[0] + WINDOW - self.clock()
                    minutes = max(1, -(-int(wait.total_seconds()) // 60))
                    raise TooManyTries("too many tries; wait before trying again", minutes=minutes)

    def failed(self, who: str, address: str) -> None:
        """Count one failure against the name and the address."""
        with self.lock:
            for key in (_who(who), _from(address)):
                self.tries[key] = [*self._recent(key), self.clock()]
                self.tries.move_to_end(key)
            while len(self.tries) > MAX_KEYS:
                self.tries.popitem(last=False)

    def forget(self, who: str) -> None:
        """The secret was right: this name's failures count no more. Its address is not forgiven the others'."""
        with self.lock:
            self.tries.pop(_who(who), None)

    def _recent(self, key: str) -> list[datetime]:
        return [at for at in self.tries.get(key, []) if self.clock() - at < WINDOW]


def _who(name: str) -> str:
    return "who " + hashlib.sha256(name.strip().lower().encode()).hexdigest()


def _from(address: str) -> str:
    return "from " + hashlib.sha256(address.encode()).hexdigest()
