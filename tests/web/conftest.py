"""A browser without a screen: the whole application over a real cockpit, and somebody signed in to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import OpenedSpace
from cockpit_web.app import create_app
from tests.web.furnished import furnish
from tests.web.screen import FROM_OUR_PAGES, TestClient


@pytest.fixture
def stranger(cockpit: Cockpit) -> Iterator[TestClient]:
    """Nobody signed in."""
    app = create_app(cockpit)
    with TestClient(app, base_url="http://localhost:8000", headers=FROM_OUR_PAGES, follow_redirects=False) as client:
        yield client


@pytest.fixture
def camille(stranger: TestClient, opened: OpenedSpace) -> TestClient:
    """Somebody signed in, with an open and empty space."""
    stranger.cookies.set("cockpit", opened.cookie, domain="localhost.local")
    return stranger


@pytest.fixture
def furnished(camille: TestClient, cockpit: Cockpit, visit: Visit) -> TestClient:
    """Somebody signed in, with something of everything."""
    furnish(cockpit, visit)
    return camille


@pytest.fixture
def rows(cockpit: Cockpit) -> Path:
    """The database file, for tests that compare it before and after."""
    return cockpit.settings.data / "cockpit.sqlite"
