"""Cross-site refusals: a change is accepted only from our own pages (Fetch Metadata, then ``Origin``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from cockpit_web.problems import answer_problem
from cockpit_web.wording import CROSS_SITE

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class CrossSiteGuard:
    """ASGI middleware. ``is_open`` tells the addresses that read no cookie, and so need no guard."""

    app: ASGIApp
    issuer: str
    is_open: Callable[[str], bool]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._allowed(Request(scope)):
            response = answer_problem(Request(scope), CROSS_SITE, 403)
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _allowed(self, request: Request) -> bool:
        if request.method in SAFE_METHODS or self.is_open(request.url.path):
            return True
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            # ``none`` is the person's own doing: a reload or the address bar.
            return site in {"same-origin", "none"}
        # Browsers without Fetch Metadata all send Origin with a form post; what sends neither is no browser.
        origin = request.headers.get("origin")
        return origin is not None and origin in {self.issuer, f"{request.url.scheme}://{request.headers.get('host')}"}
