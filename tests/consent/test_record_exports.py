"""Each export is read by tools that are not ours, with no network, and says what the record says."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import jwt
import pyld.jsonld
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, Literal, URIRef

from cockpit.consent.exports.iso27560 import COCKPIT, STATUS, iso27560
from cockpit.consent.exports.kantara import kantara
from cockpit.consent.exports.odrl import ODRL, odrl
from cockpit.consent.narrowing import Narrowing, narrowed
from cockpit.consent.record.build import last_version, short_record
from cockpit.consent.record.form import record_bytes, record_sha256
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.consent_record import ConsentRecord
from cockpit.domain.errors import Tampered
from cockpit.domain.record import Json
from cockpit.domain.use import Automation, Obligation
from cockpit.grants.record_jws import kantara_jws, record_from_jws, record_jws
from cockpit.sealing.signing import SigningKey
from tests.consent.records import record, transition
from tests.consent.test_record import LETTING, SHOWN, records, shorts
from tests.consent.worlds import INVOICE, NOW, USE, clause

# rdflib's own reader of JSON-LD still uses the class that it deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")

VECTORS = Path(__file__).parents[1] / "vectors"
DPV = "https://w3id.org/dpv#"
GIVEN = record()
WITHDRAWN = short_record(
    transition(ConsentStatus.WITHDRAWN, last=last_version(GIVEN)), GIVEN.service, GIVEN.use, GIVEN.clause_sha256
)


def _closed(url: str, options: object = None) -> object:
    raise AssertionError(f"an export asked for {url}")


pyld.jsonld.set_document_loader(_closed)


def triples(document: dict[str, Json]) -> rdflib.Graph:
    """The graph of a document, read by rdflib; pyld must read as many statements."""
    graph = rdflib.Graph().parse(data=json.dumps(document), format="json-ld")
    other = pyld.jsonld.to_rdf(document, {"format": "application/n-quads"})
    assert len(graph) == len({line for line in other.split("\n") if line})
    return graph


def flat(document: dict[str, Json]) -> str:
    """The canonical statements of a document (RDF dataset canonicalisation), so that two can be compared."""
    return str(pyld.jsonld.normalize(document, {"algorithm": "URDNA2015", "format": "application/n-quads"}))


@settings(max_examples=20)
@given(records | shorts)
def test_every_record_is_read_as_linked_data(made: ConsentRecord) -> None:
    for document in (iso27560(made), odrl(made)):
        graph = triples(document)
        assert graph
        # A name that the context does not know would be dropped without a word.
        assert all(":" in str(predicate) for predicate in graph.predicates())


def test_the_dpv_says_who_what_for_which_data_and_until_when() -> None:
    graph = triples(iso27560(GIVEN))
    node = URIRef(f"urn:uuid:{GIVEN.id}")
    dpv = rdflib.Namespace(DPV)
    process = graph.value(node, dpv.hasProcess)
    event = graph.value(node, dpv.hasConsentStatus)
    assert (node, RDF.type, dpv.ConsentRecord) in graph
    assert graph.value(event, RDF.type) == dpv.ConsentGiven
    assert str(graph.value(event, dpv.isIndicatedAtTime)) == GIVEN.at.replace("Z", "+00:00")
    assert {str(found) for found in graph.objects(process, dpv.hasPurpose)} == set(clause().purposes)
    assert {str(found) for found in graph.objects(process, dpv.hasProcessing)} == set(clause().operations)
    data = list(graph.objects(process, dpv.hasPersonalData))
    named = {str(name) for part in data for name in graph.objects(part, URIRef("http://purl.org/dc/terms/identifier"))}
    assert named == {f"{part.kind}.{name}" for part in clause().inputs for name in part.fields}
    controller = graph.value(process, dpv.hasDataController)
    assert str(graph.value(controller, dpv.hasName)) == "Coach énergie"


@pytest.mark.parametrize("state", list(ConsentStatus))
def test_every_state_has_its_status_and_its_own_name(state: ConsentStatus) -> None:
    graph = triples(iso27560(record(step=transition(state))))
    types = set(graph.objects(graph.value(None, URIRef(COCKPIT + "state"), Literal(state.value)), RDF.type))
    assert types == {URIRef(STATUS[state].replace("dpv:", DPV))}


def test_only_terms_of_the_vocabulary_are_used() -> None:
    known = set((VECTORS / "dpv-2.2-record-terms" / "terms.txt").read_text().split())
    made = [record(step=transition(state)) for state in ConsentStatus]
    made += [record(clause(automation=kind)) for kind in Automation]
    used: set[str] = set()
    for one in made:
        for subject, predicate, object_ in triples(iso27560(one)):
            used |= {str(part) for part in (subject, predicate, object_) if str(part).startswith(DPV)}
    assert used - set(USE.operations) - set(USE.purposes) <= {DPV + name for name in known}


CHANGED: dict[str, dict[str, Any]] = SHOWN | {
    "operations": {"operations": USE.operations[:1]},
    "consent_mode": {"consent_mode": type(clause().consent_mode).VIEW},
    "onward": {"onward": ("landlord",)},
}


@pytest.mark.parametrize("facet", CHANGED)
def test_no_facet_of_the_terms_is_lost_on_the_way(facet: str) -> None:
    before, after = record(), record(clause(**CHANGED[facet]))
    # The hashes differ anyway: compare what is said beside them.
    assert before.terms and after.terms
    after = replace(after, clause_sha256=before.clause_sha256, terms=replace(after.terms, notice=before.terms.notice))
    said = [flat(iso27560(one)).replace(record_sha256(one), "") for one in (before, after)]
    assert said[0] != said[1]
    if facet not in ODRL_SILENT:
        said = [flat(odrl(one)).replace(record_sha256(one), "") for one in (before, after)]
        assert said[0] != said[1]


ODRL_SILENT = {"required", "mode"}
"""What ODRL does not say; the mode only through its count."""

OPERATORS = "eq gt gteq hasPart isA isAllOf isAnyOf isNoneOf isPartOf lt lteq neq".split()  # noqa: SIM905
OPERANDS = (  # noqa: SIM905
    "absolutePosition absoluteSize absoluteSpatialPosition absoluteTemporalPosition count dateTime delayPeriod "
    "deliveryChannel elapsedTime event fileFormat industry language media meteredTime payAmount percentage product "
    "purpose recipient relativePosition relativeSize relativeSpatialPosition relativeTemporalPosition resolution "
    "spatial spatialCoordinates system systemDevice timeInterval unitOfCount version virtualLocation"
).split()
OURS = [COCKPIT + name for name in ("field", "grain", "dataDay", "consentMode", "automation")]


def check_odrl(graph: rdflib.Graph) -> URIRef:
    """The shapes of ODRL's information model (sections 2.1 to 2.6) that a policy must have; returns the policy."""
    o = rdflib.Namespace(ODRL)
    kinds = [o.Agreement, o.Request, o.Set]
    (policy,) = {found for kind in kinds for found in graph.subjects(RDF.type, kind)}
    assert isinstance(policy, URIRef)
    rules = [rule for name in (o.permission, o.prohibition, o.obligation) for rule in graph.objects(policy, name)]
    assert rules, "a policy has a rule"
    if (policy, RDF.type, o.Agreement) in graph:
        assert len(list(graph.objects(policy, o.assigner))) == len(list(graph.objects(policy, o.assignee))) == 1
    for rule in rules:
        assert list(graph.objects(rule, o.action)), "a rule has an action"
        assert len(list(graph.objects(rule, o.target))) == 1, "a rule has a target"
    limits = set(graph.subjects(o.leftOperand)) | set(graph.objects(None, o.refinement))
    limits |= {limit for limit in graph.objects(None, o.constraint) if not list(graph.objects(limit, o["and"]))}
    for limit in limits:
        (left,), (operator,) = list(graph.objects(limit, o.leftOperand)), list(graph.objects(limit, o.operator))
        assert str(left) in {*(ODRL + name for name in OPERANDS), *OURS}
        assert str(operator) in {ODRL + name for name in OPERATORS}
        assert list(graph.objects(limit, o.rightOperand))
    return policy


