"""A clause as canonical JSON, its hash, and whether one clause narrows another."""

from __future__ import annotations

import hashlib

import msgspec

from cockpit.domain.consent import AccessMode, Clause, ClauseInput
from cockpit.domain.place import within
from cockpit.domain.record import Json
from cockpit.sealing.canonical import canonical


def clause_to_json(clause: Clause) -> dict[str, Json]:
    """The clause as JSON values, ready to be made canonical."""
    built: dict[str, Json] = msgspec.to_builtins(clause)
    return built


def clause_from_json(value: object) -> Clause:
    """The clause that ``clause_to_json`` wrote. Raises ``msgspec.ValidationError``."""
    return msgspec.convert(value, Clause)


def clause_sha256(clause: Clause) -> str:
    """SHA-256 of the clause's canonical bytes (RFC 8785), in hexadecimal."""
    return hashlib.sha256(canonical(clause_to_json(clause))).hexdigest()


_SAME = (
    "service", "use", "use_version", "use_sha256", "purposes", "retention", "consent_mode", "end_action", "legal_basis",
)  # fmt: skip


def narrows(narrower: Clause, wider: Clause) -> bool:
    """Whether everything ``narrower`` allows is allowed by ``wider``: a person may only ever give less than asked."""
    return (
        all(getattr(narrower, name) == getattr(wider, name) for name in _SAME)
        and narrower.data_from >= wider.data_from
        and narrower.data_until <= wider.data_until
        and narrower.expires <= wider.expires
        and narrower.max_per_day <= wider.max_per_day
        and narrower.mode in {wider.mode, AccessMode.ONCE}
        and set(narrower.operations) <= set(wider.operations)
        and set(narrower.onward) <= set(wider.onward)
        and within(narrower.places, wider.places)
        and narrower.automation.weight <= wider.automation.weight
        and set(narrower.recipients) <= set(wider.recipients)
        and all(_part_narrows(part, wider) for part in narrower.inputs)
    )


def _part_narrows(part: ClauseInput, wider: Clause) -> bool:
    whole = wider.input_for(part.kind)
    return (
        whole is not None and set(part.fields) <= set(whole.fields) and part.grain.coarseness >= whole.grain.coarseness
    )
