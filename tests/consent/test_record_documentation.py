"""The reference page of the record: its example is a record, and every field is in its table."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from cockpit.consent.clauses import clause_sha256
from cockpit.consent.exports.iso27560 import iso27560
from cockpit.consent.exports.kantara import kantara
from cockpit.consent.exports.odrl import odrl
from cockpit.consent.record.build import clause_of
from cockpit.consent.record.chain import check_chain
from cockpit.consent.record.form import record_from_json, record_sha256
from cockpit.domain import consent_record
from cockpit.domain.use import Obligation

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "consent-record.md").read_text("utf-8")
EXAMPLE: Any = json.loads(PAGE.partition("```json\n")[2].partition("\n```")[0])


def test_the_example_is_a_record_with_the_hash_told() -> None:
    made = record_from_json(EXAMPLE)
    assert re.findall(r"Its SHA-256 is `([0-9a-f]{64})`", PAGE) == [record_sha256(made)]
    check_chain([made])
    terms = clause_of(made)
    assert terms is not None and clause_sha256(terms) == made.clause_sha256
    assert iso27560(made) and odrl(made) and kantara(made)


SHAPES = {
    "": consent_record.ConsentRecord,
    "terms.": consent_record.Terms,
}
PARTS = (
    consent_record.Actor,
    consent_record.Authentication,
    consent_record.Expression,
    consent_record.UseReference,
    consent_record.Party,
    consent_record.Category,
    consent_record.Conditions,
    consent_record.Law,
    consent_record.NoticeReference,
    Obligation,
)


@pytest.mark.parametrize("prefix", SHAPES)
def test_every_field_stands_in_the_table(prefix: str) -> None:
    for member in fields(SHAPES[prefix]):
        assert re.search(rf"^\| .*`{prefix}{member.name}`.* \|", PAGE, re.MULTILINE), member.name


@pytest.mark.parametrize("part", PARTS)
def test_every_field_of_a_part_is_named(part: type) -> None:
    table = PAGE.partition("## Fields")[2].partition("## Short versions")[0]
    assert {member.name for member in fields(part)} <= set(re.findall(r"`(\w+)`", table))
