"""Unrolling: from elements over subscript ranges to one equation for each single cell.

In goes PySD's `AbstractModel`; out comes an :class:`Unrolled`: for every variable its dimensions and, for every cell
(one tuple of subscript names), the expression that defines it and what the range names in that expression stand for.

    infected[Age] = INTEG(...)            cell ("young",): expression, {Age: young}
    infected[old] = 3                     cell ("old",): the later equation counts
    risk[Age] :EXCEPT: [old] = ...        no cell ("old",) from this one

Range names in the expression are resolved later, one reference at a time, by :func:`cells_of`: `contacts[Age]` in the
cell `young` is `contacts[young]`; a mapped range goes by position; `contacts[Age!]` is all of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdforecast.engine.compiled.unsupported import Unsupported


@dataclass(frozen=True)
class Cell:
    """One cell of a variable.

    Attributes
    ----------
    expression : PySD's tree, a number, or the number taken from a constant table.
    component : the equation it comes from, with its `keyword` if it is data.
    bound : what each range name of the left side stands for in this cell.
    """

    expression: Any
    component: Any
    bound: Mapping[str, str]


@dataclass(frozen=True)
class Variable:
    """One variable.

    Attributes
    ----------
    name : as the modeller wrote it.
    dims : names of its ranges, in order.
    coords : the subscripts along each.
    cells : the equation of each cell that has one.
    """

    name: str
    unit: str
    comment: str
    dims: tuple[str, ...]
    coords: tuple[tuple[str, ...], ...]
    cells: Mapping[tuple[str, ...], Cell]


@dataclass(frozen=True)
class Unrolled:
    """A model without ranges.

    Attributes
    ----------
    variables : by PySD's clean name (lower case, underscores).
    ranges : the subscripts of each range, in order.
    mapped : for each range, by range that it maps to, which of its subscripts goes with which of the other's.
    main : for each subscript its position (from 1) in the range that counts, and for each range the positions of its
        subscripts: what a name stands for where it is used as a number.
    macros : clean names of macros.
    root : folder in which external files are looked for.
    files : external files that equations or ranges are read from.
    """

    variables: Mapping[str, Variable]
    ranges: Mapping[str, tuple[str, ...]]
    mapped: Mapping[str, Mapping[str, Mapping[str, str]]]
    main: Mapping[str, Mapping[str, int]]
    macros: frozenset[str]
    root: Path
    files: tuple[Path, ...] = ()


def clean(name: str) -> str:
    """Return the form of a name by which PySD's trees refer to it."""
    return name.replace(" ", "_").lower()


def unroll(model: Any, folder: Path) -> Unrolled:
    """Unroll the main section of an `AbstractModel`; external subscripts are read below `folder`.

    Raises :class:`Unsupported` for ranges that do not add up to whole dimensions.
    """
    from pysd.builders.python.subscripts import SubscriptManager

    section = model.sections[0]
    try:
        manager = SubscriptManager(section.subscripts, folder)
    except Exception as error:  # ranges may come from files
        raise Unsupported(f"subscript ranges that cannot be read ({error})") from error
    variables = {clean(element.name): _variable(element, manager) for element in section.elements}
    ranges = {name: tuple(subscripts) for name, subscripts in manager.subscripts.items()}
    return Unrolled(
        variables=variables,
        ranges=ranges,
        mapped={part.name: _mapped(part, manager.mapping[part.name], ranges) for part in section.subscripts},
        main=_positions(manager, ranges),
        macros=frozenset(clean(part.name) for part in model.sections[1:]),
        root=folder,
        files=tuple(sorted({folder / name for name in _files(section)})),
    )


def _files(section: Any) -> Iterator[str]:
    yield from (part.subscripts["file"] for part in section.subscripts if isinstance(part.subscripts, dict))
    for element in section.elements:
        yield from (component.ast.file for component in element.components if hasattr(component.ast, "file"))


