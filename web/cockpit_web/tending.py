"""After the answer has left: what is due in a space that was just opened or added to."""

from __future__ import annotations

import logging

from starlette.background import BackgroundTask
from starlette.responses import Response

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.search_space import open_index
from cockpit.acts.tend_space import tend_space
from cockpit.acts.visits import recognise
from cockpit.domain.errors import CockpitError

_log = logging.getLogger(__name__)


def tend_after(response: Response, cockpit: Cockpit, cookie: str) -> Response:
    """The same response, after which the space that ``cookie`` opens is tended in a thread of its own."""
    response.background = BackgroundTask(_tend, cockpit, cookie)
    return response


def _tend(cockpit: Cockpit, cookie: str) -> None:
    try:
        visit = recognise(cockpit, cookie)
        if visit is not None and visit.keyring is not None:
            tend_space(cockpit, visit.keyring)
            open_index(cockpit, visit)
            now = recognise(cockpit, cookie)
            if now is None or now.keyring is None:
                # It was locked while this went on: what was just opened must not outlive that.
                cockpit.indexes.drop(visit.session)
    except CockpitError as error:
        # The person is not waiting for this: it is tried again at the next unlock, and reading says what is wrong.
        _log.warning("a space was not tended: %s", error.reason)
