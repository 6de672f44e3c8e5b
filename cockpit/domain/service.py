"""A service that may ask for data, and the uses it has declared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.domain.ids import Kind, ServiceId, UseId
from cockpit.domain.use import Automation


class Standing(StrEnum):
    """What the operator says of a service: vouched for, or stopped."""

    REGISTERED = "registered"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class DeclaredUse:
    """One use a service declared: it may ask for these fields and for nothing else.

    ``fields`` maps a kind to the fields declared of it; ``retention_months`` is how long the service keeps them;
    ``places`` where (ISO 3166-1 codes, or ``EU``); ``onward`` the categories of those it passes them on to.
    """

    use: UseId
    version: int
    fields: dict[Kind, tuple[str, ...]]
    retention_months: int
    places: tuple[str, ...]
    onward: tuple[str, ...]
    automation: Automation


@dataclass(frozen=True, slots=True)
class Service:
    """A recipient: an OAuth client with its declaration. Everything here is public.

    ``jwks`` is the client's public key set (RFC 7517) for ``private_key_jwt``; ``redirect_uris`` match exactly.
    """

    id: ServiceId
    name: str
    homepage: str
    contact: str
    redirect_uris: tuple[str, ...]
    jwks: dict[str, list[dict[str, str]]]
    uses: tuple[DeclaredUse, ...]
    registered_at: str
    standing: Standing = Standing.REGISTERED

    def declared(self, use: UseId, version: int) -> DeclaredUse | None:
        """The declaration of this use and version, or None when the service never declared it."""
        return next((d for d in self.uses if d.use == use and d.version == version), None)
