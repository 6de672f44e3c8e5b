"""A lived-in cockpit on loopback, and one auditor with a mandate for everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.houses import Audited, Auditor, auditor, lived_in
from tests.walks.conftest import Running, running

__all__ = ["running"]


@pytest.fixture
def audited(running: Running) -> Audited:
    return lived_in(running)


@pytest.fixture
def ada(audited: Audited, tmp_path: Path) -> Auditor:
    return auditor(audited.running, tmp_path / "house")
