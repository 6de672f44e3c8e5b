"""Coach énergie: a small service that asks a cockpit for energy data, with public OAuth libraries only.

It shows what any service has to do: register its declared use, push a request, send the person, check what comes
back, read, and stop when it is told to. Settings come from the environment; see README.md.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import secrets
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
import uvicorn
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jws
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from advice import advice

ISSUER = os.environ.get("COACH_ISSUER", "http://localhost:8000").rstrip("/")
PORT = int(os.environ.get("COACH_PORT", "9000"))
REGISTRATION_TOKEN = os.environ.get("COACH_REGISTRATION_TOKEN", "")
HOME = f"http://localhost:{PORT}"
CALLBACK = f"{HOME}/retour"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
USE = "energy-advice-v1"
FIELDS = {
    "energy.series": ["interval", "start", "unit", "values"],
    "invoice.document": ["issue_date", "total"],
}

# What the cockpit's words mean to the person. The sentences it sends with them are for whoever wrote the service.
REFUSALS = {
    "invalid_authorization_details": "Cette demande dépasse ce que notre service a déclaré. Rien n'a été transmis.",
    "quota-spent": "Nous avons déjà lu vos données autant de fois que vous l'avez permis. Revenez plus tard.",
    "expired": "Votre accord est arrivé à sa fin.",
    "not-declared": "Notre service ne déclare plus cet usage.",
}
# What we sign once we did what a person's decision asks of us, by the cockpit's name for it.
STATEMENTS = {"acknowledge": "consent-acknowledgement+json", "erase": "erasure-statement+json"}
STYLE = """
:root{color-scheme:light dark;--ink:#17251d;--ground:#f4f8f2;--card:#fff;--leaf:#1f6b3f;--on:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6f0e8;--ground:#101713;--card:#18211b;--leaf:#7fd3a0;--on:#0b1a11}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:18px/1.6 system-ui,sans-serif}
main{max-width:40rem;margin:0 auto;padding:2rem 1.25rem}h1{line-height:1.2;margin:.2rem 0 1rem}
.card{background:var(--card);border-radius:1rem;padding:1.25rem 1.5rem;margin:1rem 0;border:1px solid #8883}
button,.button{font:inherit;font-weight:600;min-height:44px;padding:.6rem 1.2rem;border-radius:.7rem;border:0;
background:var(--leaf);color:var(--on);cursor:pointer;text-decoration:none;display:inline-block}
button.quiet{background:none;color:inherit;border:2px solid currentColor}li{margin:.5rem 0}
.brand{color:var(--leaf);font-weight:700;letter-spacing:.02em}form{display:inline-block;margin:.4rem .6rem .4rem 0}
a{color:inherit}
"""


class ShortAssertion(PrivateKeyJWT):  # type: ignore[misc]
    """Authlib signs for an hour; a cockpit accepts five minutes."""

    def sign(self, auth: Any, token_endpoint: str) -> str:
        signed: str = private_key_jwt_sign(
            auth.client_secret, client_id=auth.client_id, token_endpoint=token_endpoint, alg="ES256", expires_in=60
        )
        return signed


@dataclass
class Client:
    """Who we are at the cockpit: an id and a key pair, made at each start and registered once."""

    metadata: dict[str, Any]
    client_id: str
    key: ECKey

    def session(self) -> OAuth2Client:
        """An Authlib client that authenticates with our key. The audience is the issuer, not the endpoint."""
        session = OAuth2Client(self.client_id, self.key, token_endpoint_auth_method="private_key_jwt")  # noqa: S106
        session.register_client_auth_method(ShortAssertion(self.metadata["issuer"]))
        return session

    def assertion(self) -> str:
        """A fresh signed assertion, for the endpoint that Authlib does not know (RFC 9126)."""
        signed: str = private_key_jwt_sign(
            self.key, client_id=self.client_id, token_endpoint=self.metadata["issuer"], alg="ES256", expires_in=60
        )
        return signed


@dataclass
class Pending:
    """One visitor's request under way."""

    state: str
    verifier: str


@dataclass
class Shelf:
    """What this little service remembers, in memory only, by visitor."""

    pending: dict[str, Pending] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)


shelf = Shelf()
client: Client | None = None


def registered() -> Client:
    """Discover the cockpit (RFC 8414) and register the use we declare (RFC 7591)."""
    metadata = httpx2.get(f"{ISSUER}/.well-known/oauth-authorization-server", timeout=10).raise_for_status().json()
    if metadata["issuer"] != ISSUER:
        raise SystemExit("the cockpit says it is somebody else")
    key = ECKey.generate_key("P-256", {"use": "sig"}, private=True)
    description = {
        "client_name": "Coach énergie",
        "client_uri": HOME,
        "contacts": ["bonjour@coach-energie.example"],
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [key.as_dict(private=False)]},
        "declared_uses": [{"use": USE, "fields": FIELDS, "retention": "P6M"}],
    }
    answer = httpx2.post(
        metadata["registration_endpoint"],
        json=description,
        headers={"Authorization": f"Bearer {REGISTRATION_TOKEN}"},
        timeout=10,
    )
    if answer.status_code != 201:
        raise SystemExit(f"registration was refused: {answer.json().get('error_description')}")
    return Client(metadata, answer.json()["client_id"], key)


