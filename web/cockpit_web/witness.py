"""The door of a witness: one address, and nothing of the cockpit behind it."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.witness.cosigning import Witness
from cockpit.witness.request import MAX_BYTES


def create_witness_app(witness: Witness) -> Starlette:
    """``POST /add-checkpoint`` (C2SP tlog-witness); everything else is 404 or 405."""

    async def add_checkpoint(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BYTES:
                return Response("the request is above 128 KiB\n", 413, {"Connection": "close"}, "text/plain")
        # Hashing, signing and the disk's flush are not for the loop that others wait on.
        answer = await run_in_threadpool(witness.add_checkpoint, body)
        return Response(answer.body, answer.status, {"Content-Type": answer.media_type})

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])