def _variable(element: Any, manager: Any) -> Variable:
    components = element.components
    subscripts = [list(component.subscripts[0]) for component in components]
    dims: tuple[str, ...] = ()
    coords: tuple[tuple[str, ...], ...] = ()
    if subscripts[0]:
        try:
            merged = manager.make_coord_dict(manager.make_merge_list(subscripts, element.name))
        except Exception as error:
            raise Unsupported("subscripts that do not fit together", element.name) from error
        dims, coords = tuple(merged), tuple(tuple(names) for names in merged.values())
    cells: dict[tuple[str, ...], Cell] = {}
    for component in components:
        left = list(component.subscripts[0])
        left_coords = [_subscripts(manager, name) for name in left]
        out = {cell for names in component.subscripts[1] for cell in _product(manager, names)}
        for place in itertools.product(*(range(len(names)) for names in left_coords)):
            key = tuple(names[k] for names, k in zip(left_coords, place, strict=True))
            if key not in out:
                bound = dict(zip(left, key, strict=True))
                cells[key] = Cell(_picked(component.ast, left_coords, place), component, bound)
    comment = " ".join(str(element.documentation or "").split())
    return Variable(element.name, element.units or "", comment, dims, coords, cells)


def _mapped(part: Any, targets: Sequence[str], ranges: Mapping[str, tuple[str, ...]]) -> dict[str, dict[str, str]]:
    """Return what a range maps to: for each subscript of the other range its own, as listed or else by position."""
    listed = getattr(part, "listed", {})
    pairs = {target: zip(listed.get(target, ranges[target]), ranges[part.name], strict=False) for target in targets}
    return {
        target: {theirs: own for name, own in both for theirs in ranges.get(name, (name,))}
        for target, both in pairs.items()
    }


def _subscripts(manager: Any, name: str) -> tuple[str, ...]:
    return tuple(manager.subscripts[name]) if name in manager.subscripts else (name,)


def _product(manager: Any, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return itertools.product(*(_subscripts(manager, name) for name in names))


def _picked(expression: Any, coords: Sequence[Sequence[str]], place: Sequence[int]) -> Any:
    """Return one number of a constant table, any other expression as it is."""
    if not isinstance(expression, np.ndarray):
        return expression
    return float(expression.reshape([len(names) for names in coords])[tuple(place)])


def _positions(manager: Any, ranges: Mapping[str, tuple[str, ...]]) -> dict[str, dict[str, int]]:
    """Return, by clean name of a range or subscript, the position (from 1) of each subscript that it may stand for."""
    positions: dict[str, dict[str, int]] = {}
    for whole, parts in manager.subranges.items():
        place = {name: k for k, name in enumerate(ranges[whole], start=1)}
        positions[clean(whole)] = place
        positions.update({clean(name): {name: k} for name, k in place.items()})
        positions.update({clean(part): {name: place[name] for name in ranges[part]} for part in parts})
    return positions


def cells_of(
    model: Unrolled, variable: Variable, subscripts: Sequence[str], bound: Mapping[str, str], over: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the cell that a reference means.

    Parameters
    ----------
    subscripts : what stands in the brackets; a name ending in `!` is looked up in `over`.
    bound : what range names stand for in the equation's cell.
    over : what each `range!` stands for in the term of the sum that is being written.
    """
    used = set(subscripts)
    return tuple(_one(model, variable, name, bound, over, used) for name in subscripts)


def _one(
    model: Unrolled,
    variable: Variable,
    name: str,
    bound: Mapping[str, str],
    over: Mapping[str, str],
    used: set[str],
) -> str:
    if name.endswith("!"):
        if name not in over:
            raise Unsupported(f"'{name}' outside a sum or the like")
        return over[name]
    if name in bound:
        return bound[name]
    if name not in model.ranges:
        return name
    for target, pairs in model.mapped.get(name, {}).items():
        for left, subscript in bound.items():  # the other range or a part of it
            if subscript in pairs and left not in used and (left == target or left in model.ranges):
                return pairs[subscript]
    inside = {left for left, subscript in bound.items() if subscript in model.ranges[name] and left not in used}
    if len(inside) == 1:  # another name of the same subscripts
        return bound[inside.pop()]
    raise Unsupported(f"'{variable.name}' over '{name}' where the left side has no range that goes with it")
