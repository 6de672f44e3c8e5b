"""The connector: every 2D-Doc of a PDF or an image, with what its signature proves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from cockpit.domain.record import Record, Verification
from cockpit.sources.port import Fault, FaultKind, Outcome, Probe, PullContext, SourceFile

from .code import CodeUnreadable, CodeUnsupported, looks_like_code, read_code
from .records import ID, VERSION, record
from .scan import is_image, is_pdf, scan
from .trust import CertificateUnreadable, TrustStore, packaged_trust_list, trust_store
from .verify import verify

__all__ = ["ID", "VERSION", "TwoDDoc", "connector"]

MOST_BYTES = 32 * 1024 * 1024
MOST_CODES = 200
"""A paper carries one or two codes; a file with more than this is not made of papers."""

INVOICE_MARKS = (b"factur-x.xml", b"zugferd", b"xrechnung.xml")


class TwoDDoc:
    """See ``cockpit.sources.port.FileConnector``."""

    def recognise(self, probe: Probe) -> float:
        """A little for any PDF or image, since only looking at its pages tells; less for one that is an invoice."""
        if is_image(probe.head):
            return 0.3
        if not is_pdf(probe.head):
            return 0.0
        return 0.1 if any(mark in probe.head.lower() for mark in INVOICE_MARKS) else 0.3

    def pull(self, file: SourceFile, context: PullContext) -> Iterator[Outcome]:
        """One record a code, in the order of the pages; a code that is there twice is given once."""
        if not file.content:
            yield Fault(FaultKind.UNSUPPORTED, "empty-file", "The file is empty.")
            return
        if len(file.content) > MOST_BYTES:
            yield Fault(FaultKind.TOO_BIG, "file-too-big", "The file is larger than 32 MiB.")
            return
        store, complaint = _store(context.trusted_certificates)
        said_something = False
        for outcome in _codes(file.content, store, context.today):
            if complaint and not said_something:
                yield complaint
            said_something = True
            yield outcome
        if not said_something:
            sentence = (
                "No 2D-Doc code was found. Try the original PDF rather than a scan, or a sharper and larger photo of "
                "the square code."
            )
            yield Fault(FaultKind.UNSUPPORTED, "no-2ddoc-found", sentence)


connector = TwoDDoc()


def _store(imported: tuple[bytes, ...]) -> tuple[TrustStore, Fault | None]:
    """The certificates that count; those imported are left out, all of them, when one cannot be read."""
    listed = packaged_trust_list()
    try:
        return trust_store(listed, imported), None
    except CertificateUnreadable:
        sentence = "A certificate imported by the operator cannot be read, so none of those imported was used."
        return trust_store(listed, ()), Fault(FaultKind.BAD_LINE, "bad-trusted-certificate", sentence)


def _codes(content: bytes, store: TrustStore, today: str) -> Iterator[Outcome]:
    seen: set[bytes] = set()
    given: set[str] = set()
    for found in scan(content):
        if isinstance(found, Fault):
            yield found
        elif looks_like_code(found.payload) and found.payload not in seen:
            seen.add(found.payload)
            if len(seen) > MOST_CODES:
                sentence = f"The file holds more than {MOST_CODES} 2D-Doc codes; the first {MOST_CODES} were read."
                yield Fault(FaultKind.TOO_BIG, "too-many-codes", sentence)
                return
            for outcome in _outcomes(found.payload, found.place, store, today):
                # The same text signed twice, or with another annex, is one datum: a key is given once.
                if isinstance(outcome, Record):
                    if outcome.source_key in given:
                        continue
                    given.add(outcome.source_key)
                yield outcome


def _outcomes(payload: bytes, place: str, store: TrustStore, today: str) -> Iterator[Outcome]:
    try:
        code = read_code(payload)
    except CodeUnsupported as error:
        yield Fault(FaultKind.UNSUPPORTED, error.reason, str(error), place)
        return
    except CodeUnreadable as error:
        yield Fault(FaultKind.BAD_LINE, error.reason, str(error), place)
        return
    proof = verify(code, store, date.fromisoformat(today))
    yield record(code, proof, place, today)
    if proof.verification is Verification.INVALID:
        sentence = "The signature of a 2D-Doc does not verify: the document was altered, or signed by somebody else."
        yield Fault(FaultKind.BAD_LINE, "signature-invalid", sentence, place)
