"""The text of a 2D-Doc: header, message, signature and annex (ANTS specification v3.2.6, §3).

Only the C40 text of versions 02, 03 and 04 is read. Version 01 and the binary form are refused by name.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cockpit.domain.errors import CitizenMustAct

from .fields import FieldSheet, field_sheets
from .values import day_of_hex

GS, RS, US = "\x1d", "\x1e", "\x1f"
"""GS ends a field of variable length, RS one that was cut; US stands between the message and its signature."""

MOST_BYTES = 4096
"""The largest DataMatrix holds 2,335 characters of C40 or 3,116 digits."""

_HEADER = re.compile(
    r"DC(?P<version>0[234])(?P<authority>[0-9A-Z]{4})(?P<certificate>[0-9A-Z]{4})"
    r"(?P<emitted>[0-9A-F]{4})(?P<signed>[0-9A-F]{4})(?P<type>[0-9A-Z]{2})"
)
_AFTER_TYPE = {
    "02": re.compile(r"(?P<perimeter>)"),
    "03": re.compile(r"(?P<perimeter>[0-9A-Z]{2})"),
    "04": re.compile(r"(?P<perimeter>[0-9A-Z]{2})[A-Z]{2}"),
}
"""What each version adds to the header: nothing, the perimeter, the perimeter and the country of emission."""


class CodeUnreadable(CitizenMustAct):
    """The bytes of a barcode are not a 2D-Doc that we can read; ``code`` says why. Holds no value of the barcode."""


class CodeUnsupported(CodeUnreadable):
    """A 2D-Doc of a version or perimeter whose rules we do not know."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the message. ``cut`` when its issuer had to truncate the value."""

    sheet: FieldSheet
    value: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A 2D-Doc, read and not yet verified.

    ``signed`` is what the signature covers, byte for byte; ``signature`` is ``r || s``. Dates are None when the
    header says there is none. ``annex`` is whether unsigned fields follow the signature; they are never read.
    """

    version: str
    authority_id: str
    certificate_id: str
    emitted_on: date | None
    signed_on: date | None
    document_type: str
    fields: tuple[Field, ...]
    signed: bytes
    signature: bytes
    annex: bool

    def value(self, field_id: str) -> str | None:
        """The text of a field, None when it is absent or empty."""
        for field in self.fields:
            if field.sheet.id == field_id:
                return field.value.strip() or None
        return None


def looks_like_code(payload: bytes) -> bool:
    """Whether a barcode claims to be a 2D-Doc, of any version, as text or binary."""
    return bool(re.match(rb"DC\d\d|\xdc\x04", payload))


def read_code(payload: bytes) -> Code:
    """The 2D-Doc in the bytes of a DataMatrix. Raises ``CodeUnsupported`` and ``CodeUnreadable``."""
    if payload.startswith(b"\xdc"):
        raise CodeUnsupported("A 2D-Doc in its binary form is not read.", code="binary-code")
    if len(payload) > MOST_BYTES:
        raise CodeUnreadable("A 2D-Doc is longer than a barcode can be.", code="bad-code")
    # ISO 8859-1 gives each byte its own character, so that positions in the text are positions in the bytes.
    text = payload.decode("latin-1")
    head, after_header = _header(text)
    covered, separator, tail = text.partition(US)
    if not separator or len(covered) < after_header:
        raise CodeUnreadable("A 2D-Doc carries no signature.", code="no-signature-in-code")
    written, annex, _ = tail.partition(GS)
    return Code(
        version=head["version"],
        authority_id=head["authority"],
        certificate_id=head["certificate"],
        emitted_on=day_of_hex(head["emitted"]),
        signed_on=day_of_hex(head["signed"]),
        document_type=head["type"],
        fields=tuple(_unrepeated(_fields(covered[after_header:]))),
        signed=covered.encode("latin-1"),
        signature=_signature(written),
        annex=bool(annex),
    )


def _header(text: str) -> tuple[re.Match[str], int]:
    """The header, and where the message starts: after 22, 24 or 26 characters."""
    head = _HEADER.match(text)
    if not head:
        if re.match(r"DC\d\d", text) and text[2:4] not in _AFTER_TYPE:
            raise CodeUnsupported("A 2D-Doc of this version is not read.", code="unsupported-code-version")
        raise CodeUnreadable("The header of a 2D-Doc is damaged.", code="bad-code")
    rest = _AFTER_TYPE[head["version"]].match(text, head.end())
    if not rest:
        raise CodeUnreadable("The header of a 2D-Doc is damaged.", code="bad-code")
    if rest["perimeter"] not in {"", "01"}:
        # Another perimeter gives its own meaning and length to the same identifiers.
        raise CodeUnsupported("A 2D-Doc of a private perimeter is not read.", code="unsupported-perimeter")
    return head, rest.end()


def _fields(message: str) -> Iterator[Field]:
    sheets = field_sheets()
    at = 0
    while at < len(message):
        sheet = sheets.get(message[at : at + 2])
        if sheet is None:
            raise CodeUnreadable(
                "A 2D-Doc holds a field we do not know, so what follows cannot be told apart.", code="unknown-field"
            )
        at += 2
        if sheet.length is None:
            end = _end(message, at, sheet.longest)
            yield Field(sheet, message[at:end], cut=message.startswith(RS, end))
            at = end + message.startswith((GS, RS), end)
        else:
            end = at + sheet.length
            value = message[at:end]
            if len(value) < sheet.length or GS in value or RS in value:
                raise CodeUnreadable("A field of a 2D-Doc is shorter than it must be.", code="short-field")
            yield Field(sheet, value)
            # Some issuers end fields of fixed length too; no identifier starts with a separator.
            at = end + message.startswith(GS, end)


def _end(message: str, at: int, longest: int | None) -> int:
    """Where a field of variable length ends: at the first separator, at its greatest length, or with the message."""
    ends = [found for found in (message.find(GS, at), message.find(RS, at)) if found >= 0]
    if longest is not None:
        ends.append(at + longest)
    return min([*ends, len(message)])


def _unrepeated(fields: Iterator[Field]) -> Iterator[Field]:
    seen: set[str] = set()
    for field in fields:
        if field.sheet.id in seen:
            raise CodeUnreadable("A 2D-Doc holds the same field twice.", code="repeated-field")
        seen.add(field.sheet.id)
        yield field


def _signature(written: str) -> bytes:
    try:
        signature = base64.b32decode(written + "=" * (-len(written) % 8))
    except ValueError:
        signature = b""
    # Spare bits of the last character must be zero: two texts must not stand for one signature.
    if not signature or base64.b32encode(signature).decode("ascii").rstrip("=") != written:
        raise CodeUnreadable("The signature of a 2D-Doc is damaged.", code="bad-signature-text")
    return signature
