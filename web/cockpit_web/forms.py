"""What a form sent: its fields as text, its files in memory; never more than a form of ours could send."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Annotated

from fastapi import Depends
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from cockpit.domain.errors import CockpitError
from cockpit_web.languages import translate
from cockpit_web.wording import CITIZEN, EXPLAINED, FORM_SENTENCES

MAX_FIELDS = 300
MAX_FILES = 40


class InMemoryParser(MultiPartParser):
    """Starlette's parser, kept from writing what a person drops to a temporary file in clear.

    What it may hold is bounded by the limit on bodies, ``BodyLimit``.
    """

    spool_max_size = 0
    """Never: ``tempfile.SpooledTemporaryFile`` stays in memory whatever its size."""

    ended = False
    """Whether the last boundary has come (RFC 2046 section 5.1.1)."""

    def on_end(self) -> None:
        """The last boundary has come."""
        self.ended = True

    async def parse(self) -> FormData:
        """The whole form. Raises ``MultiPartException`` for one that breaks off: its last file would be missing."""
        form = await super().parse()
        if not self.ended:
            for file in self._files_to_close_on_error:
                file.close()
            raise MultiPartException("The form breaks off.")
        return form


async def submitted(request: Request) -> AsyncIterator[FormData]:
    """The form of this request. Raises ``HTTPException`` 400 when it is malformed, 413 when it is too large."""
    # Asked as Starlette asks: a media type in capitals must not get past our parser and to its own.
    media_type, _ = parse_options_header(request.headers.get("content-type"))
    if media_type == b"multipart/form-data":
        parser = InMemoryParser(request.headers, request.stream(), max_files=MAX_FILES, max_fields=MAX_FIELDS)
        try:
            form = await parser.parse()
        except MultiPartException as error:
            raise HTTPException(400) from error
    else:
        form = await request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS)
    try:
        yield form
    finally:
        await form.close()


Submitted = Annotated[FormData, Depends(submitted)]


def text(form: FormData | Mapping[str, str], name: str) -> str:
    """One field as text; empty when it is missing, or is a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def sentence_for(language: str, error: CockpitError) -> str:
    """What the form says of an error the person can mend."""
    sentence = FORM_SENTENCES.get(error.reason)
    if sentence is None:
        return translate(language, EXPLAINED.get(error.reason, CITIZEN).happened)
    known = {name: str(value) for name, value in error.details.items()}
    return translate(language, sentence) % known if known else translate(language, sentence)
