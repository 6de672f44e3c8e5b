"""What policies look at: one read, and one candidate consent beside what its service declares today."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import msgspec

from cockpit.consent.cedar.expressions import Question
from cockpit.consent.cedar.values import Record, Uid
from cockpit.domain.consent import ClauseInput, Consent
from cockpit.domain.ids import Kind, PersonId, ServiceId, UseId
from cockpit.domain.place import EU
from cockpit.domain.service import DeclaredUse, Service
from cockpit.domain.use import Automation, EndAction, Grain

READ = Uid("Action", "read")
SPECIAL = Uid("Category", "https://w3id.org/dpv#SpecialCategoryPersonalData")
"""The category above every special category of personal data (GDPR art. 9)."""

_EXPLICIT = frozenset({"A6-1-a-explicit-consent", "A9-2-a"})
COARSENESS = {grain.value: grain.coarseness for grain in Grain}
"""How coarse a grain is, by its value: asked of the class, it costs as much as all other facts of a read."""

_WEIGHT = {automation: automation.weight for automation in Automation}


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """One read a service asks for. Empty ``fields`` means every field the clause allows; None days mean its window.

    ``reads_spent`` counts the reads already released under this consent: today's (Europe/Paris), or all of them
    when the clause is for one reading only; ``now`` is the UTC instant. ``purpose`` and ``operation`` are IRIs of the
    DPV when the service names one, None when it reads for all that the clause says. ``id`` names the request.
    """

    service: ServiceId
    kind: Kind
    fields: tuple[str, ...]
    grain: Grain | None
    data_from: str | None
    data_until: str | None
    now: str
    reads_spent: int
    person: PersonId
    purpose: str | None = None
    operation: str | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A service and what it declares today of one use, made ready for all the consents to it.

    ``declared`` is None when it no longer declares the use.
    """

    service: Service
    declared: DeclaredUse | None
    principal: Uid
    kinds: dict[Kind, Record]
    other: Record

    def of_kind(self, kind: Kind) -> Record:
        """What it declares of a kind."""
        return self.kinds.get(kind, self.other)


def recipient(service: Service, use: UseId, version: int) -> Recipient:
    """A service made ready for consents to one version of a use."""
    declared = service.declared(use, version)
    kinds = {
        kind: _declaration(service, declared, fields) for kind, fields in (declared.fields if declared else {}).items()
    }
    return Recipient(service, declared, Uid("Service", service.id), kinds, _declaration(service, declared, ()))


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """One consent that may allow a read, made ready: nothing in it but its clause and its state, and its recipient."""

    consent: Consent
    recipient: Recipient
    lives: bool
    life: Record
    terms: Record
    parts: dict[Kind, Part]
    obligations: tuple[str, ...]
    use: str
    version: str

    def of_kind(self, kind: Kind) -> Part:
        """What it says of a kind, also of one that it does not cover."""
        return self.parts.get(kind) or Part(Uid("Kind", kind), None, _NOTHING)

    def within_its_life(self, request: ReadRequest) -> bool:
        """What no policy can change: the consent lives, is not over, and was given by this person to this service."""
        consent, clause = self.consent, self.consent.clause
        return (
            self.lives
            and request.now < clause.expires
            and request.person == consent.person
            and request.service in clause.recipients
        )


class Part(msgspec.Struct, frozen=True, gc=False):
    """One kind of a clause: as an entity, as granted (None when it is not), and as policies see it."""

    resource: Uid
    covered: ClauseInput | None
    facts: Record


def candidate(consent: Consent, to: Recipient, special_basis: str = "") -> Candidate:
    """A consent made ready for any number of reads. ``special_basis`` is its use's basis by GDPR art. 9, if any.

    Raises ``ValueError`` when the clause holds a day, an instant or a duration that is none.
    """
    clause = consent.clause
    explicit = {clause.legal_basis.rpartition("#")[2], special_basis.rpartition("#")[2]}
    life: Record = {
        "subject": Uid("Person", consent.person),
        "status": consent.status.value,
        "expires": number(clause.expires),
        "from": number(clause.data_from),
        "until": number(clause.data_until),
        "reads": clause.max_per_day,
    }
    terms = _terms(
        clause.recipients,
        tuple(part.kind for part in clause.inputs),
        clause.purposes,
        clause.operations,
        clause.retention,
        clause.places,
        clause.onward,
        clause.automation,
        clause.special,
        not explicit.isdisjoint(_EXPLICIT),
    )
    return Candidate(
        consent=consent,
        recipient=to,
        lives=consent.status.live,
        life=life,
        terms=terms,
        parts=_parts(clause.inputs),
        obligations=_obligations(clause.retention, clause.end_action, clause.onward),
        use=_reference(clause.use, clause.use_version),
        version=f"{consent.id}@{consent.epoch}",
    )


