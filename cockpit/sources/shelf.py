"""The connectors at hand, known by their manifests alone: no connector code runs in this process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType

from cockpit.domain.errors import NotFound
from cockpit.domain.ids import ConnectorId
from cockpit.sources.manifest import Manifest, ManifestInvalid, load_manifest

GROUP = "cockpit.connectors"
"""The entry point group: name = manifest id, value = a package that holds manifest.toml and connector.py."""


class Shelf:
    """The installed connectors. Frozen once built; safe to share between threads."""

    def __init__(self, books: Iterable[tuple[str, Manifest]]) -> None:
        """``books``: (package, manifest) pairs. Raises ``ManifestInvalid`` when two connectors share an id."""
        shelved: dict[ConnectorId, tuple[str, Manifest]] = {}
        for package, manifest in sorted(books, key=lambda book: book[1].id):
            if manifest.id in shelved:
                raise ManifestInvalid(f"Two connectors call themselves {manifest.id}.", key="id")
            shelved[manifest.id] = (package, manifest)
        self._books: Mapping[ConnectorId, tuple[str, Manifest]] = MappingProxyType(shelved)

    @classmethod
    def from_entry_points(cls) -> Shelf:
        """Every installed connector. Raises ``ManifestInvalid`` for one whose manifest is missing or wrong."""
        books = []
        for point in entry_points(group=GROUP):
            manifest = _manifest_of(point.value)
            if manifest.id != point.name:
                raise ManifestInvalid(f"The entry point {point.name} leads to the manifest of {manifest.id}.", key="id")
            books.append((point.value, manifest))
        # An editable install over a wheel can list one connector twice; the same pair is one book.
        return cls(dict.fromkeys(books))

    @classmethod
    def from_packages(cls, names: Iterable[str]) -> Shelf:
        """The connectors of the named packages. Raises ``ManifestInvalid`` as ``from_entry_points`` does."""
        return cls((name, _manifest_of(name)) for name in names)

    def manifests(self) -> tuple[Manifest, ...]:
        """Every manifest, by id."""
        return tuple(manifest for _, manifest in self._books.values())

    def manifest(self, connector: ConnectorId) -> Manifest:
        """One connector's manifest. Raises ``NotFound``."""
        return self._book(connector)[1]

    def package(self, connector: ConnectorId) -> str:
        """The package that holds a connector's code, imported in a child process only. Raises ``NotFound``."""
        return self._book(connector)[0]

    def _book(self, connector: ConnectorId) -> tuple[str, Manifest]:
        try:
            return self._books[connector]
        except KeyError:
            raise NotFound("No such connector is installed.") from None


def _manifest_of(package: str) -> Manifest:
    for folder in _folders(package):
        path = Path(folder, "manifest.toml")
        if path.is_file():
            return load_manifest(path.read_bytes())
    raise ManifestInvalid(f"The package {package} is not installed or holds no manifest.toml.", key="manifest")


def _folders(package: str) -> list[str]:
    """Where a package lies. PathFinder, unlike ``importlib.util.find_spec``, runs no line of its parents."""
    folders: list[str] | None = None
    name = ""
    for part in package.split("."):
        name = f"{name}.{part}" if name else part
        spec: ModuleSpec | None = PathFinder.find_spec(name, folders)
        if spec is None or spec.submodule_search_locations is None:
            return []
        folders = list(spec.submodule_search_locations)
    return folders or []