def us() -> Client:
    """Our registration, made on first need."""
    global client  # noqa: PLW0603 - one registration a run
    client = client or registered()
    return client


def details(*, too_much: bool) -> str:
    """What we ask (RFC 9396): a year of consumption, and the invoices if the person wants."""
    today = datetime.now(UTC).date()
    asked = {kind: list(names) for kind, names in FIELDS.items()}
    if too_much:
        asked["energy.series"].append("meter")
    detail = {
        "type": "personal_data_access",
        "actions": ["read"],
        "datatypes": list(asked),
        "fields": asked,
        "optional": ["invoice.document"],
        "purpose": USE,
        "period": {"from": f"{today - timedelta(days=365)}", "to": f"{today + timedelta(days=90)}"},
        "access": {"mode": "recurring", "max_per_day": 4, "until": f"{today + timedelta(days=180)}T00:00:00Z"},
        "retention": "P6M",
    }
    return json.dumps([detail])


def page(title: str, body: str, status: int = 200) -> Response:
    """One page of this site."""
    return HTMLResponse(
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{html.escape(title)} - Coach énergie'
        '</title><meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="stylesheet" href="/style.css"></head><body><main>'
        f'<p class="brand">Coach énergie</p><h1>{html.escape(title)}</h1>{body}</main></body></html>',
        status,
    )


def button(path: str, words: str, quiet: bool = False) -> str:
    """A form of one button."""
    kind = ' class="quiet"' if quiet else ""
    return f'<form method="post" action="{path}"><button{kind}>{html.escape(words)}</button></form>'


def home(request: Request) -> Response:
    """What we do, and the way to ask."""
    if request.cookies.get("coach") in shelf.tokens:
        return RedirectResponse("/conseils", 303)
    return page(
        "Des conseils sur votre énergie, à partir de vos données",
        '<div class="card"><p>Nous demandons votre consommation à votre cockpit. '
        "Vous voyez exactement ce qui partirait, et vous décidez.</p>"
        f"{button('/demander', 'Demander mes conseils')}</div>"
        '<div class="card"><p>Et si un service demandait plus que ce qu\'il a déclaré ? Essayez : '
        f"votre cockpit refuse.</p>{button('/demander-trop', 'Demander aussi mon numéro de compteur', True)}</div>",
    )


