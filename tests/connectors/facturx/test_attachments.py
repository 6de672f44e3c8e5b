"""Where in a PDF the invoice may hang, and what a damaged neighbour may not hide."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NullObject, TextStringObject

from cockpit.sources.port import FaultKind
from cockpit_connectors.eu_facturx.specifications import MOST_SPECIFICATIONS

from .invoices import MINIMUM, pdf, pulled, replaced, said


def carrier(*names: str) -> tuple[PdfWriter, DictionaryObject]:
    """A PDF with the invoice under each of the names, and the root of its name tree."""
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    for name in names:
        writer.add_attachment(name, MINIMUM)
    return writer, writer.root_object["/Names"]["/EmbeddedFiles"]  # type: ignore[index]


def written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def keyed_otherwise(writer: PdfWriter, tree: DictionaryObject) -> None:
    pairs = tree["/Names"]
    assert isinstance(pairs, ArrayObject)
    pairs[0] = TextStringObject("attachment-1")


def without_a_key(writer: PdfWriter, tree: DictionaryObject) -> None:
    pairs = tree["/Names"]
    assert isinstance(pairs, ArrayObject)
    del pairs[0]


def associated_only(writer: PdfWriter, tree: DictionaryObject) -> None:
    pairs = tree["/Names"]
    assert isinstance(pairs, ArrayObject)
    writer.root_object[NameObject("/AF")] = ArrayObject([pairs[1]])
    del writer.root_object["/Names"]


def in_both_places(writer: PdfWriter, tree: DictionaryObject) -> None:
    pairs = tree["/Names"]
    assert isinstance(pairs, ArrayObject)
    writer.root_object[NameObject("/AF")] = ArrayObject([pairs[1]])


def deep_in_a_tree(writer: PdfWriter, tree: DictionaryObject) -> None:
    node = writer._add_object(DictionaryObject({NameObject("/Names"): tree["/Names"]}))
    for _ in range(5):
        node = writer._add_object(DictionaryObject({NameObject("/Kids"): ArrayObject([NullObject(), node])}))
    del tree["/Names"]
    tree[NameObject("/Kids")] = ArrayObject([node])


def beside_an_empty_entry(writer: PdfWriter, tree: DictionaryObject) -> None:
    pairs = tree["/Names"]
    assert isinstance(pairs, ArrayObject)
    pairs[:0] = [TextStringObject("a.xml"), NullObject(), TextStringObject("b.xml"), DictionaryObject()]


@pytest.mark.parametrize(
    "hang",
    [keyed_otherwise, without_a_key, associated_only, in_both_places, deep_in_a_tree, beside_an_empty_entry],
)
def test_the_invoice_is_found_wherever_it_hangs(hang: Callable[[PdfWriter, DictionaryObject], None]) -> None:
    writer, tree = carrier("factur-x.xml")
    hang(writer, tree)
    assert said(written(writer)).source_key == "FR11123456782|F20260023"


def test_a_tree_that_bites_its_tail_ends() -> None:
    writer, tree = carrier("notes.xml")
    itself = writer._add_object(DictionaryObject())
    itself.get_object()[NameObject("/Kids")] = ArrayObject([itself, itself])  # type: ignore[index]
    tree[NameObject("/Kids")] = ArrayObject([itself])
    assert [fault.code for fault in pulled(written(writer))[1]] == ["no-invoice-inside"]


def emptied(writer: PdfWriter, tree: DictionaryObject, position: int) -> bytes:
    """The PDF with the file at ``position`` of the tree's one leaf taken away, its name left."""
    pairs = tree["/Names"]
    assert isinstance(pairs, ArrayObject)
    specification = pairs[2 * position + 1].get_object()
    assert isinstance(specification, DictionaryObject)
    del specification["/EF"]
    return written(writer)


def test_an_invoice_that_is_lost_does_not_hide_another() -> None:
    for position, place in ((0, "xrechnung.xml"), (1, "factur-x.xml")):
        writer, tree = carrier("factur-x.xml", "xrechnung.xml")
        assert said(emptied(writer, tree, position)).provenance.place == place


def test_an_invoice_that_is_named_and_lost_is_said() -> None:
    writer, tree = carrier("factur-x.xml")
    records, faults = pulled(emptied(writer, tree, 0))
    assert records == []
    assert [(fault.kind, fault.code) for fault in faults] == [(FaultKind.UNSUPPORTED, "pdf-unreadable")]


def test_attachments_beyond_a_limit_are_not_looked_at() -> None:
    many = {f"a{rank:04}.txt": b"" for rank in range(MOST_SPECIFICATIONS - 1)}
    assert said(pdf(many | {"factur-x.xml": MINIMUM})).data["number"] == "F20260023"
    records, faults = pulled(pdf(many | {"b.txt": b"", "factur-x.xml": MINIMUM}))
    assert records == []
    assert [fault.code for fault in faults] == ["no-invoice-inside"]


@pytest.mark.parametrize("comment", ["<!-- %PDF-1.7 -->"])
def test_an_xml_file_that_quotes_a_pdf_is_xml(comment: str) -> None:
    assert said(replaced("?>", f"?>{comment}")).data["number"] == "F20260023"
    assert said(replaced("<?xml version='1.0' encoding='UTF-8'?>", comment)).data["number"] == "F20260023"
