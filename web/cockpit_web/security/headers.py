"""Security headers on every response, strict enough that a page can hold no inline script or style."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORM_TARGET = "form_target"
"""The key of ``request.state`` under which a page names the one outside origin its form may be redirected to."""

FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
"""The policy of a downloaded original file: even opened in place, it may do nothing."""

_YEAR = 31_536_000
_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "X-Frame-Options": "DENY",
}


def page_policy(form_target: str | None = None) -> str:
    """The content security policy (CSP level 3) of a page.

    ``form_target`` is the origin of a registered redirect address: browsers apply ``form-action`` to the redirect
    that follows a post, so the page where a person answers a service must name where the answer goes.
    """
    form_action = f"'self' {form_target}" if form_target else "'self'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        f"connect-src 'self'; form-action {form_action}; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types cockpit"
    )


def allow_form_target(request: Request, redirect_uri: str) -> None:
    """Let this one response's form lead to the origin of ``redirect_uri``, an address registered by the service."""
    parts = urlsplit(redirect_uri)
    setattr(request.state, FORM_TARGET, f"{parts.scheme}://{parts.netloc}")


@dataclass(frozen=True, slots=True)
class SecurityHeaders:
    """ASGI middleware. A response that sets one of these headers itself keeps its own."""

    app: ASGIApp
    secure: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(scope=message), scope)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _complete(self, headers: MutableHeaders, scope: Scope) -> None:
        for name, value in _FIXED.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", page_policy(scope.get("state", {}).get(FORM_TARGET)))
        headers.setdefault("Cache-Control", _caching(scope))
        if self.secure:
            headers.setdefault("Strict-Transport-Security", f"max-age={2 * _YEAR}; includeSubDomains")


def _caching(scope: Scope) -> str:
    if not scope["path"].startswith("/static/"):
        return "no-store"
    # A static address that carries its file's fingerprint never changes meaning.
    return f"public, max-age={_YEAR}, immutable" if b"v=" in scope["query_string"] else "public, max-age=3600"
