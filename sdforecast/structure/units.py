"""Dimensional check: whether the units of every equation fit, with the place and both units where they do not.

The rules are those of Vensim's check: sums, comparisons, MIN and MAX want one unit; EXP, LN and their like want none;
a stock is its flows times the time; both sides of an equation agree. A number written into an equation has no unit,
except that 0 fits anywhere and that a variable may be set to a number.

Found are three kinds. `unit`: two units that do not fit. `scale`: the same measure in other sizes (weeks added to
months). `number`: only a number stands in the way (`2 + stock`, `MAX(0.1, flow)`), which would fit if it had a name and
a unit; Vensim complains of it, too, but it does no harm to the arithmetic. A variable without a unit fits anywhere: it
is named among the undocumented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdforecast.model import ModelFile
from sdforecast.model.vocabulary import CONTROL
from sdforecast.structure.dimensions import Dimensions
from sdforecast.structure.formula import written
from sdforecast.structure.graph import clean
from sdforecast.structure.places import folded, lines
from sdforecast.structure.trees import elements
from sdforecast.structure.words import UnitError, Units, synonyms

KINDS = ("unit", "scale", "number", "word")
"""What may be found; `word` is a unit that cannot be read."""


@dataclass(frozen=True)
class Inconsistency:
    """One place where units do not fit.

    Attributes
    ----------
    variable : in whose equation.
    line : of its definition, if known.
    kind : one of :data:`KINDS`.
    part : the formula that does not fit, or the whole right side.
    found, expected : units in the words of the model.
    why : what is compared with what.
    fits : what a number in the formula would have to carry for the equation to fit, if it has a single one.
    """

    variable: str
    line: int | None
    kind: str
    part: str
    found: str
    expected: str
    why: str
    fits: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it is more than a number without a unit."""
        return self.kind != "number"

    @property
    def what(self) -> str:
        """It as a sentence."""
        if self.kind == "word":
            return f"'{self.variable}': '{self.part}' is no unit: {self.why}"
        return f"'{self.variable}': {self.why}: {self.part} is {self.found}, expected {self.expected}"


def check(model: ModelFile) -> list[Inconsistency]:
    """Return every inconsistency of units in a model, in the order of the file."""
    units = Units(synonyms(model.path))
    place = lines(model.path)
    of_file = elements(model, control=True)
    names = {clean(element.name): name for name, element in of_file.items()}
    texts = {str(row["name"]): str(row["unit"]) for _, row in model.variables.iterrows()}
    texts |= {name: str(element.units or "") for name, element in of_file.items() if name in CONTROL}
    known: dict[str, Any] = {}
    found: list[Inconsistency] = []
    for name in of_file:
        try:
            known[clean(of_file[name].name)] = units.parse(texts.get(name, ""))
        except UnitError as error:
            found.append(Inconsistency(name, place.get(folded(name)), "word", texts[name], "", "", str(error)))
    time = next((known[key] for key in map(clean, ("TIME STEP", *CONTROL)) if known.get(key) is not None), None)
    reader = Dimensions(units, known | {"time": time}, time)
    for name, element in of_file.items():
        trees = [component.ast for component in element.components]
        found += _of_equation(reader, name, place.get(folded(name)), trees, known.get(clean(element.name)), names)
    return sorted(found, key=lambda each: each.line or 0)


def _of_equation(
    reader: Dimensions, name: str, line: int | None, trees: Sequence[Any], unit: Any, names: Mapping[str, str]
) -> Iterator[Inconsistency]:
    """Check each equation of a variable; what is found twice (in two cells) is told once."""
    told = set()
    for tree in trees:
        for fault in reader.faults(tree, unit):
            shown = Inconsistency(
                name, line, fault.kind, written(fault.tree, names),
                reader.units.written(fault.found), reader.units.written(fault.expected), fault.why, fault.fits,
            )  # fmt: skip
            if shown not in told:
                told.add(shown)
                yield shown
