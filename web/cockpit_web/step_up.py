"""A secret given again, before the ways to open a space change; and how often a wrong one may be tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import FormData
from starlette.requests import Request

from cockpit.accounts.sessions import Visit
from cockpit.accounts.slots import Proof, by_passphrase, prove
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import CitizenMustAct, WrongSecret
from cockpit_web.forms import sentence_for, text
from cockpit_web.security.limits import Attempts, TooManyTries
from cockpit_web.templating import language_of

CURRENT = "current"
"""The field of the passphrase given again."""


@contextmanager
def counted_try(request: Request, who: str) -> Iterator[None]:
    """One try of a secret: a wrong one counts against the name and the address, a right one forgets.

    Raises ``TooManyTries``.
    """
    attempts: Attempts = request.app.state.attempts
    address = request.client.host if request.client else ""
    attempts.check(who, address)
    try:
        yield
    except WrongSecret:
        attempts.failed(who, address)
        raise
    attempts.forget(who)


def step_up(request: Request, cockpit: Cockpit, visit: Visit, form: FormData) -> Proof:
    """The visitor, proved by their passphrase once more. Raises ``WrongSecret`` (as ``wrong_passphrase``)."""
    try:
        with counted_try(request, visit.person):
            return prove(cockpit, visit, by_passphrase(text(form, CURRENT)))
    except WrongSecret as error:
        raise WrongSecret("the passphrase is not the right one", code="wrong_passphrase") from error


def what_is_wrong(request: Request, error: CitizenMustAct) -> tuple[str, int]:
    """The sentence that goes with a form sent back, and the status of the answer."""
    return sentence_for(language_of(request), error), 429 if isinstance(error, TooManyTries) else 422
