"""One sheet of paper: a title, lines of text, perhaps a barcode, and the word SPECIMEN across it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

import zxingcpp
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

BANNER = "DÉMONSTRATION / SPECIMEN — document fictif, sans aucune valeur"
MODULE = 2.4
"""The side of one cell of a DataMatrix in points: whole pixels at 150 and 300 dpi. Half the size is often lost."""

CODE_LEFT, CODE_BOTTOM = 57.6, 81.6
"""The lower left corner of the code, in points, on the same grid of pixels."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """``rows`` are printed one under the other, the first cell on the left and the second to the right."""

    title: str
    issuer: Sequence[str]
    addressee: Sequence[str]
    rows: Sequence[tuple[str, str]]
    code: str | None = None
    signature_line: str = ""


def draw(sheet: Sheet) -> bytes:
    """The sheet as a one-page PDF, the same bytes for the same sheet."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, lang="fr-FR")
    canvas.setTitle(sheet.title)
    canvas.setSubject(BANNER)
    _watermark(canvas)
    _head(canvas, sheet)
    for line, (left, right) in enumerate(sheet.rows):
        height = A4[1] - (105 + 7 * line) * mm
        canvas.drawString(20 * mm, height, left)
        canvas.drawRightString(190 * mm, height, right)
    if sheet.code:
        _data_matrix(canvas, sheet.code)
        canvas.setFont("Helvetica", 7)
        canvas.drawString(20 * mm, 24 * mm, sheet.signature_line)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _watermark(canvas: Canvas) -> None:
    canvas.saveState()
    canvas.setFillGray(0.9)
    canvas.setFont("Helvetica-Bold", 58)
    canvas.translate(A4[0] / 2, A4[1] / 2)
    canvas.rotate(52)
    canvas.drawCentredString(0, 22, "DÉMONSTRATION")
    canvas.drawCentredString(0, -42, "SPECIMEN")
    canvas.restoreState()
    canvas.setFont("Helvetica-Bold", 9)
    canvas.drawCentredString(A4[0] / 2, A4[1] - 10 * mm, BANNER)
    canvas.drawCentredString(A4[0] / 2, 10 * mm, BANNER)


def _head(canvas: Canvas, sheet: Sheet) -> None:
    canvas.setFont("Helvetica", 10)
    for line, text in enumerate(sheet.issuer):
        canvas.drawString(20 * mm, A4[1] - (25 + 5 * line) * mm, text)
    for line, text in enumerate(sheet.addressee):
        canvas.drawString(115 * mm, A4[1] - (50 + 5 * line) * mm, text)
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(20 * mm, A4[1] - 88 * mm, sheet.title)
    canvas.setFont("Helvetica", 10)


def _data_matrix(canvas: Canvas, text: str) -> None:
    """The code at the bottom left, as vectors, so that any resolution reads it."""
    image = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix).to_image()
    # The image is a buffer of rows of grey levels, which its stubs do not say.
    cells = cast("list[list[int]]", memoryview(cast("bytes", image)).tolist())
    for row, levels in enumerate(reversed(cells)):
        column = 0
        # Neighbouring dark cells are one rectangle, so that no hairline shows between them.
        for dark, run in groupby(level == 0 for level in levels):
            width = len(list(run))
            if dark:
                left, below = CODE_LEFT + column * MODULE, CODE_BOTTOM + row * MODULE
                canvas.rect(left, below, width * MODULE, MODULE, stroke=0, fill=1)
            column += width
