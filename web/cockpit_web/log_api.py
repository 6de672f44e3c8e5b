"""The logs' public doors: signed checkpoints, tiles, entries, batches, proofs. They say nothing personal."""

from __future__ import annotations

import base64

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import JSONResponse, Response

from cockpit.domain.errors import NotFound
from cockpit.receipts.signed_records import receipts_name
from cockpit.store import cosigned, log_rows
from cockpit.store.log_rows import LogHead
from cockpit.tlog import logs
from cockpit.tlog.logs import CONSENT
from cockpit.tlog.merkle import HASH_BYTES
from cockpit.tlog.note import vkey
from cockpit.tlog.tiles import WIDTH, Tile, Wanted, bundle, parse_path
from cockpit_web.visitor import Core

router = APIRouter()

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"
"""For what a log may stop serving: a partial tile that has become a full one, entries of a month that expired."""


@router.get("/log/keys")
def show_keys(cockpit: Core) -> Response:
    """The verifier keys of the consent log and of the receipts, then of every log (C2SP signed-note)."""
    origin, operator = cockpit.ledger.origin, cockpit.operator
    with cockpit.database.read() as connection:
        names = cockpit.ledger.logs(connection)
    key = operator.log.verify_key()
    keys = {
        "log": vkey(logs.origin_of(origin, CONSENT), key),
        "receipts": vkey(receipts_name(origin), operator.receipts.verify_key()),
        "logs": {log: vkey(logs.origin_of(origin, log), key) for log in names},
    }
    return JSONResponse(keys)


@router.get("/log/{log}/checkpoint")
def show_checkpoint(cockpit: Core, log: str) -> Response:
    """A log's newest signed checkpoint (C2SP tlog-checkpoint), with its cosignatures when witnesses have seen it.

    Raises ``NotFound``.
    """
    with cockpit.database.read() as connection:
        # The consent log is there from the first day, empty if need be.
        name = CONSENT if log == CONSENT else _head(connection, log).log
        size, note = cockpit.ledger.checkpoint(connection, name)
        witnessed = cosigned.find(connection, name)
        if witnessed.size == size and witnessed.note:
            note = witnessed.note
    return Response(note, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"})


@router.get("/log/{log}/tile/{path:path}")
def show_tile(cockpit: Core, log: str, path: str) -> Response:
    """A tile or an entry bundle (C2SP tlog-tiles). Raises ``NotFound``."""
    try:
        wanted = parse_path(path)
    except ValueError as error:
        raise NotFound("the log has no such tile") from error
    with cockpit.database.read() as connection:
        head = _head(connection, log)
        content = _tile(connection, head, wanted) if wanted.available(head.size) else b""
    if not content:
        raise NotFound("the log has no such tile")
    lasting = wanted.level is not None and wanted.width == WIDTH
    return _bytes(content, FOR_EVER if lasting else FOR_A_DAY)


@router.get("/log/{log}/batch/{index}")
def show_batch(cockpit: Core, log: str, index: int) -> Response:
    """The records that the leaf at ``index`` stands for, as an entry bundle. Raises ``NotFound``."""
    with cockpit.database.read() as connection:
        records = log_rows.batch_records(connection, _head(connection, log).log, _small(index))
    if records is None:
        raise NotFound("the log has no such batch")
    return _bytes(records, FOR_A_DAY)


@router.get("/log/{log}/proof/{index}")
def show_proof(cockpit: Core, log: str, index: int) -> Response:
    """The inclusion proof of one entry to its log's newest checkpoint (RFC 9162). Raises ``NotFound``."""
    with cockpit.database.read() as connection:
        head = _head(connection, log)
        if not 0 <= index < head.size:
            raise NotFound("the log has no such entry")
        proof = cockpit.ledger.inclusion_proof(connection, index, head.size, head.log)
    hashes = [base64.b64encode(digest).decode() for digest in proof]
    return JSONResponse({"index": index, "proof": hashes, "checkpoint": head.checkpoint.decode()})


def _head(connection: Connection, log: str) -> LogHead:
    try:
        head = log_rows.find_head(connection, logs.parse_name(log))
    except ValueError:
        head = None
    if head is None:
        raise NotFound("there is no such log")
    return head


def _tile(connection: Connection, head: LogHead, wanted: Wanted) -> bytes:
    if wanted.level is None:
        leaves = log_rows.bundled(connection, head.log, wanted.index * WIDTH, wanted.width)
        return bundle(leaves) if len(leaves) == wanted.width else b""
    tile = Tile(wanted.level, wanted.index)
    found = log_rows.find_tiles(connection, head.log, [tile]).get(tile, b"")
    return found[: wanted.width * HASH_BYTES]


def _small(index: int) -> int:
    """An index that a database can hold. Raises ``NotFound``."""
    if not 0 <= index < 1 << 31:
        raise NotFound("the log has no such entry")
    return index


def _bytes(content: bytes, caching: str) -> Response:
    return Response(content, media_type="application/octet-stream", headers={"Cache-Control": caching})
