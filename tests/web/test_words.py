"""The texts: all translated, plain, well set; the values and charts said as a person says them."""

from __future__ import annotations

import io
import json
import re
from base64 import b64encode
from decimal import Decimal
from hashlib import sha384
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import cockpit_web
from cockpit.uses.energy import EnergyDay, EnergyMonth
from cockpit_web import formats
from cockpit_web.charts import month_bars, power_band
from cockpit_web.languages import translate, translate_count
from cockpit_web.typography import french_spacing

ROOT = Path(cockpit_web.__file__).parent
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None, "marked_count": (1, 2)}
# The words of the trade that no page says (the vocabulary of plain labels).
FORBIDDEN = re.compile(
    r"\b(consentement|grant|finalité|scope|attribut|révoquer|connecteur|synchronis|passkey|log\b|logs|"
    r"responsable de traitement|rétention|sous-traitant|portabilité|token|jeton|utilisateur|mot de passe oublié)",
    re.IGNORECASE,
)


def messages() -> set[str | tuple[str, ...]]:
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    options = {"templates/**.html": {"trimmed": "true"}}
    found = extract_from_dir(ROOT, methods, options, keywords=KEYWORDS)
    return {tuple(message) if isinstance(message, tuple) else message for _, _, message, _, _ in found}


def catalogue() -> dict[str | tuple[str, ...], str | tuple[str, ...]]:
    written = read_po(io.BytesIO(files("cockpit_web").joinpath("locale/en/LC_MESSAGES/messages.po").read_bytes()))
    return {
        (tuple(m.id) if isinstance(m.id, list | tuple) else m.id): (
            tuple(m.string) if isinstance(m.string, list | tuple) else m.string or ""
        )
        for m in written
        if m.id
    }


def test_every_text_has_its_english_and_nothing_is_left_over() -> None:
    said, known = messages(), catalogue()
    assert len(said) > 300
    assert said - set(known) == set()
    assert set(known) - said == set()
    assert all(all(text) if isinstance(text, tuple) else text for text in known.values())


def test_both_languages_fill_in_the_same_blanks() -> None:
    blanks = re.compile(r"%\((\w+)\)s|%s")
    for french, english in catalogue().items():
        one, other = (french, english) if isinstance(french, str) else (french[-1], english[-1])
        assert set(blanks.findall(str(one))) == set(blanks.findall(str(other))), french


def test_no_text_uses_the_words_of_the_trade() -> None:
    texts = [text for message in messages() for text in ([message] if isinstance(message, str) else message)]
    assert [text for text in texts if FORBIDDEN.search(text)] == []


def test_sentences_are_short() -> None:
    for message in messages():
        for text in [message] if isinstance(message, str) else message:
            for sentence in re.split(r"(?<=[.!?:;])\s", text):
                assert len(sentence.split()) <= 26, sentence


def test_no_pressure_in_the_request() -> None:
    words = r"\b(vite|urgent|dernière chance|dommage|malheureusement|perdrez|risquez|seulement si)\b"
    pressure = re.compile(words, re.IGNORECASE)
    text = (ROOT / "templates/request/page.html").read_text("utf-8")
    assert not pressure.search(text)


def test_french_plurals() -> None:
    one, many = "%(num)s opération", "%(num)s opérations"
    assert [translate_count("fr", one, many, count) for count in (0, 1, 2)] == [one, one, many]
    assert [translate_count("en", one, many, count) for count in (0, 1, 2)] == [
        "%(num)s transactions", "%(num)s transaction", "%(num)s transactions",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        ("Vous avez fini ?", "Vous avez fini\u202f?"),
        ("Ceci : cela", "Ceci\u00a0: cela"),
        ("« mot »", "«\u00a0mot\u00a0»"),
        ("20 000 €", "20\u202f000\u00a0€"),
        ("12 kWh", "12\u00a0kWh"),
        ("%(kwh)s kWh", "%(kwh)s\u00a0kWh"),
        ("le 3 mai 2026", "le 3 mai 2026"),
        ("http://a.b", "http://a.b"),
    ],
)
def test_french_spacing(typed: str, set_: str) -> None:
    assert french_spacing(typed) == set_


