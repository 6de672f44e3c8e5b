"""What a running cockpit does by itself: end what is over, watch what services owe, have the log cosigned."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.expire_consents import expire_consents
from cockpit.acts.have_cosigned import have_cosigned
from cockpit.acts.watch_duties import watch_duties
from cockpit.domain.errors import CockpitError

EVERY_SECONDS = 3600
WITNESSED_EVERY_SECONDS = 60
_log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Begin with the server and end with it. Several processes may do the same: what is done is not done twice."""
    cockpit: Cockpit = app.state.cockpit
    rounds = [asyncio.create_task(_go_on(once, cockpit, EVERY_SECONDS))]
    if cockpit.settings.quorum is not None:
        rounds.append(asyncio.create_task(_go_on(witnessed, cockpit, WITNESSED_EVERY_SECONDS)))
    yield
    for going in rounds:
        going.cancel()
        with suppress(asyncio.CancelledError):
            await going


async def _go_on(work: Callable[[Cockpit], None], cockpit: Cockpit, seconds: int) -> None:
    while True:
        await run_in_threadpool(work, cockpit)
        await asyncio.sleep(seconds)


def once(cockpit: Cockpit) -> None:
    """One round."""
    try:
        expired = expire_consents(cockpit)
        watched = watch_duties(cockpit)
    except CockpitError as error:
        # Nobody waits for this: it is tried again in an hour, and a consent past its end gives nothing meanwhile.
        _log.warning("the hourly round was not finished: %s", error.reason)
        return
    if expired.over or expired.unused:
        _log.info("permissions ended: %d by their date, %d for want of use", expired.over, expired.unused)
    if watched.missed:
        _log.warning("services did not do in time what they owe: %d more", watched.missed)


def witnessed(cockpit: Cockpit) -> None:
    """Show the witnesses how the log grew; what they object to is the operator's to look into, and said loudly."""
    try:
        found = have_cosigned(cockpit)
    except CockpitError as error:
        _log.warning("no witness was asked: %s", error.reason)
        return
    for name, why in found.failed.items() if found else ():
        _log.warning("the witness %s did not cosign %d entries: %s", name, found.size if found else 0, why)
