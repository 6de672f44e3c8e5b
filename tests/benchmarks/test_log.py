"""The benchmark of the logs measures what it says: on few leaves, every number is there and the log verifies."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import log
from benchmarks.performance import AIMS, PAGE, with_numbers
from cockpit.acts.open_space import open_space


def test_every_measure_gives_a_number_on_a_few_leaves() -> None:
    assert log.appended_per_s(log.made_leaves(600)) > 0
    with log.deployment() as cockpit:
        persons = [open_space(cockpit, f"p{n}", "quatre mots faciles", "P", "fr").person for n in range(3)]
        assert log.batched_per_s(cockpit, persons, 1) > 0
        assert log.event_cpu_ms(cockpit, persons[0], 2) > 0
        with cockpit.database.read() as connection:
            sizes = [cockpit.ledger.checkpoint(connection, name)[0] for name in cockpit.ledger.logs(connection)]
    assert sizes == [3 + 2, 1]


def test_verifying_reads_every_leaf_and_refuses_a_changed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = log.made_leaves(600)
    with log.deployment() as cockpit:
        log.fill(cockpit, leaves, 256)
        assert log.verify_s(cockpit) > 0
        honest = log.unbundle
        monkeypatch.setattr(log, "unbundle", lambda content: [leaf + b"x" for leaf in honest(content)])
        with pytest.raises(RuntimeError, match="tile"):
            log.verify_s(cockpit)


def test_the_page_has_a_place_for_it_and_aims() -> None:
    assert Path(PAGE).exists()
    assert "measured here" in with_numbers(PAGE.read_text(), "log", "measured here")
    assert {name for aims in AIMS.values() for name in aims if name.startswith("log.")} == {
        f"log.metrics.{name}"
        for name in ("append_per_s", "batched_durable_per_s", "verify_1m_s", "consent_event_cpu_ms")
    }
