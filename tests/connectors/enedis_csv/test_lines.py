"""What one line, one header or one name can change: good lines stay, bad ones are named."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from cockpit.domain.record import Json, Record
from cockpit.sources.port import FaultKind, Probe
from cockpit_connectors.fr_enedis_csv.connector import ID, MOST_BAD_LINES, VERSION, connector

from .layouts import CUSTOMER_HEADER, LONG_HEADER, METER, SUPPLIER_HEADER, codes, outcomes, zipped

LONG_LINE = METER + ";2024-01-01;2024-01-31;{magnitude};{business};{stage};{unit};{at};{value};B;{step};0;0"


def long_line(**cells: str) -> str:
    usual = {"magnitude": "PA", "business": "CONS", "stage": "BRUT", "unit": "W", "step": "PT30M"}
    return LONG_LINE.format(**(usual | {"at": "2024-01-10 00:30:00", "value": "100"} | cells))


def long_file(*lines: str) -> str:
    return "\n".join([LONG_HEADER, *lines])


def customer_file(*lines: str, heading: str | None = None, columns: str = "Horodate;Valeur") -> str:
    said = heading or f"{METER};Courbe de charge;;;Energie active;Consommation;Comptage Brut;W;30"
    return "\n".join([CUSTOMER_HEADER, said, "", columns, *lines])


def measures(record: Record) -> dict[int, Json]:
    values = record.data["values"]
    assert isinstance(values, list)
    return {index: value for index, value in enumerate(values) if value is not None}


def test_a_bad_line_is_named_and_the_others_stay() -> None:
    (record,), faults = outcomes(
        long_file(
            long_line(value="1"),
            long_line(at="2024-02-30 01:00:00"),
            long_line(at="2024-01-10 01:00:00", value="12a"),
            long_line(at="2024-01-10 01:00:00", step="PT7M"),
            METER + ";x",
            long_line(at="2024-01-10 01:30:00", value="4").replace(METER, "123"),
            long_line(at="2024-01-10 02:00:00", value="NaN"),
            long_line(at="9999-12-31 23:30:00"),
            long_line(at="2024-01-10 02:00:00", value="5"),
        )
    )
    assert measures(record) == {9 * 48: 1, 9 * 48 + 3: 5}
    assert all(fault.kind is FaultKind.BAD_LINE for fault in faults)
    assert list(codes(faults)) == [
        ("bad-date", "line 3"),
        ("bad-value", "line 4"),
        ("bad-interval", "line 5"),
        ("short-line", "line 6"),
        ("bad-meter", "line 7"),
        ("bad-value", "line 8"),
        ("bad-date", "line 9"),
    ]


@pytest.mark.parametrize(
    ("unit", "value", "step", "watts"),
    [
        ("W", "692", "PT30M", 692),
        ("W", "692,4", "PT1H", 692),
        ("kW", "1,25", "PT30M", 1250),
        ("kW", "0.1255", "PT30M", 126),
        ("Wh", "10", "PT5M", 120),
        ("Wh", "-3", "PT30M", -6),
        ("kWh", "0,5", "PT60M", 500),
    ],
)
def test_units_become_whole_watts(unit: str, value: str, step: str, watts: int) -> None:
    magnitude = "EA" if unit.endswith("h") else "PA"
    at = "2024-01-10 01:00:00"
    (record,), faults = outcomes(long_file(long_line(magnitude=magnitude, unit=unit, value=value, step=step, at=at)))
    assert faults == []
    assert list(measures(record).values()) == [watts]
    assert record.data["unit"] == "W"


def test_other_magnitudes_are_said_once() -> None:
    (record,), faults = outcomes(
        long_file(
            long_line(magnitude="PRI", unit="VAr"),
            long_line(magnitude="PMA", unit="VA"),
            long_line(magnitude="PA", business="AUTRE"),
            long_line(),
        )
    )
    assert list(codes(faults)) == [("unsupported-magnitude", "line 2")]
    assert measures(record) == {9 * 48: 100}


def test_meters_directions_and_steps_are_told_apart() -> None:
    records, faults = outcomes(
        long_file(
            long_line(value="1"),
            long_line(value="2", business="PROD"),
            long_line(value="3", step="PT10M"),
            long_line(value="4").replace(METER, "99999999999999", 1),
        )
    )
    assert faults == []
    assert [record.source_key for record in records] == [
        f"{METER}|consumption|PT30M|2024-01",
        f"{METER}|consumption|PT10M|2024-01",
        f"{METER}|production|PT30M|2024-01",
        "99999999999999|consumption|PT30M|2024-01",
    ]


def test_a_corrected_measure_wins_wherever_it_stands_and_a_contradiction_is_said() -> None:
    corrected = [long_line(value="1"), long_line(value="2", stage="CORRIGE")]
    for lines in (corrected, corrected[::-1]):
        (record,), faults = outcomes(long_file(*lines))
        assert (measures(record), faults) == ({9 * 48: 2}, [])
    (record,), faults = outcomes(long_file(long_line(value="1"), long_line(value="1"), long_line(value="3")))
    assert (measures(record), list(codes(faults))) == ({9 * 48: 1}, [("differing-measures", "line 4")])


def test_bad_lines_are_capped_with_a_count() -> None:
    records, faults = outcomes(long_file(*[long_line(value="x")] * (MOST_BAD_LINES + 23), long_line()))
    assert len(records) == 1
    assert len(faults) == MOST_BAD_LINES + 1
    assert (faults[-1].code, faults[-1].message.split()[0]) == ("more-bad-lines", "23")


def test_steps_that_change_inside_a_file_and_holes_are_told_apart() -> None:
    hourly = [f"2024-01-10T{hour:02}:00:00+01:00;{hour}" for hour in range(1, 5)]
    tens = [f"2024-01-10T{4 + ten // 6:02}:{ten % 6 * 10:02}:00+01:00;{ten}" for ten in range(1, 19) if ten != 7]
    records, faults = outcomes(
        customer_file(*hourly, *tens, heading=f"{METER};Courbe de charge;;;Energie active;Consommation;Brut;W;")
    )
    assert faults == []
    by_step = {record.data["interval"]: measures(record) for record in records}
    assert by_step["PT60M"] == {9 * 24 + hour - 1: hour for hour in range(1, 5)}
    assert by_step["PT10M"] == {9 * 144 + 24 + ten - 1: ten for ten in range(1, 19) if ten != 7}


def test_a_hole_in_a_half_hourly_curve_is_no_hour() -> None:
    stamps = ["00:30", "01:00", "02:00", "02:30", "03:00", "04:30", "05:00"]
    (record,), faults = outcomes(
        customer_file(
            *(f"2024-01-10T{at}:00+01:00;{index}" for index, at in enumerate(stamps)),
            heading=f"{METER};Courbe de charge;;;Energie active;Consommation;Brut;W;",
        )
    )
    assert (record.data["interval"], faults) == ("PT30M", [])
    assert [later - sooner for sooner, later in pairwise(measures(record))] == [1, 2, 1, 1, 3, 1]


def test_midnight_closes_its_day_unless_the_lines_say_that_it_opens_it() -> None:
    backward = SUPPLIER_HEADER + "10/01/2024;;\n00:00:00;9;Réelle\n23:30:00;8;Réelle\n00:30:00;1;Réelle\n"
    opening = SUPPLIER_HEADER + "10/01/2024;;\n23:30:00;8;Réelle\n00:30:00;1;Réelle\n00:00:00;9;Réelle\n"
    assert measures(outcomes(backward, "x-30min.csv")[0][0]) == {9 * 48: 1, 9 * 48 + 46: 8, 9 * 48 + 47: 9}
    assert measures(outcomes(opening, "x-30min.csv")[0][0]) == {9 * 48 - 1: 9, 9 * 48: 1, 9 * 48 + 46: 8}


def test_measures_between_two_intervals_are_counted_and_left_out() -> None:
    text = (
        SUPPLIER_HEADER + "10/01/2024;;\n09:38:06;7;Réelle\n09:30:00;8;Réelle\n09:07:00;7;Réelle\n09:00:00;6;Réelle\n"
    )
    (record,), faults = outcomes(text)
    assert list(measures(record).values()) == [6, 8]
    assert [(fault.code, fault.place, fault.message.split()[0]) for fault in faults] == [
        ("outside-intervals", "line 5", "2")
    ]


@pytest.mark.parametrize(
    ("unit", "columns", "line", "watt_hours"),
    [
        ("Wh", "Horodate;Valeur", "2024-01-10T00:00:00+01:00;12571", 12571),
        ("kWh", "Horodate;Valeur", "2024-01-10;12,571", 12571),
        ("", "Date;Valeur (en kWh)", "10/01/2024;9", 9000),
    ],
)
def test_daily_energy_is_read_in_watt_hours(unit: str, columns: str, line: str, watt_hours: int) -> None:
    heading = f"{METER};Energie quotidienne;;;Energie active;Consommation;Comptage Brut;{unit or 'Wh'};"
    (record,), faults = outcomes(customer_file(line, heading=heading, columns=columns))
    assert faults == []
    assert (record.data["unit"], record.data["interval"]) == ("Wh", "P1D")
    assert (measures(record), record.day, record.until) == ({9: watt_hours}, "2024-01-10", "2024-01-10")
    assert len(record.data["values"]) == 31  # type: ignore[arg-type]


def test_a_supplier_gives_days_and_production_is_told_by_its_title() -> None:
    title = "Récapitulatif de ma consommation\n\nDate de consommation;Consommation (kWh);Nature de la donnée\n"
    (record,), faults = outcomes(title + "02/01/2024;9;Réelle\n01/01/2024;1 016,5;Estimée\n")
    assert (measures(record), faults) == ({0: 1016500, 1: 9000}, [])
    produced = f"Identifiant PRM;Type de donnees\n{METER};Injection quotidienne\n\nDate;Valeur (en Wh)\n2024-01-10;5\n"
    assert outcomes(produced.replace("Type de donnees", "Type de donnees;Date de debut"))[0][0].source_key == (
        f"{METER}|production|P1D|2024-01"
    )


def test_a_day_told_by_a_curve_is_not_told_again_by_its_sum() -> None:
    curve = SUPPLIER_HEADER + "10/01/2024;;\n09:30:00;8;Réelle\n09:00:00;6;Réelle\n"
    days = (
        "Récapitulatif de ma consommation\n\nDate de consommation;Consommation (kWh);\n11/01/2024;9;\n10/01/2024;7;\n"
    )
    records, faults = outcomes(zipped(a_30min__csv=curve.encode("latin-1"), b__csv=days.encode("latin-1")), "x.zip")
    assert faults == []
    assert [(record.source_key, list(measures(record).values())) for record in records] == [
        ("unknown|consumption|PT30M|2024-01", [6, 8]),
        ("unknown|consumption|P1D|2024-01", [9000]),
    ]


@pytest.mark.parametrize(
    ("preamble", "name", "meter"),
    [
        ("", f"mes-puissances-atteintes-30min-{METER}-75011.csv", METER),
        ("", "mes-puissances-atteintes-30min-004033466112-56140.csv", "unknown"),
        ("", f"x-9{METER}.csv", "unknown"),
        (f"Numéro de PRM;{METER}\n", "export.csv", METER),
    ],
)
def test_the_meter_comes_from_the_file_then_from_its_name(preamble: str, name: str, meter: str) -> None:
    text = f"Récapitulatif de ma consommation\n{preamble}10/01/2024;;\n09:30:00;8;Réelle\n09:00:00;6;Réelle\n"
    assert outcomes(text, name)[0][0].data["meter"] == meter


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_encodings_and_line_ends(encoding: str) -> None:
    text = long_file(long_line(), long_line(at="2024-01-10 01:00:00", value="7")).replace("\n", "\r\n")
    (record,), faults = outcomes(text.encode(encoding))
    assert (list(measures(record).values()), faults) == ([100, 7], [])


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        ("", FaultKind.UNSUPPORTED, "empty-file"),
        (" \r\n\n", FaultKind.UNSUPPORTED, "empty-file"),
        ("a;b\n1;2\n", FaultKind.LAYOUT_CHANGED, "unknown-header"),
        (LONG_HEADER, FaultKind.UNSUPPORTED, "no-measure"),
        (LONG_HEADER.replace("Valeur", "Mesure"), FaultKind.LAYOUT_CHANGED, "unknown-header"),
        ("Identifiant PRM;Quelque chose;Autre\n1;2;3\n", FaultKind.LAYOUT_CHANGED, "unknown-header"),
        (customer_file("10/01/2024;1", columns="Moment;Mesure"), FaultKind.LAYOUT_CHANGED, "unknown-header"),
        (b"%PDF-1.7\n\x00\xff\xfe", FaultKind.LAYOUT_CHANGED, "unknown-header"),
        (b" " * (32 * 1024 * 1024 + 1), FaultKind.TOO_BIG, "file-too-big"),
    ],
)
def test_a_file_that_gives_nothing_says_why(content: str | bytes, kind: FaultKind, code: str) -> None:
    records, faults = outcomes(content)
    assert records == []
    assert (faults[0].kind, faults[0].code) == (kind, code)


def test_recognises_its_own_and_nothing_else() -> None:
    samples = Path(__file__).parent / "samples"
    own = {path.name: path.read_bytes() for path in samples.glob("*.csv")}
    own |= {"z.zip": zipped(a__csv=own["supplier_october.csv"]), "cut.csv": own["long_march.csv"][:5000]}
    for name, content in own.items():
        assert connector.recognise(Probe(name, content[: 64 * 1024], len(content))) >= 0.9, name
    others = [
        b"",
        b"\x00\xff" * 40,
        b"Date;Montant;Libelle\n",
        b"<OFX></OFX>",
        b"%PDF-1.7",
        zipped(a__txt=b"x"),
        b"PK\x03\x04",
    ]
    for content in others:
        assert connector.recognise(Probe("export.csv", content, len(content))) == 0.0


def test_the_manifest_names_this_code() -> None:

    folder = Path(__file__).parents[3] / "connectors" / "cockpit_connectors" / "fr_enedis_csv"
    manifest = tomllib.loads((folder / "manifest.toml").read_text())
    assert (manifest["id"], manifest["version"]) == (ID, VERSION)
