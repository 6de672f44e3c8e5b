"""The line to the cockpit: HTTP, with an assertion of its own for each request."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import httpx2
import msgspec
from joserfc import jwt
from joserfc.jwk import OKPKey

from cockpit.audit.faults import HouseError, NotAnswered
from cockpit.audit.house import House, fixed
from cockpit.audit.wire import AUDIENCE

T = TypeVar("T")

SECONDS = 60
"""How long an assertion lives, and how long an answer may take."""
MOST_BYTES = 64 * 1024 * 1024
"""The largest answer: a full page of batches is a tenth of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """Requests to one cockpit under one mandate."""

    http: httpx2.Client
    address: str
    mandate: str
    key: OKPKey = field(repr=False)
    clock: Callable[[], datetime]

    def get(self, path: str, shape: type[T], **parameters: str | int) -> T:
        """What an address of the audit API answers. Raises ``NotAnswered``."""
        return self._asked("GET", path, shape, parameters=parameters)

    def post(self, path: str, shape: type[T], body: object = None) -> T:
        """What an address answers to something sent. Raises ``NotAnswered``."""
        return self._asked("POST", path, shape, body=msgspec.json.encode(body) if body is not None else b"")

    def _asked(
        self, method: str, path: str, shape: type[T], *, parameters: dict[str, str | int] | None = None,
        body: bytes = b"",
    ) -> T:  # fmt: skip
        headers = {"Authorization": f"Bearer {self._assertion()}"}
        url = f"{self.address}{AUDIENCE}/{path}"
        try:
            with self.http.stream(method, url, params=parameters or {}, content=body, headers=headers) as answer:
                content = _within_limit(answer)
        except httpx2.HTTPError as error:
            raise NotAnswered(f"{self.address} does not answer: {type(error).__name__}") from error
        if answer.status_code != 200:
            raise _refusal(content, answer.status_code)
        try:
            return msgspec.json.decode(content, type=shape)
        except msgspec.MsgspecError as error:
            raise NotAnswered(f"the cockpit's answer to {path} has another form", code="other_form") from error

    def _assertion(self) -> str:
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.mandate, "sub": self.mandate, "aud": self.address + AUDIENCE, "iat": now, "exp": now + SECONDS,
            "jti": secrets.token_urlsafe(18),
        }  # fmt: skip
        return jwt.encode({"alg": "Ed25519"}, claims, self.key, algorithms=["Ed25519"])


@contextmanager
def line_of(house: House, clock: Callable[[], datetime]) -> Iterator[Line]:
    """The line of a house that has joined. Raises ``HouseError``."""
    with house.reading() as kept:
        address, mandate = fixed(kept, "cockpit"), fixed(kept, "mandate")
    if not address:
        raise HouseError("this house has not joined a cockpit; run: cockpit audit join ADDRESS MANDATE")
    with httpx2.Client(timeout=SECONDS) as http:
        yield Line(http, address, mandate, OKPKey.import_key(house.key_pem()), clock)


def _within_limit(answer: httpx2.Response) -> bytes:
    """The answer's body: a cockpit that lies may also send without end. Raises ``NotAnswered``."""
    content = bytearray()
    for chunk in answer.iter_bytes():
        content += chunk
        if len(content) > MOST_BYTES:
            raise NotAnswered("the cockpit's answer is larger than any page", code="too_large")
    return bytes(content)


class _Problem(msgspec.Struct):
    detail: str = ""
    code: str = ""


def _refusal(body: bytes, status: int) -> NotAnswered:
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except msgspec.MsgspecError:
        problem = _Problem()
    words = "".join(character for character in problem.detail if character.isprintable())
    said = f"the cockpit answered {status}: {words[:300]}"
    return NotAnswered(said, code=problem.code[:40] or "not_answered")
