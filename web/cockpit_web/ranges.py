"""Part of a file on request: the Range header of RFC 9110 section 14, for bytes and one range at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from starlette.responses import Response, StreamingResponse

from cockpit.store.files import OpenFile

_ONE_RANGE = re.compile(r"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from ``start`` up to, not including, ``stop``."""

    start: int
    stop: int


class Unsatisfiable(Exception):
    """Nothing of the file is in the range asked for (RFC 9110 section 15.5.17)."""


def span_asked(header: str | None, length: int) -> Span | None:
    """The part of a file of ``length`` bytes that a Range header asks for; None for the whole.

    A header that is not understood, or asks for several ranges at once, is ignored (RFC 9110 section 14.2). Raises
    ``Unsatisfiable``.
    """
    found = _ONE_RANGE.fullmatch(header or "")
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, stop = max(0, length - int(suffix)), length
    else:
        start, stop = int(first), min(int(last) + 1 if last else length, length)
        if last and int(last) < int(first):
            return None
    if start >= length or start >= stop:
        raise Unsatisfiable
    return Span(start, stop)


def stream_file(file: OpenFile, asked: str | None, headers: Mapping[str, str], media_type: str) -> Response:
    """The file or the part of it that is asked for, piece by piece; 206 or 416 as RFC 9110 says.

    Its first piece is read before the answer begins, so that what keeps it from being read is explained in words.
    """
    headers = {**headers, "Accept-Ranges": "bytes"}
    try:
        span = span_asked(asked, file.length)
    except Unsatisfiable:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{file.length}"})
    start, stop, status = (span.start, span.stop, 206) if span else (0, file.length, 200)
    if span:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.length}"
    headers["Content-Length"] = str(stop - start)
    return StreamingResponse(_begun(file.read(start, stop)), status, headers, media_type)


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return chain([next(pieces, b"")], pieces)