def ask(request: Request) -> Response:
    """Push the request (RFC 9126) and send the person to their cockpit."""
    visitor = request.cookies.get("coach") or secrets.token_urlsafe(16)
    waiting = Pending(secrets.token_urlsafe(16), generate_token(64))
    too_much = request.url.path == "/demander-trop"
    pushed = httpx2.post(
        us().metadata["pushed_authorization_request_endpoint"],
        data={
            "client_id": us().client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": us().assertion(),
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "state": waiting.state,
            "code_challenge": create_s256_code_challenge(waiting.verifier),
            "code_challenge_method": "S256",
            "authorization_details": details(too_much=too_much),
        },
        timeout=10,
    )
    if pushed.status_code != 201:
        return refused("Le cockpit a refusé cette demande", pushed, "error", "error_description")
    shelf.pending[visitor] = waiting
    query = urlencode({"client_id": us().client_id, "request_uri": pushed.json()["request_uri"]})
    response = RedirectResponse(f"{us().metadata['authorization_endpoint']}?{query}", 303)
    response.set_cookie("coach", visitor, httponly=True, samesite="lax")
    return response


def come_back(request: Request) -> Response:
    """The person's answer: check whose it is (state, and iss by RFC 9207), then trade the code for tokens."""
    visitor = request.cookies.get("coach", "")
    waiting = shelf.pending.pop(visitor, None)
    query = request.query_params
    if waiting is None or query.get("state") != waiting.state or query.get("iss") != us().metadata["issuer"]:
        return page("Cette réponse n'est pas la nôtre", '<p><a href="/">Recommencer</a></p>', 400)
    if query.get("error"):
        return page(
            "Vous avez dit non",
            '<div class="card"><p>Rien n\'a été transmis. Vous pourrez demander vos conseils plus tard.</p></div>'
            '<p><a href="/">Revenir</a></p>',
        )
    try:
        with us().session() as session:
            shelf.tokens[visitor] = session.fetch_token(
                us().metadata["token_endpoint"],
                code=query.get("code", ""),
                redirect_uri=CALLBACK,
                code_verifier=waiting.verifier,
            )
    except OAuthError:
        return page("Cette réponse est arrivée trop tard", '<p><a href="/">Recommencer</a></p>', 400)
    settle()
    return RedirectResponse("/conseils", 303)


def show_advice(request: Request) -> Response:
    """Read what was granted and say something useful."""
    visitor = request.cookies.get("coach", "")
    tokens = shelf.tokens.get(visitor)
    if tokens is None:
        return RedirectResponse("/", 303)
    granted = tokens["authorization_details"][0]["datatypes"]
    received: dict[str, list[dict[str, Any]]] = {}
    for kind in granted:
        answer = read(visitor, kind)
        if answer.status_code == 401:
            shelf.tokens.pop(visitor, None)
            return ended()
        if answer.status_code != 200:
            return refused("Le cockpit a refusé cette lecture", answer, "code", "detail")
        received[kind] = answer.json()["items"]
    said = "".join(
        f"<li>{html.escape(sentence)}</li>"
        for sentence in advice(received.get("energy.series", []), received.get("invoice.document", []))
    )
    count = sum(len(items) for items in received.values())
    renew = button("/actualiser", "Actualiser") if "refresh_token" in tokens else ""
    return page(
        "Vos conseils",
        f'<div class="card"><ul>{said}</ul></div><p>Reçu à l\'instant : {count} objets, '
        f"pour cet usage seulement.</p>{renew}"
        f'<p><a href="{html.escape(ISSUER)}/partages">Arrêter ce partage dans mon cockpit</a></p>',
    )


