"""Names: variables, cells, subscripts used as numbers, and reductions over `range!`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from sdforecast.engine.compiled.program import keyed
from sdforecast.engine.compiled.unroll import Variable, cells_of
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    from sdforecast.engine.compiled.lower.context import Context
    from sdforecast.engine.compiled.lower.place import Place

REDUCTIONS = {"sum": "add", "prod": "mul", "vmin": "min", "vmax": "max"}
"""Functions over `range!` and the operation that puts two of their terms together."""


def reference(low: Context, tree: Any, place: Place) -> int:
    """Return the node of what a name stands for."""
    name = tree.reference
    if name == "time":
        return low.builder.leaf("start") if place.start else low.builder.leaf("time", 0)
    variable = low.model.variables.get(name)
    if variable is None:
        return _as_number(low, name, place)
    return low.cell(variable, cell(low, variable, tree, place), start=place.start)


def cell(low: Context, variable: Variable, tree: Any, place: Place) -> tuple[str, ...]:
    """Return the cell of `variable` that a reference means."""
    subscripts = tree.subscripts.subscripts if tree.subscripts is not None else ()
    if not subscripts and variable.dims:  # XMILE: a flow of a stock over ranges, and what has the same ranges
        subscripts = variable.dims
    if len(subscripts) != len(variable.dims):
        what = f"'{variable.name}' with {len(subscripts)} subscripts where it has {len(variable.dims)}"
        raise Unsupported(what, place.variable)
    try:
        found = cells_of(low.model, variable, subscripts, place.bound, place.over)
    except Unsupported as reason:  # of what it refers to; the user looks for the equation that does so
        raise Unsupported(reason.what, place.variable) from reason
    if any(subscript not in along for subscript, along in zip(found, variable.coords, strict=True)):
        raise Unsupported(f"'{keyed(variable.name, found)}', which does not exist", place.variable)
    return found


def _as_number(low: Context, name: str, place: Place) -> int:
    """Return the position of a subscript in its range: what a range or subscript is worth as a number."""
    positions = low.model.main.get(name)
    if positions is None:
        names = [variable.name for variable in low.model.variables.values()]
        what = f"'{place.variable}' refers to '{name.replace('_', ' ')}', which nothing defines"
        raise InputError(Problem(what, hint=nearest(name.replace("_", " "), names)))
    if len(positions) == 1:
        return low.lit(next(iter(positions.values())))
    here = {positions[sub] for sub in (*place.over.values(), *place.bound.values()) if sub in positions}
    if len(here) != 1:
        raise Unsupported(f"the range '{name}' as a number where it may mean several", place.variable)
    return low.lit(here.pop())


def reduction(low: Context, operation: str, tree: Any, place: Place) -> int:
    """Return the terms of an expression for all subscripts of its `range!`s, put together in order."""
    terms = [low.builder.number(low.expression(tree, inner)) for inner in over_all(low, (tree,), place)]
    return reduce(lambda one, two: low.op(operation, one, two), terms)


def over_all(low: Context, trees: tuple[Any, ...], place: Place) -> Iterator[Place]:
    """Give a place for each combination of what the `range!`s in `trees` may stand for."""
    marked = list(dict.fromkeys(name for tree in trees for name in _marked(tree) if name not in place.over))
    for choice in itertools.product(*(low.model.ranges[name[:-1]] for name in marked)):
        yield replace(place, over={**place.over, **dict(zip(marked, choice, strict=True))})


def _marked(tree: Any) -> Iterator[str]:
    """Give the `range!`s of a tree that no reduction inside it uses up."""
    kind = type(tree).__name__
    if kind == "ReferenceStructure":
        names = tree.subscripts.subscripts if tree.subscripts is not None else ()
        yield from (name for name in names if name.endswith("!"))
    elif kind == "CallStructure":
        if tree.function.reference not in (*REDUCTIONS, "vector_select"):
            yield from _all(tree.arguments)
            yield from _marked(tree.function)
    elif hasattr(tree, "arguments"):
        yield from _all(tree.arguments)
    elif hasattr(tree, "__dict__"):
        yield from _all(tree.__dict__.values())


def _all(trees: Any) -> Iterator[str]:
    for tree in trees:
        yield from _marked(tree)


def whole(low: Context, tree: Any, place: Place, fold: Callable[[int, int], int]) -> int:
    """Return all cells of the array that a reference without `!` names, put together (XMILE's MIN and MAX of one)."""
    variable = low.model.variables.get(getattr(tree, "reference", ""))
    if variable is None or not variable.dims:
        raise Unsupported("MIN or MAX of something that is no array", place.variable)
    return reduce(fold, [low.cell(variable, key, start=place.start) for key in variable.cells])
