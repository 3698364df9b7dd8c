"""Tables of points, and numbers from CSV and Excel files, which PySD's own readers load."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sdforecast.engine.compiled.lower import references
from sdforecast.engine.compiled.lower.context import is_table
from sdforecast.engine.compiled.program import Table, keyed
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError, Problem

if TYPE_CHECKING:
    from sdforecast.engine.compiled.lower.context import Context
    from sdforecast.engine.compiled.lower.place import Place


def inline_lookup(low: Context, tree: Any, place: Place) -> int:
    """WITH LOOKUP: a table that is read at an expression."""
    x = low.builder.number(low.expression(tree.argument, place))
    name = keyed(place.variable, place.cell)
    return low.builder.lookup(x, low.table(("inline", id(tree), name), lambda: _points(name, tree.lookups)))


def table_call(low: Context, function: Any, argument: Any, place: Place, kind: str | None = None) -> int:
    """Return a named table, read at an expression; `kind` is how between and beyond points if not as it is defined."""
    variable = low.model.variables.get(function.reference)
    if variable is None:
        raise Unsupported(f"'{function.reference}' as a table, which nothing defines", place.variable)
    cell = references.cell(low, variable, function, place)
    equation = variable.cells.get(cell)
    if equation is None or not is_table(equation.expression):
        raise Unsupported(f"'{variable.name}' as a table, which it is not", place.variable)
    name = keyed(variable.name, cell)
    x = low.builder.number(low.expression(argument, place))

    def make() -> Table:
        table = _table(low, name, cell, equation)
        return table if kind is None else replace(table, kind=kind)

    return low.builder.lookup(x, low.table(("named", name, kind), make))


def _table(low: Context, name: str, cell: tuple[str, ...], equation: Any) -> Table:
    tree = equation.expression
    if type(tree).__name__ == "LookupsStructure":
        return _points(name, tree)
    from pysd.py_backend.external import ExtLookup

    coords = _coords(low, equation)
    where = (tree.file, tree.tab, tree.x_row_or_col, tree.cell)
    loaded = _loaded(ExtLookup, where, coords, low, name)
    values = loaded.data.loc[dict(zip(coords, cell, strict=True))] if coords else loaded.data
    return _sorted(name, values["lookup_dim"].values, values.values, "interpolate")


def data(low: Context, tree: Any, place: Place) -> int:
    """GET DATA: a series over time."""
    from pysd.py_backend.external import ExtData

    name = keyed(place.variable, place.cell)

    def make() -> Table:
        coords = _coords(low, place)
        kind = place.component.keyword or "interpolate"
        where = (tree.file, tree.tab, tree.time_row_or_col, tree.cell, kind)
        loaded = _loaded(ExtData, where, coords, low, name)
        values = loaded.data.loc[dict(zip(coords, place.cell, strict=True))] if coords else loaded.data
        return _sorted(name, values["time"].values, values.values, kind.replace("_", " "))

    now = low.builder.leaf("start") if place.start else low.builder.leaf("time", 0)
    return low.builder.lookup(now, low.table(("data", name), make))


def constant(low: Context, tree: Any, place: Place) -> int:
    """GET CONSTANTS: a number from a file."""
    from pysd.py_backend.external import ExtConstant

    name, key = keyed(place.variable, place.cell), ("constant", place.variable, place.cell)
    if key not in low.expanded:
        coords = _coords(low, place)
        loaded = _loaded(ExtConstant, (tree.file, tree.tab, tree.cell), coords, low, name)
        value = loaded.data.loc[dict(zip(coords, place.cell, strict=True))] if coords else loaded.data
        low.expanded[key] = float(np.asarray(value))
    return low.lit(low.expanded[key])


def _coords(low: Context, place: Any) -> dict[str, list[str]]:
    """Return the ranges of an equation's left side as PySD's readers want them, in the order of the cell."""
    coords: dict[str, list[str]] = {}
    for name, subscript in place.bound.items():
        if name in low.model.ranges:
            coords[name] = list(low.model.ranges[name])
        else:  # a single subscript: any range that holds it
            whole = next(r for r, names in low.model.ranges.items() if subscript in names and r not in coords)
            coords[whole] = [subscript]
    return coords


def _loaded(kind: Any, where: tuple[str, ...], coords: dict[str, list[str]], low: Context, name: str) -> Any:
    """Return PySD's reader after it has read; one a place in a file, so that arrays are read once."""
    key = (kind.__name__, where, tuple((dim, tuple(names)) for dim, names in coords.items()))
    if key not in low.expanded:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reader = kind(*where, coords, low.model.root, coords, name)
                reader.initialize()
        except Exception as error:  # the file is the user's
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                Problem(f"'{name}' cannot be read: {reason}", file=str(low.model.root / where[0]))
            ) from error
        low.expanded[key] = reader
    return low.expanded[key]


def _points(name: str, tree: Any) -> Table:
    kind = str(tree.type or "interpolate").replace("_", " ")
    return _sorted(name, np.asarray(tree.x, float), np.asarray(tree.y, float), kind)


def _sorted(name: str, x: Any, y: Any, kind: str) -> Table:
    """Return a table with rising x and without missing points."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    known = ~np.isnan(y)
    order = np.argsort(x[known], kind="stable")
    x, y = x[known][order], y[known][order]
    if not len(x):
        raise InputError(Problem(f"the table '{name}' has no points"))
    return Table(name, tuple(map(float, x)), tuple(map(float, y)), kind)
