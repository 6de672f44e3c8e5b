"""Answer as the other adult: data about both of you leaves only when you said yes too, and until you say no."""

from __future__ import annotations

import msgspec
import uuid6
from sqlalchemy import Connection

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change, Decided
from cockpit.consent.clauses import clause_sha256, clause_to_json
from cockpit.consent.mandates import check_ends_with, check_yes
from cockpit.consent.notice import render
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId
from cockpit.domain.moment import instant
from cockpit.domain.record import Json
from cockpit.grants.joint import BadCode, JointRequest, code_hash, open_joint
from cockpit.grants.summaries import Summary, seal_summary
from cockpit.store import consents, joint, services
from cockpit.store.joint import Answer, JointRow


def joint_request(cockpit: Cockpit, visit: Visit, code: str) -> JointRequest:
    """What waits under this code. Reading it decides nothing. Raises ``BadCode``."""
    with cockpit.database.read() as connection:
        row = _waiting(cockpit, connection, visit, code)
    return open_joint(code, row.sealed_request)


def joint_terms(cockpit: Cockpit, request: JointRequest, language: str) -> Decided:
    """What is to be decided on, with its text. Raises ``BadCode`` when its service or use is gone."""
    clause = request.clause
    with cockpit.database.read() as connection:
        service = services.find(connection, clause.service)
    use = cockpit.registry.use_of(clause)
    if service is None or use is None:
        raise BadCode("the service or its use is no longer known here")
    return Decided(clause, use, service, render(clause, use, service, cockpit.kind_words, language))


def answer_jointly(cockpit: Cockpit, visit: Visit, code: str, *, yes: bool) -> None:
    """Say yes or no for what concerns oneself. The other adult still decides for themselves.

    Raises ``BadCode``, and ``BeyondMandate`` for a yes that is not the actor's to say.
    """
    now, consent = cockpit.clock(), ConsentId(uuid6.uuid7().hex)
    request = joint_request(cockpit, visit, code)
    if yes:
        check_yes(visit.mandate, request.clause)
        check_ends_with(visit.mandate, request.clause)
    decided = joint_terms(cockpit, request, visit.language)
    clause, notice = decided.clause, decided.notice
    reference = f"{clause.use}-v{clause.use_version}"
    summary = Summary(
        clause.service, request.service_name, reference, clause_sha256(clause), clause.retention, joint=code_hash(code)
    )
    with cockpit.database.write(visit.person) as connection:
        _waiting(cockpit, connection, visit, code)
        if not joint.answer(connection, code_hash(code), Answer.NONE, Answer.YES if yes else Answer.NO):
            raise BadCode("this request was answered already")
        kinds: list[Json] = [part.kind for part in clause.inputs]
        change = Change(
            EventType.CONSENT_GIVEN if yes else EventType.CONSENT_REFUSED,
            consent,
            clause.service,
            request.service_name,
            reference,
            summary.clause_sha256,
            decided=decided,
            audit={"kinds": kinds, "purposes": list(clause.purposes), "role": "joint"},
            subject={"kinds": kinds, "notice_sha256": notice.sha256, "role": "joint"},
            version={
                "service": clause.service,
                "service_name": request.service_name,
                "use": reference,
                "clause": clause_to_json(clause),
                "role": "joint",
                "asked_by": request.asked_by,
            },
            mandate=visit.mandate,
            authentication=visit.authentication,
            joint=True,
        )
        last = cockpit.recorder.leave(cockpit.spaces.writer(connection, visit.person), change, now)
        if yes:
            known = msgspec.structs.replace(summary, last=last)
            sealed = seal_summary(cockpit.operator, known, consent)
            # It opens nothing and is read by nobody: only its date ends it, not disuse.
            row = consents.ConsentRow(
                visit.person, consent, ConsentStatus.GIVEN, 1, clause.expires, clause.expires, b"", b"", sealed
            )
            consents.put(connection, row, {})


def _waiting(cockpit: Cockpit, connection: Connection, visit: Visit, code: str) -> JointRow:
    row = joint.find(connection, code_hash(code))
    if row is None or row.answer is not Answer.NONE or row.expires <= instant(cockpit.clock()):
        raise BadCode("no request waits under this code")
    if row.person == visit.person:
        raise BadCode("this is your own request: the other adult answers it from their own space", code="own_code")
    return row