def read(visitor: str, kind: str) -> httpx2.Response:
    """One read of the data API with the token at hand."""
    token = shelf.tokens[visitor]["access_token"]
    url = f"{us().metadata['issuer']}/api/v1/records/{kind}"
    return httpx2.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def renew(request: Request) -> Response:
    """A new access token from the refresh token; when the person stopped the share, say so."""
    visitor = request.cookies.get("coach", "")
    tokens = shelf.tokens.get(visitor)
    if tokens is None or "refresh_token" not in tokens:
        return RedirectResponse("/", 303)
    try:
        with us().session() as session:
            session.token = tokens
            fresh = session.refresh_token(us().metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
    except OAuthError:
        shelf.tokens.pop(visitor, None)
        return ended()
    shelf.tokens[visitor] = {**tokens, **fresh}
    return RedirectResponse("/conseils", 303)


def settle() -> None:
    """State what we owe to the persons who decided: that we know it, and that we kept nothing once they stopped.

    We forget what we read when the page is sent, so that the erasure is true as soon as it is asked.
    """
    for owed in _asked("duties_endpoint").json()["duties"]:
        said = {
            "service": us().client_id,
            "record_sha256": owed["record_sha256"],
            "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        signed = jws.serialize_compact(
            {"alg": "ES256", "typ": STATEMENTS[owed["action"]]}, json.dumps(said).encode(), us().key
        )
        _asked("statements_endpoint", statement=signed)


def _asked(endpoint: str, **parameters: str) -> httpx2.Response:
    """One of the cockpit's doors that know us by our signed assertion."""
    proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": us().assertion()}
    return httpx2.post(us().metadata[endpoint], data=proof | parameters, timeout=10).raise_for_status()


def refused(title: str, answer: httpx2.Response, word: str, sentence: str) -> Response:
    """The cockpit said no: what it means, then its own words."""
    said = answer.json()
    meaning = REFUSALS.get(said[word], "Le cockpit ne permet pas cela.")
    return page(
        title,
        f'<div class="card"><p>{html.escape(meaning)}</p><p><code>{html.escape(said[word])}</code> '
        f'<span lang="en">{html.escape(said.get(sentence, ""))}</span></p></div><p><a href="/">Revenir</a></p>',
        answer.status_code,
    )


def unreachable(_request: Request, _error: Exception) -> Response:
    """The cockpit does not answer; nothing is lost."""
    return page("Votre cockpit ne répond pas", '<p><a href="/">Réessayer plus tard</a></p>', 502)


def ended() -> Response:
    """The share is over."""
    settle()
    return page(
        "Ce partage est terminé",
        '<div class="card"><p>Votre cockpit ne nous répond plus : vous avez arrêté ce partage, ou il est arrivé à sa '
        'fin. Nous n\'avons plus accès à rien.</p></div><p><a href="/">Revenir</a></p>',
        403,
    )


def style(_request: Request) -> Response:
    """The stylesheet."""
    return Response(STYLE, media_type="text/css")


class Headers:
    """Strict headers on every answer; forms may lead to our own pages and to the cockpit."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        policy = (
            f"default-src 'none'; style-src 'self'; form-action 'self' {ISSUER}; base-uri 'none'; "
            "frame-ancestors 'none'"
        )

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [
                    (b"content-security-policy", policy.encode()),
                    (b"referrer-policy", b"same-origin"),
                    (b"x-content-type-options", b"nosniff"),
                    (b"cache-control", b"no-store"),
                ]
            await send(message)

        await self.app(scope, receive, sending)


app = Starlette(
    routes=[
        Route("/", home),
        Route("/demander", ask, methods=["POST"]),
        Route("/demander-trop", ask, methods=["POST"]),
        Route("/retour", come_back),
        Route("/conseils", show_advice),
        Route("/actualiser", renew, methods=["POST"]),
        Route("/style.css", style),
    ],
    middleware=[Middleware(Headers)],
    exception_handlers={httpx2.TransportError: unreachable},
)


def main() -> None:
    """Register, then serve on this machine until stopped."""
    for attempt in range(20):
        with contextlib.suppress(httpx2.TransportError):
            us()
            break
        time.sleep(0.25 * (attempt + 1))
    else:
        sys.exit(f"no cockpit answers at {ISSUER}")
    uvicorn.run(app, host="localhost", port=PORT, log_level="warning", server_header=False, access_log=False)


if __name__ == "__main__":
    main()
