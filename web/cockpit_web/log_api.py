"""The log's public doors: the signed checkpoint, and the proof that an entry is in it. They say nothing personal."""

from __future__ import annotations

import base64

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from cockpit.archive.receipts import receipts_name
from cockpit.domain.errors import NotFound
from cockpit.tlog.note import vkey
from cockpit_web.visitor import Core

router = APIRouter()


@router.get("/log/checkpoint")
def show_checkpoint(cockpit: Core) -> Response:
    """The newest signed checkpoint (C2SP tlog-checkpoint)."""
    with cockpit.database.read() as connection:
        _, note = cockpit.ledger.checkpoint(connection)
    return Response(note, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"})


@router.get("/log/keys")
def show_keys(cockpit: Core) -> Response:
    """The verifier keys of the log and of the receipts (C2SP signed-note), to compare with an archive's."""
    origin, operator = cockpit.ledger.origin, cockpit.operator
    keys = {
        "log": vkey(origin, operator.log.verify_key()),
        "receipts": vkey(receipts_name(origin), operator.receipts.verify_key()),
    }
    return JSONResponse(keys)


@router.get("/log/proof/{index}")
def show_proof(cockpit: Core, index: int) -> Response:
    """The inclusion proof of one entry to the newest checkpoint (RFC 9162). Raises ``NotFound``."""
    with cockpit.database.read() as connection:
        size, note = cockpit.ledger.checkpoint(connection)
        if not 0 <= index < size:
            raise NotFound("the log has no such entry")
        proof = cockpit.ledger.inclusion_proof(connection, index, size)
    hashes = [base64.b64encode(digest).decode() for digest in proof]
    return JSONResponse({"index": index, "proof": hashes, "checkpoint": note.decode()})
