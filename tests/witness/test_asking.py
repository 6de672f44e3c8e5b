"""A log asks real witnesses over HTTP: who cosigned, who failed and why."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from cockpit.sealing.signing import SigningKey
from cockpit.tlog.cosignature import cosign, find_cosignatures
from cockpit.tlog.note import COSIGNATURE, Verifier, open_note, parse_note, print_signature
from cockpit.tlog.quorum import Group, Quorum, TrustedWitness, check_quorum
from cockpit.witness.asking import Asked, ask_witnesses
from cockpit.witness.cosigning import Witness
from cockpit.witness.identity import Identity
from cockpit.witness.memory import Memory
from cockpit_web.witness import create_witness_app
from tests.published_log import grown

LOG = grown(300)
Serve = Callable[[Starlette], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an application on this machine; its address."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def witness(folder: Path, name: str) -> Witness:
    identity = Identity(name, SigningKey.generate())
    return Witness(identity, (LOG.verifier,), Memory(folder / f"{name}.sqlite"), lambda: 1_800_000_000)


def answering(respond: Callable[[bytes], Response]) -> Starlette:
    async def add_checkpoint(request: Request) -> Response:
        return respond(await request.body())

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])


@pytest.mark.parametrize("known", [0, 3, 7, 255])
def test_every_witness_cosigns_whatever_size_the_log_remembered(tmp_path: Path, serve: Serve, known: int) -> None:
    witnesses = [witness(tmp_path, name) for name in ("w1", "w2", "w3")]
    asked = [Asked(one.identity.verifier(), serve(create_witness_app(one)) + "/") for one in witnesses]
    first = ask_witnesses(LOG.note(7), asked, {}, LOG.consistency)
    assert (first.sizes, first.failed) == ({"w1": 7, "w2": 7, "w3": 7}, {})
    # A wrong memory costs one more question, which the answer of the first one settles.
    done = ask_witnesses(LOG.note(300), asked, {"w1": known, "w2": 7}, LOG.consistency)
    assert (done.sizes, done.failed) == ({"w1": 300, "w2": 300, "w3": 300}, {})
    keys = [one.key for one in asked]
    assert len(find_cosignatures(done.note, keys)) == 3
    assert open_note(done.note, LOG.origin, LOG.key.verify_key()) == parse_note(LOG.note(300))[0]
    members = tuple(TrustedWitness(key.name, key) for key in keys)
    quorum = Quorum("all", (), members, (Group("all", 3, ("w1", "w2", "w3")),))
    assert check_quorum(quorum, done.note, LOG.verifier).checkpoint.size == 300


def test_each_failure_is_said_and_the_others_cosign(tmp_path: Path, serve: Serve) -> None:
    good, stranger = witness(tmp_path, "good"), SigningKey.generate()
    key = Verifier("bad", SigningKey.generate().verify_key(), COSIGNATURE)
    forged = f"{print_signature(cosign(parse_note(LOG.note(300))[0], 'bad', stranger, 5))}\n".encode()
    size = {"Content-Type": "text/x.tlog.size"}
    bad: dict[str, Callable[[bytes], Response]] = {
        "no line of it is by its key": lambda body: Response(forged),
        "not a signed note": lambda body: Response(b"\x00"),
        "too long": lambda body: Response(b"x" * 100_000),
        "answered 307": lambda body: Response(b"", 307, {"Location": "http://127.0.0.1:1/"}),
        "answered 403": lambda body: Response(b"", 403),
        "answered 409": lambda body: Response(b"7\n", 409),
        "no size": lambda body: Response(b"07\n", 409, size),
        "knows 301 entries": lambda body: Response(b"301\n", 409, size),
        "another root at 0": lambda body: Response(b"0\n", 409, size),
    }
    for why, respond in bad.items():
        asked = [
            Asked(key, serve(answering(respond))),
            Asked(good.identity.verifier(), serve(create_witness_app(good))),
        ]
        done = ask_witnesses(LOG.note(300), asked, {}, LOG.consistency)
        assert why in done.failed.pop("bad")
        assert (done.sizes, done.failed) == ({"good": 300}, {})


def test_a_witness_that_is_silent_slow_or_absent_is_given_up(serve: Serve) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x"
            await asyncio.sleep(0.05)

    key = Verifier("bad", SigningKey.generate().verify_key(), COSIGNATURE)
    dripping = serve(answering(lambda body: StreamingResponse(drip())))
    for url in (dripping, "http://127.0.0.1:1", "no address", "http://[", "ftp://127.0.0.1"):
        began = time.monotonic()
        done = ask_witnesses(LOG.note(300), [Asked(key, url)], {}, LOG.consistency, seconds=0.3)
        assert set(done.failed) == {"bad"} and done.note == LOG.note(300)
        assert time.monotonic() - began < 2


def test_a_fork_is_refused_by_the_witness_that_saw_the_other_history(tmp_path: Path, serve: Serve) -> None:
    one = witness(tmp_path, "w1")
    asked = [Asked(one.identity.verifier(), serve(create_witness_app(one)))]
    ask_witnesses(LOG.note(7), asked, {}, LOG.consistency)
    other = grown(300, word="1", key=LOG.key)
    for size, why in ((7, "another root at 7"), (300, "answered 422")):
        done = ask_witnesses(other.note(size), asked, {"w1": 7}, other.consistency)
        assert why in done.failed["w1"] and done.note == other.note(size)


def test_the_door_takes_posts_of_a_bounded_size_and_nothing_else(tmp_path: Path, serve: Serve) -> None:
    address = serve(create_witness_app(witness(tmp_path, "w1")))
    with httpx2.Client(base_url=address) as client:
        assert client.get("/add-checkpoint").status_code == 405
        assert client.post("/").status_code == 404
        assert client.post("/add-checkpoint", content=b"x" * 200_000).status_code == 413
        answer = client.post("/add-checkpoint", content=b"old 3\n\n" + LOG.note(7))
        assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (409, "0\n", "text/x.tlog.size")
