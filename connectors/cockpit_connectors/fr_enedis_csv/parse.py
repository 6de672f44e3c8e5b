"""One CSV file, line by line: which header a line opens, and whose block it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.sources.port import Fault, FaultKind

from .blocks import (
    ACTIVE,
    DAY,
    DIRECTIONS,
    LONG_COLUMNS,
    UNITS,
    Block,
    CustomerBlock,
    LongBlock,
    Read,
    Skipped,
    SupplierBlock,
    cell,
    layout_changed,
    unit_in,
    unsupported,
)
from .clock import DAILY, STEPS
from .text import CellError, key, meter_in, rows

_INDEX = {"cadran", "grille", "typereleve", "typedereleve", "contextedereleve", "contextereleve"}
_STEP_IN_NAME = re.compile(r"(?<![0-9])([0-9]{1,2}) ?min", re.IGNORECASE)


class Document:
    """One CSV file. ``known`` says, once read, whether any header of the three families was there."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._meter = meter_in(name) or "unknown"
        step = _STEP_IN_NAME.search(name)
        self._step = int(step[1]) if step and int(step[1]) in STEPS else None
        self._heading: dict[str, int] | None = None
        self._block: Block | None = None
        self.known = False
        self.refused = False

    def read(self) -> Iterator[Read]:
        """Every reading and fault of the file, in its order."""
        for line, cells in rows(self._text):
            place = f"line {line}"
            try:
                for outcome in self._line(cells, place):
                    if isinstance(outcome, Fault) and outcome.code == "unsupported-magnitude":
                        if self.refused:
                            continue
                        self.refused = True
                    yield outcome
            except CellError as fault:
                yield Fault(FaultKind.BAD_LINE, fault.code, str(fault), place)
        if self._block is not None:
            yield from self._block.end()

    def _line(self, cells: list[str], place: str) -> Iterator[Read]:
        if self._heading is not None:
            yield from self._open_customer(cells, place)
        elif not cells[0][:1].isdigit():
            yield from self._words(cells, place)
        elif self._block is not None:
            yield from self._block.read(cells, place)
        elif DAY.fullmatch(cells[0]) and not any(cells[1:]):
            self._block = self._supplier("")
            yield from self._block.read(cells, place)
        else:
            self._meter = meter_in(";".join(cells)) or self._meter

    def _words(self, cells: list[str], place: str) -> Iterator[Read]:
        """A line that does not begin with a digit: a title, a header, or a line gone wrong."""
        names = [key(cell) for cell in cells]
        if "identifiantprm" in names and len(cells) > 2:
            yield from self._close()
            yield from self._open_enedis(names, place)
        elif names[0].startswith("recapitulatifdemesindex"):
            yield from self._close()
            self.known, self._block = True, Skipped()
            yield unsupported(place)
        elif names[0].startswith("recapitulatifdem"):
            yield from self._close()
            self._block = self._supplier(cells[0])
        elif isinstance(self._block, SupplierBlock):
            yield from self._supplier_heading(self._block, cells, place)
        elif isinstance(self._block, CustomerBlock) and names[0]:
            yield from self._block.head(cells, place)
        elif self._block is not None:
            yield from self._block.read(cells, place)
        elif names[0].startswith("date") and unit_in(cell(cells, 1)):
            self._block = block = self._supplier("")
            yield from self._supplier_heading(block, cells, place)
        else:
            self._meter = meter_in(";".join(cells)) or self._meter

    def _close(self) -> Iterator[Read]:
        if self._block is not None:
            yield from self._block.end()
        self._block, self._heading = None, None

    def _open_enedis(self, names: list[str], place: str) -> Iterator[Read]:
        self.known = True
        columns = {name: index for index, name in reversed(list(enumerate(names)))}
        if _INDEX & columns.keys():
            self._block = Skipped()
            yield unsupported(place)
        elif "horodate" in columns:
            if any(name not in columns for name in LONG_COLUMNS):
                yield layout_changed(place)
                self._block = Skipped()
            else:
                self._block = LongBlock(columns, self._meter)
        elif "typededonnees" in columns:
            self._heading = columns
        else:
            yield layout_changed(place)
            self._block = Skipped()

    def _open_customer(self, cells: list[str], place: str) -> Iterator[Read]:
        """The second header row of the customer area: what the first one announces."""
        assert self._heading is not None
        said = {name: key(cell(cells, index)) for name, index in self._heading.items()}
        meter = cell(cells, self._heading.get("identifiantprm", 0))
        self._heading = None
        sort = said.get("typededonnees", "")
        daily = "quotidien" in sort or "journali" in sort
        unit = UNITS.get(said.get("unite", "wh" if daily else ""))
        direction = _direction(said.get("grandeurmetier", ""), sort)
        wanted = (daily and unit is not None and unit[1]) or "courbe" in sort
        wanted = wanted and "maxim" not in sort and said.get("grandeurphysique", "ea") in ACTIVE
        if unit is None or direction is None or not wanted:
            self._block = Skipped()
            yield unsupported(place)
        else:
            step = said.get("pasenminutes", "")
            minutes = DAILY if daily else int(step) if step.isdigit() and int(step[:4]) in STEPS else None
            known = meter_in(meter) or self._meter
            self._block = CustomerBlock(known, direction, unit, minutes)

    def _supplier(self, title: str) -> SupplierBlock:
        self.known = True
        return SupplierBlock(self._meter, unit_in(title), self._step)

    def _supplier_heading(self, block: SupplierBlock, cells: list[str], place: str) -> Iterator[Read]:
        block.meter = self._meter = meter_in(";".join(cells)) or self._meter
        unit = unit_in(cell(cells, 1))
        if key(cells[0]).startswith(("periode", "mois", "annee")):
            self._block = Skipped()
            yield unsupported(place)
        elif unit is not None:
            block.unit = unit


def _direction(magnitude: str, sort: str) -> str | None:
    for words, direction in DIRECTIONS.items():
        if magnitude == words or (not magnitude and sort.startswith(words)):
            return direction
    return "consumption" if not magnitude and not sort.startswith(("prod", "inj")) else None
