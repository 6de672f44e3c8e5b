"""The file specifications of a PDF: everything attached to it as a whole, wherever the catalog says so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, PdfObject, StreamObject

MOST_NODES = 1_000
"""Nodes of the name tree and arrays visited; more than that, or a tree that bites its tail, is cut there."""

MOST_SPECIFICATIONS = 200


def specifications(reader: PdfReader) -> Iterator[tuple[frozenset[str], DictionaryObject]]:
    """Each attached file once: the names it bears, in lower case, and its specification (ISO 32000-1 §7.11.4).

    Taken from the name tree of embedded files (§7.9.6, of any depth), then from the associated files of the catalog
    (ISO 32000-2 §14.13), which some programs write alone. The key in the tree is only a key: the file's own names
    are ``UF`` and ``F``, and all three are given.
    """
    return islice(_distinct(reader), MOST_SPECIFICATIONS)


def content(specification: DictionaryObject) -> bytes | None:
    """The attached file's bytes, or None when the specification holds no stream. Raises what pypdf raises."""
    streams = _resolved(specification.get("/EF"))
    if not isinstance(streams, DictionaryObject):
        return None
    for key in ("/UF", "/F"):
        stream = _resolved(streams.get(key))
        if isinstance(stream, StreamObject):
            return stream.get_data()
    return None


def _distinct(reader: PdfReader) -> Iterator[tuple[frozenset[str], DictionaryObject]]:
    seen: set[int] = set()
    for key, entry in _entries(reader):
        specification = _resolved(entry)
        # The same file stands in both places by rule (Factur-X 1.0 §6.2.2), as one object of the reader's cache.
        if isinstance(specification, DictionaryObject) and id(specification) not in seen:
            seen.add(id(specification))
            named = (key, *(_resolved(specification.get(name)) for name in ("/UF", "/F")))
            yield frozenset(name.lower() for name in named if isinstance(name, str)), specification


def _entries(reader: PdfReader) -> Iterator[tuple[str, PdfObject]]:
    catalog = reader.root_object
    names = _resolved(catalog.get("/Names"))
    if isinstance(names, DictionaryObject):
        yield from _leaves(_resolved(names.get("/EmbeddedFiles")))
    associated = _resolved(catalog.get("/AF"))
    if isinstance(associated, ArrayObject):
        yield from (("", entry) for entry in associated)


def _leaves(root: PdfObject | None) -> Iterator[tuple[str, PdfObject]]:
    """Keys and values of a name tree, each node once."""
    waiting, seen = [root], set[int]()
    while waiting and len(seen) < MOST_NODES:
        node = waiting.pop()
        if not isinstance(node, DictionaryObject) or id(node) in seen:
            continue
        seen.add(id(node))
        pairs = _resolved(node.get("/Names"))
        if isinstance(pairs, ArrayObject):
            yield from _pairs(pairs)
        kids = _resolved(node.get("/Kids"))
        if isinstance(kids, ArrayObject):
            waiting.extend(_resolved(kid) for kid in reversed(kids[:MOST_NODES]))


def _pairs(array: ArrayObject) -> Iterator[tuple[str, PdfObject]]:
    """The values of a leaf with their keys; a key that is missing or no text does not hide its value."""
    key = ""
    for entry in array:
        found = _resolved(entry)
        if isinstance(found, str):
            key = found
        else:
            yield key, entry
            key = ""


def _resolved(found: PdfObject | None) -> PdfObject | None:
    return found.get_object() if found is not None else None
