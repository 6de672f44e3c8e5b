"""Taking everything away, beside what else happens to a space meanwhile."""

from __future__ import annotations

import gc
import io

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.erase_record import erase_record
from cockpit.acts.export_space import export_space
from cockpit.domain.errors import CitizenMustAct, Tampered
from tests.acts.test_erase_record import LINE, bring, shown


def test_a_file_erased_during_an_export_is_said_and_not_taken_for_damage(cockpit: Cockpit, visit: Visit) -> None:
    bring(cockpit, visit, "PHARMACIE")
    to_erase = [shown(cockpit, visit)["PHARMACIE"].uid]

    def erase_after_the_start(_done: int, _total: int) -> None:
        if to_erase:
            erase_record(cockpit, visit, LINE, to_erase.pop())

    with pytest.raises(CitizenMustAct) as refused:
        export_space(cockpit, visit, io.BytesIO(), erase_after_the_start)
    assert refused.value.reason == "erased_meanwhile"
    assert export_space(cockpit, visit, io.BytesIO()).records == 0


def test_a_file_lost_by_the_object_store_is_damage(cockpit: Cockpit, visit: Visit) -> None:
    bring(cockpit, visit, "PHARMACIE")
    cockpit.spaces.files.objects.delete([found.key for found in cockpit.spaces.files.objects.list()])
    with pytest.raises(Tampered):
        export_space(cockpit, visit, io.BytesIO())


@pytest.mark.filterwarnings("error")
def test_a_stopped_export_leaves_nothing_open(cockpit: Cockpit, visit: Visit) -> None:
    bring(cockpit, visit, "PHARMACIE")

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    out = io.BytesIO()
    with pytest.raises(KeyboardInterrupt):
        export_space(cockpit, visit, out, stop)
    out.close()
    # A zip still open would write into the closed file when it is collected: pytest makes an error of that.
    gc.collect()
