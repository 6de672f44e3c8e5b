"""What every test may ask for: a real cockpit in a directory of its own, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import OpenedSpace, open_space
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.settings import Settings
from tests.postgresql import Cluster, cluster

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PASSPHRASE = "quatre mots faciles à retenir"


@dataclass
class MovingClock:
    """A clock that stands still until the test moves it."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 9, 30, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


ON_BOTH_ENGINES = ("acts/", "laws/", "store/", "walks/test_walk_")
"""The rooms whose tests run on SQLite, then, with ``--every-engine``, on PostgreSQL."""

ALWAYS_ON_BOTH = (
    "acts/test_accounts", "acts/test_tend_space", "store/test_attacks", "store/test_canaries", "store/test_engines",
    "store/test_space", "store/test_stolen", "walks/test_walk_1",
)  # fmt: skip
"""Those that run on both every time; the others of these rooms only when asked, to stay quick."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """One option: every test of the rooms above on both engines."""
    parser.addoption("--every-engine", action="store_true", help="run the rooms of the store on PostgreSQL too")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test that needs a database the engines of its room."""
    if "engine_name" in metafunc.fixturenames:
        place = metafunc.definition.path.relative_to(Path(__file__).parent).as_posix()
        both = ON_BOTH_ENGINES if metafunc.config.getoption("--every-engine") else ALWAYS_ON_BOTH
        engines = ["sqlite", "postgresql"] if place.startswith(both) else ["sqlite"]
        if metafunc.definition.get_closest_marker("postgresql"):
            engines = ["postgresql"]
        metafunc.parametrize("engine_name", engines)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's browser, driven by this process."""
    from tests.chromium import running_chromium  # noqa: PLC0415 - few tests want it

    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A real PostgreSQL server, one for each process that runs tests."""
    with cluster() as running:
        yield running


@pytest.fixture
def database_address(engine_name: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """What ``Settings.database`` says: nothing for SQLite, or a new PostgreSQL database."""
    if engine_name == "sqlite":
        yield ""
        return
    running: Cluster = request.getfixturevalue("postgresql")
    with running.database() as name:
        yield running.address(name)


@pytest.fixture
def cockpit(tmp_path: Path, clock: MovingClock, database_address: str) -> Iterator[Cockpit]:
    # The smallest Argon2 memory: what is tested is the use of the slots, not the cost of guessing them.
    built = build(Settings(data=tmp_path / "data", argon2_memory_kib=64, database=database_address), clock)
    yield built
    built.close()


@pytest.fixture
def opened(cockpit: Cockpit) -> OpenedSpace:
    return open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr")


@pytest.fixture
def visit(cockpit: Cockpit, opened: OpenedSpace) -> Visit:
    found = recognise(cockpit, opened.cookie)
    assert found is not None
    return found
