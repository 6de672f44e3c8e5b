"""The server, and masters on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.sealing.transit import TransitMaster, open_transit_master
from tests.masters.openbao import OPERATOR_POLICY, OpenBao, running


@pytest.fixture(scope="session")
def shared_bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    with running(tmp_path_factory.mktemp("openbao")) as bao:
        yield bao


@pytest.fixture
def bao(shared_bao: OpenBao) -> OpenBao:
    """The server, with a key made anew."""
    transit = shared_bao.root.secrets.transit
    transit.update_key_configuration("mesinfos-cockpit", deletion_allowed=True)
    transit.delete_key("mesinfos-cockpit")
    transit.create_key("mesinfos-cockpit")
    return shared_bao


@pytest.fixture
def token_file(bao: OpenBao, tmp_path: Path) -> Path:
    """A file with a token that may do what an operator does, and no more."""
    path = tmp_path / "token"
    path.touch(mode=0o600)
    path.write_text(bao.token(OPERATOR_POLICY) + "\n")
    return path


@pytest.fixture
def transit(bao: OpenBao, token_file: Path, tmp_path: Path) -> TransitMaster:
    return open_transit_master(tmp_path, bao.options(token_file))
