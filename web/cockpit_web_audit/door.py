"""The door of the house: its access key in a cookie, its own pages alone for changes, its own name alone as host."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "audit_house"
ENTRY = "/entrer"
MOST_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Door:
    """ASGI middleware. Whoever shows ``access_key`` once, in the printed address, comes in; nobody else does."""

    app: ASGIApp
    access_key: str = field(repr=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = self._refusal(Request(scope))
        await (answer or self.app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        if request.url.path.startswith("/static/"):
            return None
        if request.url.path == ENTRY and request.method == "GET":
            return self._entered(request.query_params.get("cle", ""))
        if not self._is_key(request.cookies.get(COOKIE, "")):
            words = "Ouvrez l'adresse affichée au démarrage. / Open the address printed at the start.\n"
            return PlainTextResponse(words, 403)
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BODY or "transfer-encoding" in request.headers:
            return PlainTextResponse("413\n", 413)
        if request.method not in {"GET", "HEAD"} and not _from_our_pages(request):
            return PlainTextResponse("403\n", 403)
        return None

    def _entered(self, shown: str) -> Response:
        if not self._is_key(shown):
            return PlainTextResponse("403\n", 403)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, self.access_key, httponly=True, samesite="strict")
        return answer

    def _is_key(self, shown: str) -> bool:
        return hmac.compare_digest(shown.encode("utf-8", "replace"), self.access_key.encode())


def _from_our_pages(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    # Browsers without Fetch Metadata send Origin with a form; what sends neither is no browser.
    return request.headers.get("origin") == f"{request.url.scheme}://{request.headers.get('host')}"