def question(ready: Candidate, request: ReadRequest, rules: frozenset[str] = frozenset()) -> Question:
    """One read under one candidate, as Cedar is asked it; ``rules`` are the person's own that it would break.

    Raises ``ValueError`` when the request holds a day or an instant that is none.
    """
    part, life, to = ready.of_kind(request.kind), ready.life, ready.recipient
    facts = part.facts
    asked: Record = {
        "subject": life["subject"] if request.person == ready.consent.person else Uid("Person", request.person),
        "at": number(request.now),
        "fields": frozenset(request.fields) if request.fields else facts["fields"],
        "grain": facts["grain"] if request.grain is None else COARSENESS[request.grain._value_],
        "from": life["from"] if request.data_from is None else number(request.data_from),
        "until": life["until"] if request.data_until is None else number(request.data_until),
        "reads": request.reads_spent,
    }
    if request.purpose is not None:
        asked["purpose"] = _uid("Purpose", request.purpose)
    if request.operation is not None:
        asked["operation"] = _uid("Operation", request.operation)
    principal = to.principal if to.service.id == request.service else Uid("Service", request.service)
    context: Record = {
        "asked": asked,
        "consent": life,
        "clause": ready.terms,
        "part": facts,
        "declaration": to.of_kind(request.kind),
        "rules": rules,
    }
    return tuple.__new__(Question, (principal, READ, part.resource, context))


@lru_cache(maxsize=8192)
def number(text: str) -> int:
    """A day or an instant as the number its digits write: such numbers compare in the order of time.

    Raises ``ValueError`` for anything but ``YYYY-MM-DD`` and ``YYYY-MM-DDTHH:MM:SSZ``.
    """
    digits = text.translate(_WITHOUT_MARKS)
    expected = {8: "dddd-dd-dd", 14: "dddd-dd-ddTdd:dd:ddZ"}.get(len(digits))
    if expected is None or not (digits.isascii() and digits.isdigit()) or text.translate(_SHAPE) != expected:
        raise ValueError(f"neither a day nor an instant: {text[:32]!r}")
    return int(digits)


_WITHOUT_MARKS = str.maketrans("", "", "-:TZ")
_SHAPE = str.maketrans("0123456789", "d" * 10)


def months(duration: str) -> int:
    """The number of months of ``P6M``. Raises ``ValueError``."""
    if not duration.startswith("P") or not duration.endswith("M"):
        raise ValueError(f"not a duration in months: {duration[:16]!r}")
    return int(duration[1:-1])


def _declaration(service: Service, declared: DeclaredUse | None, fields: tuple[str, ...]) -> Record:
    return {
        "standing": service.standing.value,
        "declared": declared is not None,
        "kinds": _uids("Kind", tuple(declared.fields)) if declared else frozenset(),
        "fields": frozenset(fields),
        "retention": declared.retention_months if declared else 0,
        "places": frozenset(declared.places) if declared else frozenset(),
        "onward": frozenset(declared.onward) if declared else frozenset(),
        "automation": _WEIGHT[declared.automation] if declared else 0,
    }


_NOTHING: Record = {"fields": frozenset(), "grain": 0}


# What follows comes back in nearly every consent to a use: it is made once, and so found in the processor's caches.
@lru_cache(maxsize=4096)
def _terms(
    recipients: tuple[str, ...],
    kinds: tuple[Kind, ...],
    purposes: tuple[str, ...],
    operations: tuple[str, ...],
    retention: str,
    places: tuple[str, ...],
    onward: tuple[str, ...],
    automation: Automation,
    special: bool,
    explicit: bool,
) -> Record:
    return {
        "recipients": _uids("Service", recipients),
        "kinds": _uids("Kind", kinds),
        "purposes": _uids("Purpose", purposes),
        "operations": _uids("Operation", operations),
        "retention": months(retention),
        # A member state lies within the Union.
        "places": frozenset(places) | (EU if "EU" in places else frozenset()),
        "onward": frozenset(onward),
        "automation": _WEIGHT[automation],
        "special": special,
        "explicit": explicit,
    }


@lru_cache(maxsize=4096)
def part_of(kind: Kind, fields: tuple[str, ...], grain: str, required: bool) -> Part:
    """One kind granted: these fields, so coarse (a ``Grain`` by its value, whose hash costs less)."""
    covered = ClauseInput(kind, fields, Grain(grain), required)
    return Part(_uid("Kind", kind), covered, {"fields": frozenset(fields), "grain": COARSENESS[grain]})


@lru_cache(maxsize=4096)
def _parts(inputs: tuple[ClauseInput, ...]) -> dict[Kind, Part]:
    return {part.kind: part_of(part.kind, part.fields, part.grain.value, part.required) for part in inputs}


@lru_cache(maxsize=1024)
def _obligations(retention: str, end_action: EndAction, onward: tuple[str, ...]) -> tuple[str, ...]:
    after = "delete" if end_action is EndAction.ERASE else "anonymise"
    passing = f"onward-transfer-only {' '.join(onward)}" if onward else "no-onward-transfer"
    return (f"{after}-after {retention}", passing)


@lru_cache(maxsize=1024)
def _reference(use: UseId, version: int) -> str:
    return f"{use}@{version}"


@lru_cache(maxsize=4096)
def _uids(type_name: str, names: tuple[str, ...]) -> frozenset[Uid]:
    return frozenset(_uid(type_name, name) for name in names)


@lru_cache(maxsize=4096)
def _uid(type_name: str, name: str) -> Uid:
    return Uid(type_name, name)
