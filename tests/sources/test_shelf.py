"""The shelf knows connectors by their manifests and never runs their code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cockpit.domain.errors import NotFound
from cockpit.domain.ids import ConnectorId
from cockpit.sources.manifest import ManifestInvalid
from cockpit.sources.shelf import GROUP, Shelf
from tests.sources.conftest import MakeReader


def test_no_connector_code_runs_here(make_reader: MakeReader) -> None:
    package = make_reader("loud")
    folder = next(Path(path, package) for path in sys.path if Path(path, package).is_dir())
    for module in ("__init__.py", "connector.py"):
        (folder / module).write_text("raise SystemExit('connector code ran in the parent')")
    shelf = Shelf.from_packages([package])
    assert [manifest.id for manifest in shelf.manifests()] == ["xx.loud"]
    assert shelf.package(ConnectorId("xx.loud")) == package
    assert package not in sys.modules


def test_two_of_one_id_are_refused(make_reader: MakeReader) -> None:
    first = make_reader("same")
    folder = next(Path(path) for path in sys.path if Path(path, first).is_dir())
    (folder / "other").mkdir()
    (folder / "other" / "manifest.toml").write_text((folder / first / "manifest.toml").read_text())
    with pytest.raises(ManifestInvalid, match=r"xx\.same"):
        Shelf.from_packages([first, "other"])


def test_a_package_without_manifest_is_refused() -> None:
    for name in ("json", "no_such_package", "json.decoder", "os.path"):
        with pytest.raises(ManifestInvalid):
            Shelf.from_packages([name])


def test_an_unknown_id_is_not_found(make_reader: MakeReader) -> None:
    with pytest.raises(NotFound):
        Shelf.from_packages([make_reader("one")]).manifest(ConnectorId("xx.two"))


def _install(folder: Path, point: str, package: str) -> None:
    """What an installer leaves of a distribution with one entry point."""
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{GROUP}]\n{point} = {package}\n")


def test_entry_points_are_found(make_reader: MakeReader, tmp_path: Path) -> None:
    _install(tmp_path, "xx.plugged", make_reader("plugged"))
    assert "xx.plugged" in {manifest.id for manifest in Shelf.from_entry_points().manifests()}


def test_an_entry_point_must_carry_its_manifests_id(make_reader: MakeReader, tmp_path: Path) -> None:
    _install(tmp_path, "xx.alias", make_reader("plugged"))
    with pytest.raises(ManifestInvalid, match=r"xx\.alias"):
        Shelf.from_entry_points()
