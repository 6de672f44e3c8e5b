"""What a person drops stays in memory until it is sealed: no temporary file, whatever its size or its headers."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.formparsers import MultiPartParser

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import OpenedSpace
from cockpit_web.app import create_app
from cockpit_web.forms import InMemoryParser
from tests.canaries import assert_nowhere
from tests.watched import Watched, watched
from tests.web.test_sources import STATEMENT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

CANARY = "KANARIENVOGEL"
BOUNDARY = "b-o-u-n-d-a-r-y"
CHUNK = 64 * 1024
LARGE = 3 * 1024 * 1024
USUAL = "multipart/form-data"
OTHERS = ["Multipart/Form-Data", "MULTIPART/FORM-DATA ", " multipart/form-data"]
SPELLINGS = [USUAL, *(pytest.param(one, marks=pytest.mark.long) for one in OTHERS)]


def statement(size: int) -> bytes:
    """A bank statement of about ``size`` bytes, with the canary in every line."""
    head, line, tail = STATEMENT.partition(b"<STMTTRN>")
    lines = [
        f"<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261005<TRNAMT>-12.34<FITID>{CANARY}{n}<NAME>{CANARY} {n:060}</STMTTRN>\n"
        for n in range(size // 150)
    ]
    return head + "".join(lines).encode() + line + tail


def multipart(*files: bytes) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="fichiers"; filename="{CANARY}{n}.ofx"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for n, content in enumerate(files)
    ]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


@dataclass
class Browser:
    """A browser that sends its body in pieces, and looks for temporary files between them."""

    app: FastAPI
    cookie: str
    temporary: Watched
    taken: int = 0

    def drop(self, body: bytes, media_type: str = USUAL, *, announced: bool = True) -> int:
        """Send ``body`` to the page that takes files; its status. ``taken`` counts the bytes that were asked for."""
        pieces = iter([body[start : start + CHUNK] for start in range(0, len(body), CHUNK)])
        statuses: list[int] = []

        async def receive() -> dict[str, Any]:
            self.temporary.look()
            piece = next(pieces, b"")
            self.taken += len(piece)
            return {"type": "http.request", "body": piece, "more_body": bool(piece)}

        async def send(message: dict[str, Any]) -> None:
            self.temporary.look()
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        headers = {
            "host": "localhost:8000",
            "cookie": f"cockpit={self.cookie}",
            "sec-fetch-site": "same-origin",
            "content-type": f"{media_type}; boundary={BOUNDARY}",
        } | ({"content-length": str(len(body))} if announced else {})
        scope = {
            "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/sources/ajouter",
            "raw_path": b"/sources/ajouter", "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
            "server": ("localhost", 8000), "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }  # fmt: skip
        # In a thread of its own: a browser driven by this process leaves an event loop running in the main one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, self.app(scope, receive, send)).result()  # type: ignore[arg-type]
        (status,) = statuses
        return status


@pytest.fixture
def browser(cockpit: Cockpit, opened: OpenedSpace, tmp_path: Path) -> Iterator[Browser]:
    with watched(tmp_path / "temporary") as temporary:
        yield Browser(create_app(cockpit), opened.cookie, temporary)


@pytest.mark.parametrize("media_type", SPELLINGS)
def test_a_large_file_makes_no_temporary_file(
    browser: Browser, cockpit: Cockpit, opened: OpenedSpace, media_type: str
) -> None:
    assert browser.drop(multipart(statement(LARGE)), media_type) == 200
    assert browser.taken > LARGE
    assert browser.temporary.untouched(), browser.temporary.seen
    files = assert_nowhere(cockpit.settings.data, [CANARY])
    # It was kept: the sealed original is there.
    assert any(path.stat().st_size > 100_000 for path in files if "objects" in path.parts)


def test_neither_do_several_files_nor_one_that_nobody_can_read(browser: Browser) -> None:
    assert browser.drop(multipart(statement(LARGE // 10), bytes(LARGE), CANARY.encode() * 100_000)) == 200
    assert browser.temporary.untouched(), browser.temporary.seen


def test_neither_does_a_form_that_breaks_off(browser: Browser) -> None:
    assert browser.drop(multipart(statement(LARGE))[:-100_000] + b"\r\n--" + BOUNDARY.encode() + b"?") == 400
    assert browser.drop(multipart(statement(LARGE))[:-4]) == 400
    assert browser.temporary.untouched(), browser.temporary.seen


@pytest.mark.parametrize("announced", [True, False])
def test_more_than_a_cockpit_accepts_is_refused_before_it_is_read(browser: Browser, announced: bool) -> None:
    limit = 2 * browser.app.state.cockpit.settings.upload_bytes
    part = bytes(limit // 4)
    assert browser.drop(multipart(part, part, part, part, bytes(20 * CHUNK)), announced=announced) == 413
    assert browser.taken <= (0 if announced else limit + CHUNK)
    assert browser.temporary.untouched(), browser.temporary.seen


def test_the_watch_sees_the_files_it_is_there_for(tmp_path: Path) -> None:
    """Starlette's own parser leaves one above a mebibyte: with it, the tests above would fail."""
    assert MultiPartParser.spool_max_size == 1024 * 1024
    for size, spilled in ((MultiPartParser.spool_max_size, True), (InMemoryParser.spool_max_size, False)):
        with (
            watched(tmp_path / str(size)) as temporary,
            tempfile.SpooledTemporaryFile(max_size=size) as file,
        ):
            file.write(bytes(LARGE))
            temporary.look()
            assert bool(temporary.seen) is spilled
            assert temporary.untouched() is not spilled
    with watched(tmp_path / "gone") as temporary:
        with tempfile.NamedTemporaryFile():
            pass
        assert not temporary.untouched()
