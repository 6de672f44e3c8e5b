"""What a running cockpit does by itself, every hour: end the permissions whose time has come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.expire_consents import expire_consents
from cockpit.domain.errors import CockpitError

EVERY_SECONDS = 3600
_log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Begin with the server and end with it. Several processes may do the same: what is done is not done twice."""
    going = asyncio.create_task(_go_on(app.state.cockpit))
    yield
    going.cancel()
    with suppress(asyncio.CancelledError):
        await going


async def _go_on(cockpit: Cockpit) -> None:
    while True:
        await run_in_threadpool(once, cockpit)
        await asyncio.sleep(EVERY_SECONDS)


def once(cockpit: Cockpit) -> None:
    """One round."""
    try:
        expired = expire_consents(cockpit)
    except CockpitError as error:
        # Nobody waits for this: it is tried again in an hour, and a consent past its end gives nothing meanwhile.
        _log.warning("the hourly round was not finished: %s", error.reason)
        return
    if expired.over or expired.unused:
        _log.info("permissions ended: %d by their date, %d for want of use", expired.over, expired.unused)