@settings(max_examples=20)
@given(records | shorts)
def test_an_odrl_policy_has_the_shapes_of_the_model(made: ConsentRecord) -> None:
    graph = triples(odrl(made))
    policy = check_odrl(graph)
    o = rdflib.Namespace(ODRL)
    waiting = made.state in {ConsentStatus.REQUESTED, ConsentStatus.DEFERRED}
    allowed = bool(list(graph.objects(policy, o.permission)))
    assert allowed == (made.terms is not None and (made.state.live or waiting))
    assert ((policy, RDF.type, o.Agreement) in graph) == (not waiting and made.state is not ConsentStatus.REFUSED)


def test_an_odrl_agreement_carries_the_limits_and_the_duties() -> None:
    use = replace(USE, obligations=(Obligation("acknowledge", "consent.withdrawn", 3, "jws"),))
    graph = triples(odrl(record(use=use)))
    check_odrl(graph)
    o = rdflib.Namespace(ODRL)
    said = {
        (str(left).rpartition("/")[2], str(graph.value(limit, o.rightOperand)))
        for limit, left in graph.subject_objects(o.leftOperand)
    }
    expected = {
        ("count", "4"), ("timeInterval", "P1D"), ("dateTime", "2027-05-01T00:00:00+00:00"),
        ("spatial", "https://w3id.org/dpv/loc#FR"), ("delayPeriod", "P6M"), ("delayPeriod", "P3D"),
        ("purpose", clause().purposes[0]), ("event", "consent.withdrawn"),
    }  # fmt: skip
    assert expected <= said
    assert (None, RDF.value, o.delete) in graph


