"""The application of the house: its middleware and the list of all its routes, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from cockpit.audit.house import House
from cockpit_web.security.headers import SecurityHeaders
from cockpit_web_audit import api
from cockpit_web_audit.door import Door
from cockpit_web_audit.pages import cases, export, integrity, language, queries, register, sample, state
from cockpit_web_audit.problems import install_problems

PAGES = tuple(module.router for module in (state, register, queries, cases, integrity, sample, export, language, api))
"""Every page there is, and the JSON of the answers."""


def create_app(house: House, clock: Callable[[], datetime], access_key: str, host: str = "127.0.0.1") -> FastAPI:
    """The pages of one house, for whoever has its access key."""
    app = FastAPI(title="audit", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.house, app.state.clock = house, clock
    install_problems(app)
    for page in PAGES:
        app.include_router(page)
    # The design system of the cockpit: its files alone; nothing of its package is imported to serve them.
    app.mount("/static", StaticFiles(packages=[("cockpit_web", "static")]), name="static")
    # The last added is the outermost: headers are on every answer, even on the refusals of the others.
    app.add_middleware(Door, access_key=access_key)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=sorted({host, "127.0.0.1", "localhost"}))
    app.add_middleware(SecurityHeaders, secure=False)
    return app
