"""A picture of a document's first page, made by the reading child: the parent never decodes the file."""

from __future__ import annotations

from cockpit.sources import wire
from cockpit.sources.running import Child, Ended, Limits

PREVIEW_TYPE = "image/webp"
PREVIEW_BYTES = 512 * 1024
"""A preview larger than this is not one of ours."""

LIMITS = Limits(
    memory_bytes=1024 * 1024 * 1024, cpu_seconds=15, wall_seconds=20.0, outcomes=2, output_bytes=2 * PREVIEW_BYTES
)

_BEGINNINGS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"PK\x03\x04", "application/zip"),
)


def media_type_of(content: bytes) -> str:
    """The media type a file's first bytes tell; ``text/plain`` or ``application/octet-stream`` otherwise."""
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    if _is_webp(content):
        return "image/webp"
    head = content[:4096]
    # Whatever its encoding (UTF-16 apart), a text holds no control character but white space.
    controls = {byte for byte in head if byte < 0x20 and byte not in b"\t\n\r\f"}
    return "text/plain" if head and not controls else "application/octet-stream"


def preview(content: bytes, limits: Limits = LIMITS) -> bytes | None:
    """A WebP of the first page or of the picture, at most 480 pixels a side; None when there is none to make.

    Raises nothing that a file can cause: whatever it does, it does to a confined child.
    """
    media_type = media_type_of(content)
    if media_type != "application/pdf" and not media_type.startswith("image/"):
        return None
    try:
        with Child(wire.Depict(content, media_type), limits, _never) as child:
            pictures = [frame.content for frame in child.frames() if isinstance(frame, wire.Depicted)]
    except Ended:
        return None
    # The child has read a hostile file: what it gives is kept only if it looks like what we will serve it as.
    fit = [each for each in pictures if _is_webp(each) and len(each) <= PREVIEW_BYTES]
    return fit[0] if fit else None


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _never() -> bool:
    return False
