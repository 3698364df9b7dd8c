"""Everything that can be said against a model without knowing what it is about.

    error     units that do not fit; a time step above half of a time constant; a run that fails
    warning   a number that stands where a unit is needed; constants, tables and inputs that nothing uses; no unit or no
              comment; a time step above a quarter of a time constant; a stock that goes below zero
    note      variables that nothing uses, which may be results; numbers inside equations

No finding is a proof of a mistake; each is a place to look at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from sdforecast.engine.once import once
from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile
from sdforecast.structure import units
from sdforecast.structure.graph import CausalGraph, causal_graph
from sdforecast.structure.steps import paces, too_slow
from sdforecast.structure.trees import elements

SEVERITIES = ("error", "warning", "note")

KINDS = {
    "unit": "units that do not fit",
    "scale": "the same measure in different sizes",
    "word": "units that cannot be read",
    "run": "no run",
    "step": "time step against time constants",
    "number": "numbers where a unit is needed",
    "negative": "stocks below zero in the run",
    "unused": "constants, tables and inputs that nothing uses",
    "no unit": "variables without a unit",
    "no comment": "variables without a comment",
    "end": "variables that nothing uses: results, or forgotten",
    "literal": "numbers inside equations",
}
"""What may be found, in the order in which it is told."""

_TRIVIAL = (0.0, 1.0, -1.0)
"""Numbers inside equations that need no name."""
_BELOW = 1e-9
"""Share of a stock's size below zero that is rounding."""


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Attributes
    ----------
    kind : one of :data:`KINDS`.
    severity : one of :data:`SEVERITIES`.
    variable : where; empty where it is the model as a whole.
    line : of its definition, if known.
    what : what was found, in one sentence that names the variable; of a kind that says it all, the variable alone.
    hint : what would mend it, if that is known.
    """

    kind: str
    severity: str
    variable: str
    line: int | None
    what: str
    hint: str = ""

    def problem(self, file: str) -> Problem:
        """Return it as a problem of a file."""
        return Problem(self.what, file=file, line=self.line, hint=self.hint or None)


def check(model: ModelFile, *, results: Collection[str] = ()) -> list[Finding]:
    """Return all findings, by kind and in the order of the file. Runs the model once.

    Parameters
    ----------
    results : variables that somebody looks at, so that none need use them.
    """
    graph = causal_graph(model)
    found = [
        *_units(model),
        *_unused(graph, results),
        *_undocumented(graph),
        *_literals(model, graph),
        *_in_a_run(model, graph),
    ]
    order = list(KINDS)
    return sorted(found, key=lambda each: (order.index(each.kind), each.line or 0))


def _units(model: ModelFile) -> Iterator[Finding]:
    for each in units.check(model):
        severity = "error" if each.is_error else "warning"
        yield Finding(each.kind, severity, each.variable, each.line, each.what, each.fits)


def _unused(graph: CausalGraph, results: Collection[str]) -> Iterator[Finding]:
    for name, users in graph.uses().items():
        variable = graph.variables[name]
        if set(users) <= {name} and name not in results:
            given = variable.kind in ("constant", "lookup", "input", "data")
            yield Finding(
                "unused" if given else "end", "warning" if given else "note", name, variable.line, f"'{name}'"
            )


def _undocumented(graph: CausalGraph) -> Iterator[Finding]:
    for variable in graph.variables.values():
        if not variable.unit:
            yield Finding("no unit", "warning", variable.name, variable.line, f"'{variable.name}'")
        if not variable.comment:
            yield Finding("no comment", "warning", variable.name, variable.line, f"'{variable.name}'")


def _literals(model: ModelFile, graph: CausalGraph) -> Iterator[Finding]:
    for name, numbers in literals(model, graph).items():
        shown = ", ".join(f"{number:.10g}" for number in numbers)
        yield Finding("literal", "note", name, graph.variables[name].line, f"'{name}': {shown}")


def literals(model: ModelFile, graph: CausalGraph) -> Mapping[str, tuple[float, ...]]:
    """Return the numbers written into each equation that is no constant, but for 0, 1 and the points of tables."""
    found = {}
    for name, element in elements(model).items():
        if graph.variables[name].kind in ("constant", "lookup", "data"):
            continue
        numbers = [number for component in element.components for number in _numbers(component.ast)]
        told = tuple(number for number in numbers if number not in _TRIVIAL and np.isfinite(number))
        if told:
            found[name] = told
    return found


def _numbers(tree: Any) -> Iterator[float]:
    kind = type(tree).__name__
    if isinstance(tree, int | float) and not isinstance(tree, bool):
        yield float(tree)
    elif isinstance(tree, tuple | list):
        for part in tree:
            yield from _numbers(part)
    elif hasattr(tree, "__dict__") and kind != "LookupsStructure":
        parts = vars(tree)
        yield from _numbers(tuple(part for name, part in parts.items() if name not in ("order", "non_negative")))


def _in_a_run(model: ModelFile, graph: CausalGraph) -> Iterator[Finding]:
    try:
        run = once(model)
    except InputError as error:
        yield from (Finding("run", "error", "", problem.line, problem.what) for problem in error.problems)
        return
    yield from _steps(model, graph, run)
    yield from _negative(graph, run)


def _steps(model: ModelFile, graph: CausalGraph, run: xr.Dataset) -> Iterator[Finding]:
    step, unit = model.control["TIME STEP"], model.time_unit or "units of time"
    for pace in paces(model, graph, run):
        severity = too_slow(pace, step)
        if severity:
            what = (
                f"'{pace.variable}': the time step of {step:g} is {step / pace.constant:.2g} of the shortest time "
                f"constant of the {pace.what}, {pace.constant:.3g} {unit} (at {pace.time:g})"
            )
            yield Finding("step", severity, pace.variable, graph.variables[pace.variable].line, what)


def _negative(graph: CausalGraph, run: xr.Dataset) -> Iterator[Finding]:
    for stock in graph.of_kind("stock"):
        if stock.name not in run:
            continue
        values = np.asarray(run[stock.name].values, float).reshape(run.sizes["time"], -1)
        size = np.nanmax(np.abs(values), initial=0.0)
        below = (values < -_BELOW * size).any(axis=1)
        if below.any() and (values[0] >= 0).all():
            first, least = float(run["time"].values[below.argmax()]), float(np.nanmin(values))
            what = f"'{stock.name}' is below zero from {first:g} on, {least:.4g} at its lowest"
            yield Finding("negative", "warning", stock.name, stock.line, what)