def test_who_may_receive_it_next_is_a_narrower_prohibition() -> None:
    graph = triples(odrl(record(clause(onward=("landlord",)), LETTING)))
    o = rdflib.Namespace(ODRL)
    check_odrl(graph)
    limits = list(graph.subjects(o.leftOperand, o.recipient))
    assert [str(graph.value(limit, o.rightOperand)) for limit in limits] == ["landlord", "landlord"]


SCHEMA = json.loads((VECTORS / "kantara-cr-1.1" / "consent-receipt.schema.json").read_text())


@given(records | shorts)
def test_a_kantara_receipt_has_every_required_field_or_is_not_made(made: ConsentRecord) -> None:
    receipt = kantara(made, "vkey")
    assert (receipt is None) == (made.terms is None or not made.state.live)
    if receipt is not None and made.subject:
        jsonschema.validate(receipt, SCHEMA)


def test_a_kantara_receipt_says_when_data_is_passed_on_or_special() -> None:
    passed = kantara(record(clause(onward=("landlord",)), LETTING))
    assert GIVEN.terms and passed
    jsonschema.validate(passed, SCHEMA)
    assert json.loads(json.dumps(passed))["services"][0]["purposes"][0]["thirdPartyName"] == "landlord"
    categories = tuple(replace(part, special=part.kind == INVOICE) for part in GIVEN.terms.categories)
    special = kantara(replace(GIVEN, terms=replace(GIVEN.terms, categories=categories)))
    assert special and special["sensitive"] is True
    jsonschema.validate(special, SCHEMA)


def test_two_versions_of_a_record_are_two_kantara_receipts() -> None:
    renewed = record(step=transition(ConsentStatus.RENEWED, last=last_version(GIVEN)))
    first, second = kantara(GIVEN), kantara(renewed)
    assert first and second and first["consentReceiptID"] != second["consentReceiptID"]


KEY = SigningKey.generate()
PUBLIC = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": base64.urlsafe_b64encode(KEY.verify_key().raw).rstrip(b"=").decode(),
}


def _read_by_pyjwt(text: str) -> bytes:
    reader = jwt.PyJWS(algorithms=[])
    # The signature is that of EdDSA; PyJWT does not yet know its name of RFC 9864.
    reader.register_algorithm("Ed25519", jwt.algorithms.OKPAlgorithm())
    payload = reader.decode(text, jwt.PyJWK.from_dict(PUBLIC | {"alg": "EdDSA"}).key, algorithms=["Ed25519"])
    assert isinstance(payload, bytes)
    return payload


@pytest.mark.parametrize("made", [GIVEN, WITHDRAWN, record(step=transition(ConsentStatus.REFUSED))])
def test_a_jws_is_read_by_another_library_and_carries_the_whole_record(made: ConsentRecord) -> None:
    text = record_jws(made, KEY, "cockpit.example/receipts")
    assert _read_by_pyjwt(text) == record_bytes(made)
    assert record_from_jws(text, PUBLIC) == made


def test_a_kantara_receipt_is_signed_as_a_jws() -> None:
    receipt = kantara(GIVEN)
    assert receipt is not None
    text = kantara_jws(receipt, KEY, "cockpit.example/receipts")
    assert json.loads(_read_by_pyjwt(text)) == receipt
    with pytest.raises(Tampered, match="not that of a record"):
        record_from_jws(text, PUBLIC)


@given(st.data())
def test_a_changed_character_of_a_jws_is_refused(data: st.DataObject) -> None:
    text = record_jws(GIVEN, KEY, "cockpit.example/receipts")
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda letter: letter != text[at]))
    changed = text[:at] + other + text[at + 1 :]
    try:
        again = record_from_jws(changed, PUBLIC)
    except Tampered:
        return
    # Stray bits of the last character of base64 are the one change that changes no byte.
    assert at == len(text) - 1 and again == GIVEN


def test_a_narrower_consent_exports_no_field_more() -> None:
    lives = [record(), record(narrowed(clause(), Narrowing(1), NOW))]
    wide, less = (set(flat(iso27560(one)).split('"')) for one in lives)
    fields = {f"{part.kind}.{name}" for part in clause().inputs for name in part.fields}
    assert less & fields < wide & fields
    assert all(a != b for a, b in pairwise(map(record_sha256, lives)))
