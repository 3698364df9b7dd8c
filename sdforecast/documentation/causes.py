"""What uses what: the arrows between variables, the flows of a stock, what crosses from sector to sector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sdforecast.documentation.equations import Equation, Equations, names_in, terms


@dataclass(frozen=True)
class Change:
    """How a stock changes.

    Attributes
    ----------
    inflows, outflows : flows with a name of their own.
    follows : what the rest of its rate is made of, where that rate stands in the stock's own equation.
    """

    inflows: tuple[str, ...]
    outflows: tuple[str, ...]
    follows: tuple[str, ...]


@dataclass(frozen=True)
class Causes:
    """The arrows of a model: `uses[a]` are the variables in the equation of `a`."""

    equations: Equations
    constants: frozenset[str]

    @cached_property
    def uses(self) -> Mapping[str, list[str]]:
        """By name, the variables in its equation, in their order there."""
        every = self.equations.by_name
        return {name: names_in(each.expression, every) for name, each in every.items()}

    @cached_property
    def used_by(self) -> Mapping[str, list[str]]:
        """By name, the variables whose equation has it."""
        found: dict[str, list[str]] = {name: [] for name in self.uses}
        for name, used in self.uses.items():
            for each in used:
                found[each].append(name)
        return found

    @cached_property
    def changes(self) -> Mapping[str, Change]:
        """By stock, how it changes."""
        return {each.name: self._change(each) for each in self.equations.by_name.values() if each.is_stock}

    @cached_property
    def flows(self) -> frozenset[str]:
        """Variables that are themselves a term of some stock's rate."""
        return frozenset(name for each in self.changes.values() for name in (*each.inflows, *each.outflows))

    def _change(self, stock: Equation) -> Change:
        every = self.equations.by_name
        named: dict[str, list[str]] = {"+": [], "-": []}
        follows: dict[str, None] = {}
        for sign, term in terms(stock.rate):
            if term in every and term not in self.constants and not every[term].is_stock:
                named[sign].append(term)
            else:
                follows.update(dict.fromkeys(names_in(term, every)))
        follows.pop(stock.name, None)
        others = tuple(name for name in follows if name not in self.constants)
        return Change(tuple(named["+"]), tuple(named["-"]), others)

    def into(self, sector: str) -> dict[str, list[str]]:
        """Return by other sector the variables of it that equations of `sector` use."""
        found: dict[str, dict[str, None]] = {}
        for each in self.equations.of(sector):
            for name in self.uses[each.name]:
                other = self.equations.by_name[name].sector
                if other != sector:
                    found.setdefault(other, {})[name] = None
        return {other: sorted(names, key=str.casefold) for other, names in found.items()}

    def out_of(self, sector: str) -> dict[str, list[str]]:
        """Return by other sector the variables of `sector` that equations of it use."""
        others = (other for other in self.equations.sectors if other != sector)
        crossing = {other: self.into(other).get(sector, []) for other in others}
        return {other: names for other, names in crossing.items() if names}


