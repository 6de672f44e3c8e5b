"""The application: its middleware and the list of all its routes, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from cockpit.acts.cockpit import Cockpit
from cockpit_web.pages import (
    bank,
    change_passphrase,
    data,
    demonstration,
    energy,
    escrow,
    guardians,
    help,
    history,
    history_check,
    home,
    invoices,
    joint,
    keys,
    kit,
    language,
    mandates,
    open_a_space,
    papers,
    receipt,
    record,
    recovery,
    request,
    rotation,
    rules,
    search,
    settings,
    shares,
    sign_in,
    sources,
    takeaway,
)
from cockpit_web.problems import LastResort, for_programs, install_problems
from cockpit_web.programs import PROGRAMS
from cockpit_web.routine import lifespan
from cockpit_web.security.csrf import CrossSiteGuard
from cockpit_web.security.headers import SecurityHeaders
from cockpit_web.security.hosts import accepted_hosts
from cockpit_web.security.limits import Attempts, BodyLimit
from cockpit_web.visitor import DemonstrationDoor, doorman, the_person_alone

OPEN_TO_ACTORS = tuple(
    module.router
    for module in (
        home, open_a_space, sign_in, search, data, energy, bank, invoices, papers, record, sources, history,
        history_check, shares, receipt,
        request, joint, settings, recovery, help, language, demonstration,
    )
)  # fmt: skip
"""The pages of a person, or of whoever acts for them."""
ALONE = tuple(
    module.router
    for module in (takeaway, keys, change_passphrase, kit, guardians, escrow, rotation, rules, mandates)
)  # fmt: skip
"""The pages that are the person's alone: their keys, their helpers, their rules, their whole archive."""
PAGES = OPEN_TO_ACTORS + ALONE
"""Every page there is."""


def create_app(cockpit: Cockpit, demonstration_doors: Mapping[str, DemonstrationDoor] | None = None) -> FastAPI:
    """The whole web room over one deployment.

    ``demonstration_doors`` are the fictional persons' doors, by the keys of their links; more may come later.
    """
    # An address has one spelling: a redirect to another would quote back what it was asked, and carry a token along.
    app = FastAPI(
        title="mesinfos-cockpit",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        routes=list(_routes().routes),
    )
    app.state.cockpit = cockpit
    app.state.attempts = Attempts(cockpit.clock)
    app.state.demonstration_doors = {} if demonstration_doors is None else demonstration_doors
    app.state.demonstration_service = ""
    install_problems(app)

    app.mount("/static", GZipMiddleware(StaticFiles(packages=[("cockpit_web", "static")])), name="static")

    # The last added is the outermost: headers are on every answer, even on the refusals of the others.
    app.add_middleware(BodyLimit, larger={"/sources/ajouter": 2 * cockpit.settings.upload_bytes})
    app.add_middleware(CrossSiteGuard, issuer=cockpit.settings.issuer, is_open=for_programs)
    app.add_middleware(LastResort)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=accepted_hosts(cockpit.settings.issuer))
    app.add_middleware(SecurityHeaders, secure=cockpit.settings.secure)
    return app


@cache
def _routes() -> APIRouter:
    """The doors, which are the same over every deployment: what FastAPI works out about each is worked out once."""
    routes = APIRouter()
    pages = APIRouter(dependencies=[Depends(doorman)])
    for page in OPEN_TO_ACTORS:
        pages.include_router(page)
    for page in ALONE:
        pages.include_router(page, dependencies=[Depends(the_person_alone)])
    routes.include_router(pages)
    for program in PROGRAMS:
        routes.include_router(program)
    return routes
