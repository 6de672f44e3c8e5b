"""A manifest is read strictly: what is missing, unknown or wrong is named."""

from __future__ import annotations

import re

import pytest

from cockpit.sources.manifest import ManifestInvalid, Shape, load_manifest
from tests.sources.conftest import MANIFEST

GOOD = MANIFEST.format(id="fr.enedis.csv", glob="*.CSV")


def test_a_whole_manifest_is_read() -> None:
    manifest = load_manifest(GOOD.encode())
    assert (manifest.id, manifest.version, manifest.shape) == ("fr.enedis.csv", "1.0.0", Shape.FILE)
    assert manifest.produces == ("bank.transaction",)
    assert manifest.file is not None
    assert manifest.file.max_bytes == 1048576
    assert manifest == load_manifest(GOOD)
    assert len({manifest, load_manifest(GOOD)}) == 1


def test_names_match_whatever_their_case() -> None:
    manifest = load_manifest(GOOD)
    assert manifest.matches("Courbe.csv")
    assert manifest.matches("COURBE.CSV")
    assert not manifest.matches("courbe.csv.exe")


@pytest.mark.parametrize("key", [line.split(" =")[0] for line in GOOD.splitlines() if " = " in line])
def test_every_missing_key_is_named(key: str) -> None:
    without = re.sub(rf"(?m)^{key} = .*\n", "", GOOD, count=1)
    with pytest.raises(ManifestInvalid) as caught:
        load_manifest(without)
    assert key in str(caught.value.details["key"]) or key in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('shape = "file"', 'shape = "fax"', "shape"),
        ('version = "1.0.0"', 'version = "one"', "version"),
        ("max_bytes = 1048576", "max_bytes = 0", "file.max_bytes"),
        ("max_bytes = 1048576", 'max_bytes = "big"', "file.max_bytes"),
        ("contract = false", 'contract = "no"', "legal.contract"),
        ('golden = "done"', 'golden = "exempt"', "quality.golden"),
        ('auth = "none"', 'auth = "none"\ncolour = "red"', "colour"),
        ("[legal]", '[legal]\nterms = "x"', "legal.terms"),
        ('fr = "Lecteur', 'fr = ""\nen2 = "', "title.fr"),
        ("hosts = []", 'hosts = ["example.org"]', "hosts"),
        ('id = "fr.enedis.csv"', 'id = "../etc"', "id"),
        ('produces = ["bank.transaction"]', "produces = []", "produces"),
    ],
)
def test_every_wrong_key_is_named(old: str, new: str, key: str) -> None:
    assert old in GOOD
    with pytest.raises(ManifestInvalid) as caught:
        load_manifest(GOOD.replace(old, new))
    assert caught.value.details["key"] == key


@pytest.mark.parametrize("document", [b"\xff\xfe", b"id = ", b"", "x" * 70_000, "[file]\n[file]"])
def test_what_is_no_manifest_is_refused(document: bytes | str) -> None:
    with pytest.raises(ManifestInvalid):
        load_manifest(document)
