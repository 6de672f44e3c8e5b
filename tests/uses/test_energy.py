"""The sentence on energy: right totals, one series a day, comparisons only between whole months."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

from cockpit.domain.ids import ConnectorId, Kind
from cockpit.domain.moment import PARIS, instant
from cockpit.domain.record import Basis, Json, Method, Provenance, Record
from cockpit.uses.energy import consumption_days, energies, month_said, months

ORIGIN = Provenance(ConnectorId("fr.test"), "1", Method.PARSED, Basis.OBSERVED)


def block(first: date, days: int, interval: str, unit: str, value: int, **extra: str) -> Record:
    """A series of one constant measure over whole days of Europe/Paris."""
    begins = datetime(first.year, first.month, first.day, tzinfo=PARIS)
    after = first + timedelta(days=days)
    ends = datetime(after.year, after.month, after.day, tzinfo=PARIS)
    width = {"PT30M": 1800, "PT60M": 3600, "P1D": 86400}[interval]
    count = days if interval == "P1D" else int((ends.timestamp() - begins.timestamp()) // width)
    measures: list[Json] = [value] * count
    data: dict[str, Json] = {
        "meter": "m1", "energy": "electricity", "direction": "consumption", "unit": unit, "interval": interval,
        "start": instant(begins), "values": measures,
    }  # fmt: skip
    return Record(Kind("energy.series"), "k", first.isoformat(), {**data, **extra}, ORIGIN)


def test_half_hours_of_mean_power_become_watt_hours_of_a_day() -> None:
    days = consumption_days([block(date(2026, 10, 1), 2, "PT30M", "W", 500)], "electricity")
    assert [(d.day, d.watt_hours, d.low, d.high) for d in days] == [
        ("2026-10-01", 12_000, 500, 500),
        ("2026-10-02", 12_000, 500, 500),
    ]


def test_the_day_that_clocks_go_back_has_twenty_five_hours() -> None:
    (day,) = consumption_days([block(date(2026, 10, 25), 1, "PT30M", "W", 1000)], "electricity")
    assert day.watt_hours == 25_000


def test_a_day_known_twice_is_counted_once_from_the_finest_whole_series() -> None:
    fine, coarse = block(date(2026, 10, 1), 1, "PT30M", "W", 500), block(date(2026, 10, 1), 2, "P1D", "Wh", 12_100)
    for order in ([fine, coarse], [coarse, fine]):
        days = consumption_days(order, "electricity")
        assert [(d.day, d.watt_hours, d.high) for d in days] == [
            ("2026-10-01", 12_000, 500),
            ("2026-10-02", 12_100, None),
        ]


def test_a_broken_curve_gives_way_to_the_days_total() -> None:
    fine = block(date(2026, 10, 1), 1, "PT30M", "W", 500)
    broken = Record(fine.kind, "k", fine.day, fine.data | {"values": [500] * 10 + [None] * 38}, fine.provenance)
    coarse = block(date(2026, 10, 1), 1, "P1D", "Wh", 12_100)
    for order in ([broken, coarse], [coarse, broken]):
        (day,) = consumption_days(order, "electricity")
        assert day.watt_hours == 12_100


def test_two_meters_add_up_and_production_and_other_energies_are_left_out() -> None:
    first = date(2026, 10, 1)
    records = [
        block(first, 1, "P1D", "Wh", 1000),
        block(first, 1, "P1D", "Wh", 500, meter="m2"),
        block(first, 1, "P1D", "Wh", 9000, direction="production"),
        block(first, 1, "P1D", "Wh", 7000, energy="gas"),
    ]
    (day,) = consumption_days(records, "electricity")
    assert day.watt_hours == 1500
    assert energies(records) == ("electricity", "gas")


def test_the_newest_whole_month_is_compared_with_the_year_before() -> None:
    records = [
        block(date(2025, 10, 1), 31, "P1D", "Wh", 10_000),
        block(date(2026, 10, 1), 31, "P1D", "Wh", 9_200),
        block(date(2026, 11, 1), 12, "P1D", "Wh", 20_000),
    ]
    said = month_said(months(consumption_days(records, "electricity")))
    assert said is not None and said.against is not None
    assert (said.month.month, said.month.kwh, said.against.month, said.change_per_cent) == (
        "2026-10", 285, "2025-10", -8,
    )  # fmt: skip


def test_a_partial_year_before_gives_no_comparison() -> None:
    records = [
        block(date(2025, 10, 2), 30, "P1D", "Wh", 10_000),
        block(date(2026, 10, 1), 31, "P1D", "Wh", 9_200),
    ]
    said = month_said(months(consumption_days(records, "electricity")))
    assert said is not None and said.change_per_cent is None and said.against is None


def test_with_no_whole_month_the_newest_is_said_as_partial() -> None:
    known = months(consumption_days([block(date(2026, 11, 1), 3, "P1D", "Wh", 1000)], "electricity"))
    said = month_said(known)
    assert said is not None and not said.month.complete and said.month.measured == 3


def test_no_record_says_nothing() -> None:
    assert month_said(months(consumption_days([], "electricity"))) is None


def test_months_come_oldest_first() -> None:
    known = months(consumption_days([block(date(2026, 1, 1), 120, "P1D", "Wh", 10)], "electricity"))
    assert all(earlier.month < later.month for earlier, later in pairwise(known))
    assert [month.length for month in known] == [31, 28, 31, 30]