@given(st.text())
def test_spacing_changes_spaces_only(typed: str) -> None:
    spaced = french_spacing(typed)
    assert len(spaced) == len(typed)
    assert re.sub(r"[\u00a0\u202f]", " ", spaced) == re.sub(r"[\u00a0\u202f]", " ", typed)
    assert french_spacing(spaced) == spaced


def test_dates_and_amounts_as_a_person_says_them() -> None:
    assert formats.day("fr", "2026-10-01") == "1er octobre 2026"
    assert formats.day("fr", "2026-10-11") == "11 octobre 2026"
    assert formats.day("en", "2026-10-01") == "1 October 2026"
    assert formats.moment("fr", "2026-07-01T22:30:00Z") == "2 juillet 2026 à 00:30"
    assert formats.amount("fr", Decimal("-1234.5"), "EUR") == "-1\u202f234,50\u00a0€"
    assert formats.amount("en", "1234.5", "EUR") == "€1,234.50"
    assert formats.amount("fr", "3", "") == "3,00"
    assert formats.size("fr", 1536 * 1024) == "1,5\u00a0Mo"
    assert formats.size("en", 10) == "1\u00a0KB"


def test_an_unknown_text_is_said_as_it_is() -> None:
    assert translate("en", "jamais vu") == "jamais vu"


def month(name: str, kwh: int) -> EnergyMonth:
    return EnergyMonth(name, kwh * 1000, 30, 30)


def test_bars_stay_inside_the_drawing() -> None:
    known = tuple(month(f"2026-{n:02d}", kwh) for n, kwh in enumerate((0, 1, 499, 500, 12_345), 1))
    chart = month_bars(known, "2026-05")
    assert [bar.current for bar in chart.bars] == [False] * 4 + [True]
    assert all(0 <= bar.x < bar.x + bar.width <= 100 for bar in chart.bars)
    assert all(bar.y >= 0 and bar.y + bar.height == pytest.approx(100, abs=0.01) for bar in chart.bars)
    assert chart.ticks[0].value == 0
    assert chart.ticks[-1].value >= 12_345
    assert 3 <= len(chart.ticks) <= 6


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=20))
def test_any_months_make_a_chart(kwh: list[int]) -> None:
    chart = month_bars(tuple(month(f"20{n:02d}-01", value) for n, value in enumerate(kwh)), "")
    assert len(chart.bars) == min(13, len(kwh))
    assert all(-0.01 <= bar.y <= 100 for bar in chart.bars)


def test_a_band_needs_two_days_known_finely() -> None:
    fine = [EnergyDay(f"2026-10-{n:02d}", 1000, 50 + n, 900) for n in range(1, 4)]
    band = power_band(tuple(fine))
    assert band is not None
    assert (band.lowest, band.highest, band.width, band.months) == (51, 900, 2, ((0.0, "2026-10-01"),))
    assert power_band((*fine[:1], EnergyDay("2026-10-09", 1000, None, None))) is None


def test_vendored_files_are_those_of_the_manifest() -> None:
    vendor = ROOT / "static/vendor"
    manifest = json.loads((vendor / "manifest.json").read_text("utf-8"))
    named = {"manifest.json"}
    for package in manifest["packages"]:
        named |= {package["licence_file"], *package["files"]}
        assert package["version"]
        for name, file in package["files"].items():
            digest = b64encode(sha384((vendor / name).read_bytes()).digest()).decode()
            assert file["integrity"] == f"sha384-{digest}", name
    assert {path.name for path in vendor.iterdir()} == named


def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    sprite = (ROOT / "static/vendor/icons.svg").read_text("utf-8")
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    texts = [path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html")]
    named = {name for text in texts for name in re.findall(r'(?:icon|round)\("([\w-]+)"', text)}
    named |= {name for text in texts for name in re.findall(r'(?:notice|empty)\("[\w-]*", "([\w-]+)"', text)}
    named |= {name for text in texts for name in re.findall(r'empty\("([\w-]+)"', text)}
    named |= {name for module in ("families", "history_words", "origin_words")
              for name in re.findall(r'"([a-z]+(?:-[a-z]+)+|zap|landmark|eye|hand|check|x|plus|package|sparkles)",?\n',
                                     (ROOT / f"{module}.py").read_text("utf-8"))}  # fmt: skip
    assert named - drawn == set()
