"""The record of a consent: one signed version for each change of its state, in the words of ISO/IEC TS 27560."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.domain.consent import AccessMode, ConsentStatus
from cockpit.domain.ids import Kind, ServiceId, UseId
from cockpit.domain.use import Automation, ConsentMode, EndAction, Grain, Obligation

RECORD_SCHEMA = "mesinfos-cockpit consent-record v1"
"""The name of this shape: what is written under it is never read as anything else."""


class ActorRole(StrEnum):
    """Who brought the change about: the person, someone who may act for them, or somebody else altogether."""

    SELF = "self"
    PARENT = "parent"
    GUARDIAN = "guardian"
    HELPER = "helper"
    COCKPIT = "cockpit"
    SERVICE = "service"
    OPERATOR = "operator"
    AUTHORITY = "authority"


class SubjectRole(StrEnum):
    """The subject shares what is in their space; or the data of somebody else speaks of them too, and they agree."""

    SHARING = "sharing"
    JOINT = "joint"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted, apart from the subject (UMA's requesting party).

    ``reference`` is a pairwise reference, never a name; empty when the person acted. ``mandate`` names the mandate a
    helper acts under; empty for the others.
    """

    role: ActorRole
    reference: str = ""
    mandate: str = ""


@dataclass(frozen=True, slots=True)
class Authentication:
    """How the actor proved who they are: OpenID Connect's ``acr``, the method, and the instant (UTC)."""

    acr: str
    method: str
    at: str


@dataclass(frozen=True, slots=True)
class Expression:
    """How the decision was expressed (GDPR art. 4(11)): its type, by which gesture, when (UTC), on which screen."""

    type: str
    method: str
    at: str
    ui_version: str


@dataclass(frozen=True, slots=True)
class UseReference:
    """One version of one use, and the hash it was published under."""

    id: UseId
    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation as it was known when the version was made; what it did not declare is empty."""

    id: ServiceId
    name: str
    homepage: str
    contact: str
    address: str = ""
    country: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of data of the consent. ``dpv`` is its term; ``source`` the connectors that brought it, when known.

    ``data_from`` and ``data_until`` are inclusive days of the data itself; ``special`` is GDPR art. 9.
    """

    kind: Kind
    fields: tuple[str, ...]
    data_from: str
    data_until: str
    grain: Grain
    required: bool
    special: bool
    source: tuple[str, ...]
    dpv: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """Within which bounds. ``since`` and ``until`` are UTC instants; ``per`` is ``P1D``, or empty for the whole life.

    ``retention`` is an ISO 8601 duration; ``transfers`` are the ``places`` outside the European Union.
    """

    since: str
    until: str
    mode: AccessMode
    count: int
    per: str
    consent_mode: ConsentMode
    retention: str
    end_action: EndAction
    places: tuple[str, ...]
    transfers: tuple[str, ...]
    onward: tuple[str, ...]
    automated: Automation


@dataclass(frozen=True, slots=True)
class Authority:
    """The supervisory authority a person may complain to (GDPR art. 13(2)(d)), and where."""

    name: str
    homepage: str


@dataclass(frozen=True, slots=True)
class Law:
    """The legal bases (IRIs of the DPV), the jurisdiction (ISO 3166-1), and the supervisory authority."""

    bases: tuple[str, ...]
    jurisdiction: str
    authority: Authority


@dataclass(frozen=True, slots=True)
class NoticeReference:
    """The text that was shown, by its hash; ``form_sha256`` is that of the form around it, empty when unknown."""

    id: str
    language: str
    sha256: str
    form_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What was decided on. All of it comes from one clause, and from what was published when it was shown."""

    use: UseReference
    controllers: tuple[Party, ...]
    recipients: tuple[Party, ...]
    purposes: tuple[str, ...]
    categories: tuple[Category, ...]
    operations: tuple[str, ...]
    conditions: Conditions
    obligations: tuple[Obligation, ...]
    law: Law
    notice: NoticeReference
    rights: tuple[str, ...]
    withdrawal: str


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One version of the record of one consent.

    ``id`` (UUID version 7) stays through all versions, ``version`` counts from 1, ``replaces`` is the SHA-256 of the
    version before. ``subject`` is a pairwise reference, never a name; ``role`` says whether they share, or agree.
    ``clause_sha256`` names the terms even where ``terms`` is None: a short version, made while the space was locked.
    """

    schema: str
    id: str
    version: int
    replaces: str
    subject: str
    role: SubjectRole
    actor: Actor
    authentication: Authentication | None
    expression: Expression
    service: ServiceId
    use: str
    clause_sha256: str
    state: ConsentStatus
    at: str
    policy_sha256: str
    terms: Terms | None
