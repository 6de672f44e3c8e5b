"""In the reading child only: draw a PDF's first page, or a picture, small."""

from __future__ import annotations

import io
import math
import warnings

import pypdfium2
from PIL import Image, ImageOps

LONGEST_SIDE = 480
MOST_PIXELS = 60_000_000
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")


def depict(content: bytes, media_type: str) -> bytes:
    """A WebP of at most ``LONGEST_SIDE`` pixels a side. Raises whatever the file makes its library raise."""
    picture = _first_page(content) if media_type == "application/pdf" else _picture(content)
    paper = Image.new("RGB", picture.size, "white")
    layer = picture.convert("RGBA")
    paper.paste(layer, mask=layer.getchannel("A"))
    out = io.BytesIO()
    # Drawn anew: nothing of the original's metadata (place, device, author) goes along.
    paper.save(out, "WEBP", quality=80, method=4)
    return out.getvalue()


def _first_page(content: bytes) -> Image.Image:
    document = pypdfium2.PdfDocument(content)
    page = document[0]
    width, height = page.get_size()
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise ValueError("a page without a size")
    picture: Image.Image = page.render(scale=LONGEST_SIDE / max(width, height)).to_pil()
    return picture


def _picture(content: bytes) -> Image.Image:
    warnings.simplefilter("ignore")
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError("too many pixels to draw")
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return upright
