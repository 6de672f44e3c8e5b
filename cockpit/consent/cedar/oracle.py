"""Cedar itself (cedarpy), asked the same question as our compiled policies: the two must agree, to the policy.

Imported only where it is asked: it is a large library, and most processes never need it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cockpit.consent.cedar.expressions import Json, Question
from cockpit.consent.cedar.policies import Verdict
from cockpit.consent.cedar.values import OutsideSubset
from cockpit.consent.cedar.written import question_json

if TYPE_CHECKING:
    import cedarpy

ONE_IN = 100
"""Of how many reads one is asked twice, chosen by the request's id."""


class Oracle:
    """Cedar with the same policies and vocabulary. One for each process: it remembers which uses it has seen."""

    def __init__(self, exported: Json, entity_json: list[Json], sha256: str) -> None:
        self._exported = exported
        self._entity_json = entity_json
        self._sha256 = sha256
        self._seen: set[tuple[str, str]] = set()

    def is_due(self, request: str, use: str) -> bool:
        """Whether a read is asked twice: one in a hundred by its id, and the first of each use under these policies."""
        pair = (self._sha256, use)
        first = pair not in self._seen
        self._seen.add(pair)
        return first or int.from_bytes(hashlib.sha256(request.encode()).digest()[:4], "big") % ONE_IN == 0

    def agrees(self, asked: Question, verdict: Verdict) -> bool:
        """Whether Cedar comes to the same decision, by the same policies, with errors where we have some."""
        return self.verdict(asked) == (verdict.cedar_allows, frozenset(verdict.determining), bool(verdict.errors))

    def verdict(self, asked: Question) -> tuple[bool, frozenset[str], bool]:
        """Cedar's decision, the ``@id`` of the policies that determined it, and whether any of them errored."""
        import cedarpy  # noqa: PLC0415

        answer = cedarpy.is_authorized(question_json(asked), self._parsed.policies, self._parsed.entities)
        found = answer.diagnostics
        # Reasons are named by place: only the annotation says which policy it is.
        names = found.id_annotations_by_reason
        return answer.allowed, frozenset(names[reason] for reason in found.reasons), bool(found.errors)

    @cached_property
    def _parsed(self) -> _Parsed:
        import cedarpy  # noqa: PLC0415

        text = cedarpy.policies_from_json_str(json.dumps(self._exported))
        entities = cedarpy.Entities.from_json_str(json.dumps(self._entity_json))
        return _Parsed(cedarpy.PolicySet.from_str(text), entities)


@dataclass(frozen=True, slots=True)
class _Parsed:
    policies: cedarpy.PolicySet
    entities: cedarpy.Entities


def export(text: str, schema: str) -> Json:
    """Cedar's JSON form of policies, once Cedar found nothing wrong with them. Raises ``OutsideSubset``."""
    import cedarpy  # noqa: PLC0415

    checked = cedarpy.validate_policies(text, schema)
    if not checked.validation_passed:
        names = checked.id_annotations_by_policy_id
        found = [f"{names.get(error.policy_id, error.policy_id)}: {error.error}" for error in checked.errors]
        raise OutsideSubset("; ".join(found))
    exported: Json = json.loads(cedarpy.policies_to_json_str(text))
    return exported
