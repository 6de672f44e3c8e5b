"""A folder of documents, read whole: its uses, its kinds, what was published, and everything that is wrong."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from cockpit.domain.ids import Kind
from cockpit.domain.use import Use
from cockpit.registry.documents import Fault, parse
from cockpit.registry.publication import FILE, read_published
from cockpit.registry.rules import kind_findings, use_findings
from cockpit.registry.sheets import KindFile, KindSheet
from cockpit.sealing.canonical import canonical


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a folder holds. ``hashes`` are of the documents as written (RFC 8785 bytes), so that a later schema with
    another default does not change what a consent quotes; comments do not count.
    """

    uses: dict[str, Use]
    kinds: dict[Kind, KindSheet]
    hashes: dict[str, str]
    published: dict[str, str]
    faults: tuple[Fault, ...]


def read_shelf(root: Traversable, known: Mapping[Kind, KindSheet] | None = None) -> Shelf:
    """Read ``root/kinds``, ``root/uses`` and the list of what was published. ``known`` are kinds from elsewhere."""
    faults: list[Fault] = []
    kinds = dict(known or {})
    for name, text in _documents(root, "kinds"):
        file, _, misshapen = parse(name, text, KindFile)
        faults += misshapen
        for sheet in file.kind if file else ():
            if sheet.id in kinds:
                faults.append(Fault(name, sheet.id, "already defined", "define each kind once"))
            kinds[sheet.id] = sheet
            faults += (Fault(name, *finding) for finding in kind_findings(sheet))
    uses, hashes = _read_uses(root, kinds, faults)
    faults += _holes(uses)
    return Shelf(uses, kinds, hashes, _published(root, faults), tuple(faults))


def _read_uses(
    root: Traversable, kinds: dict[Kind, KindSheet], faults: list[Fault]
) -> tuple[dict[str, Use], dict[str, str]]:
    uses: dict[str, Use] = {}
    hashes: dict[str, str] = {}
    for name, text in _documents(root, "uses"):
        use, raw, misshapen = parse(name, text, Use)
        faults += misshapen
        if use is None:
            continue
        if name != f"{use.id}.v{use.version}.toml" or not re.fullmatch(r"[a-z]+(-[a-z]+)*", use.id):
            faults.append(Fault(name, "id", f"holds {use.reference}", "name the file <id>.v<version>.toml"))
        faults += (Fault(name, *finding) for finding in use_findings(use, kinds))
        uses[use.reference] = use
        hashes[use.reference] = hashlib.sha256(canonical(raw)).hexdigest()
    return uses, hashes


def _holes(uses: dict[str, Use]) -> Iterator[Fault]:
    for name in sorted({use.id for use in uses.values()}):
        versions = sorted(use.version for use in uses.values() if use.id == name)
        if versions != list(range(1, len(versions) + 1)):
            yield Fault(name, "version", f"versions {versions}", "number them from 1 without a hole")


def _published(root: Traversable, faults: list[Fault]) -> dict[str, str]:
    file = root.joinpath(FILE)
    if not file.is_file():
        return {}
    try:
        return read_published(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        faults.append(Fault(FILE, "", f"not TOML: {error}", "put it back as it was committed"))
        return {}


def _documents(root: Traversable, folder: str) -> Iterator[tuple[str, str]]:
    place = root.joinpath(folder)
    for entry in sorted(place.iterdir(), key=lambda entry: entry.name) if place.is_dir() else ():
        if entry.name.endswith(".toml"):
            yield entry.name, entry.read_text("utf-8")
