"""The same consumption in the three layouts gives the same bytes, across both changes of the clock."""

from __future__ import annotations

from datetime import date

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from .layouts import METER, Consumption, customer, intervals, long, outcomes, supplier, zipped

NAME = f"mes-puissances-atteintes-{{}}min-{METER}-75011.csv"
FIRST_DAYS = [date(2024, 3, 30), date(2024, 10, 26), date(2025, 3, 29), date(2025, 10, 25), date(2023, 12, 30)]


@st.composite
def consumptions(draw: st.DrawFn) -> Consumption:
    first, days = draw(st.sampled_from(FIRST_DAYS)), draw(st.integers(1, 3))
    minutes = draw(st.sampled_from([10, 30, 60]))
    # Few different values, so that neighbours of the repeated hour are often equal.
    measure = st.one_of(st.none(), st.integers(0, 3), st.integers(0, 9000))
    size = intervals(first, days, minutes)
    return Consumption(first, minutes, tuple(draw(st.lists(measure, min_size=size, max_size=size))))


def records_of(content: bytes, name: str = "export.csv") -> list[tuple[str, str, str | None, bytes]]:
    records, faults = outcomes(content, name)
    assert [fault for fault in faults if fault.code != "no-measure"] == []
    return [(record.source_key, record.day, record.until, rfc8785.dumps(record.data)) for record in records]


@given(load=consumptions())
@settings(max_examples=40, deadline=None)
def test_three_families_give_the_same_bytes(load: Consumption) -> None:
    wanted = records_of(customer(load))
    assert wanted or not any(value is not None for value in load.values)
    assert records_of(customer(load, step="")) == wanted
    assert records_of(long(load)) == wanted
    assert records_of(long(load, backward=True)) == wanted
    assert records_of(supplier(load), NAME.format(load.minutes)) == wanted


@given(load=consumptions().filter(lambda load: load.minutes == 30), twice=st.sets(st.integers(0, 149)))
@settings(max_examples=20, deadline=None)
def test_lines_written_twice_by_the_supplier_change_nothing(load: Consumption, twice: set[int]) -> None:
    assert records_of(supplier(load, sorted(twice)), NAME.format(30)) == records_of(customer(load))


@pytest.mark.parametrize(
    ("first", "size", "values"),
    [(date(2025, 3, 30), 46, 1486), (date(2025, 10, 26), 50, 1490), (date(2025, 10, 25), 48, 1490)],
)
def test_days_of_46_and_50_half_hours(first: date, size: int, values: int) -> None:
    load = Consumption(first, 30, tuple(range(1000, 1000 + size)))
    assert intervals(first, 1, 30) == size
    for content, name in [(customer(load), ""), (long(load), ""), (supplier(load), NAME.format(30))]:
        (record,), faults = outcomes(content, name)
        series = record.data["values"]
        assert isinstance(series, list)
        assert faults == []
        assert (record.day, record.until) == (first.isoformat(), first.isoformat())
        assert len(series) == values
        begins = (first.day - 1) * 48
        assert series[begins : begins + size] == list(range(1000, 1000 + size))
        assert series.count(None) == values - size


def test_a_zip_gives_what_its_csv_gives() -> None:
    load = Consumption(date(2025, 10, 26), 30, tuple(range(50)))
    name = NAME.format(30)
    assert records_of(zipped(**{name: supplier(load)}), "mes-donnees-elec.zip") == records_of(supplier(load), name)


def test_importing_again_or_a_longer_file_gives_the_same_keys() -> None:
    short = Consumption(date(2025, 10, 30), 30, tuple(range(48)))
    longer = Consumption(date(2025, 10, 30), 30, tuple(range(48 * 3)))
    assert records_of(customer(short)) == records_of(customer(short))
    keys = [key for key, _, _, _ in records_of(customer(longer))]
    assert keys == [f"{METER}|consumption|PT30M|2025-10", f"{METER}|consumption|PT30M|2025-11"]
    assert [key for key, _, _, _ in records_of(customer(short))] == keys[:1]
