"""The reference tells every use as it is published, and every key there is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from cockpit.domain.use import Actor, Use, UseInput
from cockpit.registry import load_registry

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "uses.md"
BEGIN, END = "<!-- uses: checked by tests/registry/test_reference.py -->\n", "<!-- end -->"


def table() -> str:
    """The table of all uses; write it into the page when a use was added."""
    lines = ["| use | title | runs | data | kept | refusable |", "|---|---|---|---|---|---|"]
    for reference, use in sorted(load_registry().uses.items()):
        kinds = ", ".join(
            f"{part.kind} ({part.grain}{'' if part.required else ', optional'})"
            for part in use.inputs
            if len(use.inputs) < 8
        )
        where = "in the cockpit" if use.actor is Actor.INSIDE else "at the recipient"
        kept = f"{use.max_retention_months} months, then {use.end_action}" if use.max_retention_months else "not kept"
        yes = "yes" if use.refusable else "no"
        lines.append(f"| `{reference}` | {use.title.en} | {where} | {kinds or 'every kind'} | {kept} | {yes} |")
    return "\n".join(lines) + "\n"


def test_the_table_of_uses_is_what_is_published() -> None:
    assert PAGE.read_text("utf-8").split(BEGIN)[1].split(END)[0] == table()


def test_every_key_is_told() -> None:
    keys = [field.name for field in dataclasses.fields(Use)]
    keys += [f"inputs.{field.name}" for field in dataclasses.fields(UseInput)]
    page = PAGE.read_text("utf-8")
    assert [key for key in keys if f"`{key}`" not in page] == []


def test_what_the_table_calls_every_kind_is_every_kind() -> None:
    registry = load_registry()
    long = [use for use in registry.uses.values() if len(use.inputs) >= 8]
    assert {use.id for use in long} == {"search"}
    newest = max(long, key=lambda use: use.version)
    assert {part.kind for part in newest.inputs} == set(registry.kinds), "write the next version of search"
